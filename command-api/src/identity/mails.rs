//! Mails, and what is done by the links in them.

mod body;
mod letter;
mod post;
mod postman;

pub use body::{LinkIn, NewPasswordIn, PasswordChosen, Posted};
pub(super) use letter::link;
pub use post::Post;
pub(super) use post::posted;
pub use postman::Postman;

use access::vault::Link;
use access::{LinkToken, Purpose};
use domain::identity::user::User;
use serde_json::Value;

use super::Refusal;
use super::aggregates::email_scope;
use crate::CommandApi;

/// A link that somebody followed, and its token.
pub(super) struct Followed {
    pub token: LinkToken,
    pub link: Link,
}

impl Followed {
    /// The link of a token that a client sent.
    ///
    /// # Errors
    /// [`Refusal::LinkOver`]; or the database is not available.
    pub async fn find(app: &CommandApi, text: &str, purpose: Purpose) -> Result<Self, Refusal> {
        let token = LinkToken::parse(text).ok_or(Refusal::LinkOver)?;
        let link = app.issuer()?.vault().link(&token, purpose).await?.ok_or(Refusal::LinkOver)?;
        Ok(Self { token, link })
    }

    /// Whether a link to a password is still good: whoever has it reads the mail of the user, no session of whom was ended since.
    pub fn is_open(&self, user: &User) -> bool {
        let email = user.account().and_then(|account| account.email.reveal());
        let scope = email.map(|email| Value::from(email_scope(email)));
        user.is_active() && i64::from(user.epoch()) == self.link.epoch() && self.link.detail == scope
    }

    /// Forgets the link after it has brought about what it was for. It is over by that already: this only tidies up.
    pub async fn forget(&self, app: &CommandApi) -> Result<(), Refusal> {
        if let Err(error) = app.issuer()?.vault().forget_link(&self.token).await {
            tracing::warn!(%error, "a link that was used is kept until its time is over");
        }
        Ok(())
    }
}
