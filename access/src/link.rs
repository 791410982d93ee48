//! Links in mails: random bits of which only a digest is kept, each good for one purpose of one user.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::TenantId;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::refresh::{Digest, NoRandomNumbers, random};

/// What the token of a link begins with, so that whoever finds one lying about knows what it is.
const PREFIX: &str = "crm_link_";
const TENANT_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;

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
pub struct LinkToken {
    tenant: TenantId,
    secret: [u8; SECRET_BYTES],
}

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
        Ok(Self { tenant, secret: random()? })
    }

    /// Reads what a client sent; nothing if it is no token of a link.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        let (tenant, secret) = bytes.split_at_checked(TENANT_BYTES)?;
        let tenant = TenantId::from_uuid(Uuid::from_slice(tenant).ok()?);
        Some(Self { tenant, secret: secret.try_into().ok()? })
    }

    /// What is written into the mail, and nowhere else.
    pub fn reveal(&self) -> String {
        let bytes = [&self.tenant.as_uuid().as_bytes()[..], &self.secret].concat();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The tenant.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// By what the link is found.
    pub fn digest(&self) -> Digest {
        let mut digest = Sha256::new();
        digest.update(self.tenant.as_uuid().as_bytes());
        digest.update(self.secret);
        digest.finalize().into()
    }
}

impl fmt::Debug for LinkToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkToken(…)")
    }
}

#[cfg(test)]
mod tests {
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
