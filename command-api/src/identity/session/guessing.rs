//! Guesses of passwords: how often somebody may, and those of whoever is signed in already.

use access::Guesses;
use access::limits::Admitted;
use access::password::{Guess, Verdict};
use access::second_factor::Proof;
use access::throttle::Caller;
use domain::identity::user::User;
use domain::{TenantId, UserId};
use event_store::Loaded;
use sha2::{Digest as _, Sha256};

use super::{Circumstances, first_password};
use crate::identity::provider::provider;
use crate::identity::{Issuer, Refusal, second_factor};
use crate::{CommandApi, CommandError};

/// A guess under way, which counts as wrong unless it turns out to be right.
pub(crate) struct Guessing<'a> {
    guesses: &'a Guesses,
    admitted: Admitted,
}

impl<'a> Guessing<'a> {
    pub(crate) async fn begin(
        issuer: &'a Issuer,
        tenant: TenantId,
        name: &str,
        circumstances: &Circumstances,
    ) -> Result<Self, Refusal> {
        let account = Sha256::digest(format!("{tenant} {name}")).into();
        let guesses = issuer.guesses();
        Ok(Self { guesses, admitted: guesses.guess(account, circumstances.address).await? })
    }

    pub(super) fn caller(&self) -> Caller {
        self.admitted.caller()
    }

    pub(crate) fn right(self) {
        self.guesses.right(&self.admitted);
    }

    /// It was not wrong, and opens nothing by itself.
    pub(super) fn no_guess(self) {
        self.guesses.no_guess(&self.admitted);
    }
}

/// Makes sure once more that it is the user who is signed in: by the password, and by the second factor if there is one.
///
/// # Errors
/// Those of the password and of the second factor; or the log or the database is not available.
pub(crate) async fn check_all(
    app: &CommandApi,
    circumstances: &Circumstances,
    user: &Loaded<User>,
    guess: Guess,
    proof: &Proof,
) -> Result<(), Refusal> {
    check_password(app, circumstances, user, guess).await?;
    first_password::check(app, user)?;
    second_factor::check(app, circumstances, user, proof).await
}

/// Makes sure that `guess` is the password that the user has now.
///
/// # Errors
/// [`Refusal::Password`], [`Refusal::Throttled`], [`Refusal::Untold`] or [`Refusal::Busy`]; `password.off`; or the log or the
/// database is not available.
async fn check_password(
    app: &CommandApi,
    circumstances: &Circumstances,
    user: &Loaded<User>,
    guess: Guess,
) -> Result<(), Refusal> {
    let (tenant, id) = (TenantId::from_uuid(user.tenant), UserId::from_uuid(user.id));
    let issuer = app.issuer()?;
    provider(app, tenant).await?.state.check_password().map_err(|rule| CommandError::rule(&rule))?;
    let guessing = Guessing::begin(issuer, tenant, &id.to_string(), circumstances).await?;
    let hash = match user.state.password() {
        Some(password) => issuer.vault().hash(tenant, id, password).await?,
        None => None,
    };
    if issuer.hasher().verify(guess, hash, guessing.caller()).await? == Verdict::Wrong {
        return Err(Refusal::Password);
    }
    guessing.right();
    Ok(())
}
