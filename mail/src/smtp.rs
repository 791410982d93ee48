//! By an SMTP server.

use std::time::Duration;

use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use url::Url;

use crate::{Cause, ConfigError, SendError};

/// How long the server may take to answer each word of the dialogue.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a whole letter may take.
pub(crate) const LONGEST: Duration = Duration::from_secs(30);
/// Connections to the server at a time.
const CONNECTIONS: u32 = 4;
/// How long a connection is kept that has nothing to do.
const IDLE: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub(crate) struct Smtp(AsyncSmtpTransport<Tokio1Executor>);

impl Smtp {
    /// Greets as `domain`, whose letters they are. By TLS, the server's certificate leads to a public authority or to one of these, in PEM.
    pub fn new(url: &str, domain: &str, authority: Option<&[u8]>) -> Result<Self, ConfigError> {
        let is_smtp = url.starts_with("smtp://") || url.starts_with("smtps://");
        if !is_smtp {
            return Err(ConfigError::Url);
        }
        if shows_password(url) {
            return Err(ConfigError::PasswordInTheClear);
        }
        let mut builder =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(|_| ConfigError::Url)?;
        if let Some(authority) = authority {
            builder = builder.tls(trusting(url, authority)?);
        }
        let pool = PoolConfig::new().max_size(CONNECTIONS).idle_timeout(IDLE);
        let greeting = ClientId::Domain(domain.to_owned());
        Ok(Self(builder.hello_name(greeting).timeout(Some(PATIENCE)).pool_config(pool).build()))
    }

    pub async fn send(&self, message: Message) -> Result<(), SendError> {
        match tokio::time::timeout(LONGEST, self.0.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(told(&error)),
            Err(_) => Err(SendError::Later(Cause::Late)),
        }
    }
}

/// What an error means, without the words of the server. Only a clear no to this letter is for ever.
fn told(error: &Error) -> SendError {
    let cause = match error.status() {
        Some(code) => Cause::Answer(code.into()),
        None if error.is_timeout() => Cause::Late,
        None => Cause::Connection,
    };
    // 530 to 538 are about us and our password, not about the letter.
    let is_ours = matches!(cause, Cause::Answer(530..=538));
    if error.is_permanent() && !is_ours { SendError::Refused(cause) } else { SendError::Later(cause) }
}

/// TLS as the URL asks for it, to servers whose word these authorities take.
fn trusting(url: &str, authority: &[u8]) -> Result<Tls, ConfigError> {
    let url = Url::parse(url).map_err(|_| ConfigError::Url)?;
    let host = url.host_str().ok_or(ConfigError::Url)?;
    let parameters = || {
        let authority = Certificate::from_pem(authority).map_err(|_| ConfigError::Authority)?;
        let parameters = TlsParameters::builder(host.to_owned()).add_root_certificate(authority);
        parameters.build().map_err(|_| ConfigError::Authority)
    };
    let asked = url.query_pairs().find(|(name, _)| name == "tls").map(|(_, asked)| asked);
    Ok(match (url.scheme(), asked.as_deref()) {
        ("smtps", _) => Tls::Wrapper(parameters()?),
        (_, Some("required")) => Tls::Required(parameters()?),
        (_, Some("opportunistic")) => Tls::Opportunistic(parameters()?),
        _ => Tls::None,
    })
}

/// Whether a password would leave this machine unencrypted.
fn shows_password(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("smtp://") else { return false };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let place = place.split('/').next().unwrap_or_default();
    let Some((_, host)) = place.rsplit_once('@') else { return false };
    let is_here = ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|name| host.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')));
    !is_here && !query.split('&').any(|pair| pair == "tls=required")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_leaves_this_machine_by_tls_only() {
        for open in [
            "smtp://u:p@mail.example",
            "smtp://u:p@mail.example:25?tls=opportunistic",
            "smtp://u:p@localhost.example",
        ] {
            assert!(
                matches!(Smtp::new(open, "a.example", None), Err(ConfigError::PasswordInTheClear)),
                "{open}"
            );
        }
        for fine in [
            "smtps://u:p@mail.example",
            "smtp://u:p@mail.example:587?tls=required",
            "smtp://mail.example",
            "smtp://u:p@[::1]:25",
        ] {
            assert!(!shows_password(fine), "{fine}");
        }
    }

    #[test]
    fn an_authority_of_ones_own_changes_nothing_of_how_tls_is_asked_for() {
        // With none in it, none is trusted besides those that are public.
        let asked = |url: &str| format!("{:?}", trusting(url, b"").unwrap());
        for (url, way) in [
            ("smtps://mail.example", "Wrapper"),
            ("smtp://mail.example:587?tls=required", "Required"),
            ("smtp://mail.example?tls=opportunistic", "Opportunistic"),
            ("smtp://mail.example", "None"),
        ] {
            assert_eq!(asked(url), way, "{url}");
        }
        let bad = b"-----BEGIN CERTIFICATE-----\nhalf";
        assert!(matches!(trusting("smtps://mail.example", bad), Err(ConfigError::Authority)));
    }

    #[test]
    fn what_is_no_url_of_smtp_is_refused() {
        for bad in ["", "mail.example", "http://mail.example", "smtp://"] {
            assert!(matches!(Smtp::new(bad, "a.example", None), Err(ConfigError::Url)), "{bad}");
        }
    }
}
