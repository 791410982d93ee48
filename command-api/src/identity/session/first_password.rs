//! Passwords that operators made: they let in for a while, and there to have another one chosen.

use domain::identity::session::Method;
use domain::identity::user::User;
use event_store::Loaded;

use crate::CommandApi;
use crate::identity::Refusal;

/// Makes sure that the password of a user is not a first one whose time is over.
///
/// # Errors
/// [`Refusal::FirstPasswordOver`].
pub(super) fn check(app: &CommandApi, user: &Loaded<User>) -> Result<(), Refusal> {
    let is_over = user.state.first_password_until().is_some_and(|until| until <= app.now());
    if is_over { Err(Refusal::FirstPasswordOver) } else { Ok(()) }
}

/// Whether a session that began like this goes by a password that somebody else made. Whom a provider let in needed none.
pub(super) fn is_needed(user: &Loaded<User>, method: Method) -> bool {
    method == Method::Password && user.state.first_password_until().is_some()
}
