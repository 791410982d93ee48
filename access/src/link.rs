//! Links in mails: random bits of which only a digest is kept, each good for one purpose of one user.

use std::fmt;
use std::time::Duration;

use domain::TenantId;

use crate::secret::{Digest, NoRandomNumbers, TenantSecret};

/// What the token of a link begins with, so that whoever finds one lying about knows what it is.
const PREFIX: &str = "crm_link_";

/// What a link is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To choose a first password.
    Invitation,
    /// To choose another password without the present one.
    PasswordReset,
    /// To show that mail to a new address arrives.
    EmailChange,
    /// To show that mail arrives, and become the first user of a tenant.
    SignUp,
}

/// The token of a link: the tenant, and 256 random bits. Printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkToken(TenantSecret);

impl Purpose {
    /// Its name in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::PasswordReset => "password_reset",
            Self::EmailChange => "email_change",
            Self::SignUp => "sign_up",
        }
    }

    /// Whether the link before stays good until its time is over. Whoever likes asks for links to a new password, so a further one
    /// takes nothing away from the user.
    pub const fn keeps_earlier(self) -> bool {
        matches!(self, Self::PasswordReset)
    }

    /// How long a link is good, from when its mail goes.
    pub const fn ttl(self) -> Duration {
        const HOUR: u64 = 60 * 60;
        Duration::from_secs(match self {
            Self::Invitation => 7 * 24 * HOUR,
            Self::PasswordReset => HOUR / 2,
            Self::EmailChange | Self::SignUp => 24 * HOUR,
        })
    }
}

impl LinkToken {
    /// A new token.
    ///
    /// # Errors
    /// The operating system has no random numbers.
    pub fn fresh(tenant: TenantId) -> Result<Self, NoRandomNumbers> {
        TenantSecret::fresh(tenant).map(Self)
    }

    /// Reads what a client sent; nothing if it is no token of a link.
    pub fn parse(text: &str) -> Option<Self> {
        TenantSecret::parse(PREFIX, text).map(Self)
    }

    /// What is written into the mail, and nowhere else.
    pub fn reveal(&self) -> String {
        self.0.reveal(PREFIX)
    }

    /// The tenant.
    pub fn tenant(&self) -> TenantId {
        self.0.tenant
    }

    /// By what the link is found.
    pub fn digest(&self) -> Digest {
        self.0.digest()
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(…)")
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written_and_nothing_else_is_one() {
        let token = LinkToken::fresh(TenantId::from_uuid(Uuid::from_u128(7))).unwrap();
        let text = token.reveal();
        let read = LinkToken::parse(&text).unwrap();
        assert!(read == token && read.digest() == token.digest());
        assert_eq!(format!("{token:?}"), "LinkToken(…)");
        let body = text.strip_prefix(PREFIX).unwrap();
        let others = [
            String::new(),
            body.to_owned(),
            format!("crm_rt_{body}"),
            format!("{text}A"),
            text[..72].to_owned(),
        ];
        for other in others {
            assert_eq!(LinkToken::parse(&other), None, "{other}");
        }
    }
}
