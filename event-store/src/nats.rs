//! The connection to NATS.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, ServerAddr};

/// How often the server is asked whether it is there. After two questions without an answer the client connects anew: a
/// connection whose other end has gone without a word is noticed after three times this.
const PING: Duration = Duration::from_secs(5);

/// Connects to the servers at `urls`, separated by commas: `nats://user:password@host:4222,nats://…`.
///
/// If one of the URLs begins with `tls://`, no server is spoken to without, whoever told of it.
/// The user and password of the first URL that has them count for all, and answers come to inboxes of that user, `_INBOX.<user>.>`,
/// so that one service cannot be given the right to read what another is answered. The client connects in the background, again and
/// again: nothing that a service promises needs NATS to be there at this moment.
pub async fn connect(urls: &str) -> Result<Client, ConnectError> {
    connect_trusting(urls, None).await
}

/// The same; by TLS, servers show certificates that lead to one of the PEM file `authority`, if there is any, and to no other. It is read
/// for each connection.
///
/// # Errors
/// As [`connect`].
pub async fn connect_trusting(urls: &str, authority: Option<&Path>) -> Result<Client, ConnectError> {
    let servers = urls
        .split(',')
        .map(|url| ServerAddr::from_str(url.trim()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| ConnectError::with_source(ConnectErrorKind::ServerParse, error))?;
    let login = servers.iter().find_map(|server| {
        Some((server.username()?.to_owned(), server.password().unwrap_or_default().to_owned()))
    });
    let mut options =
        ConnectOptions::new().name("crm").max_reconnects(None).retry_on_initial_connect().ping_interval(PING);
    // Servers tell of others without saying how to speak to them, and of TLS before it begins.
    if servers.iter().any(ServerAddr::tls_required) {
        options = options.require_tls(true);
    }
    if let Some((user, password)) = login {
        if user.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
            options = options.custom_inbox_prefix(format!("_INBOX.{user}"));
        }
        options = options.user_and_password(user, password);
    }
    if let Some(file) = authority {
        options = options.add_root_certificates(file.to_owned());
    }
    options.connect(servers).await
}
