//! What a client is told when the database did not do as it should.

use std::time::Duration;

use edge::Problem;

/// When a client may try again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a read did not begin.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// So many reads of the tenant are under way that this one waited in vain.
    #[error("too many reads of the tenant are under way")]
    Crowded,
    /// The database did not do as it should.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// 503 if trying again may help, else 500.
pub(crate) fn database(error: impl Into<ReadError>) -> Problem {
    let error = match error.into() {
        ReadError::Database(error) => error,
        crowded @ ReadError::Crowded => {
            let detail = "Too many reads of your company are under way.";
            return Problem::unavailable(RETRY_AFTER, detail).with_source(crowded);
        }
    };
    if took_too_long(&error) {
        let detail = "The answer took too long to find. Ask for less at a time.";
        Problem::unavailable(RETRY_AFTER, detail).with_source(error)
    } else if is_away(&error) {
        Problem::unavailable(RETRY_AFTER, "The database is not available.").with_source(error)
    } else {
        Problem::internal(error)
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(Into::into)
}

/// `query_canceled`: the statement timeout.
fn took_too_long(error: &sqlx::Error) -> bool {
    code(error).as_deref() == Some("57014")
}

/// The connection was lost or closed by the server, as by a restart; another one may work.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    let closed = |code: String| code.starts_with("08") || matches!(code.as_str(), "57P01" | "57P02");
    matches!(error, sqlx::Error::Io(_)) || code(error).is_some_and(closed)
}

/// No connection, or one that was lost, refused or shut down (classes 08, 53 and 57 of SQLSTATE). A server that goes away
/// while it greets or answers has said only a part of a message, which is an error of the protocol.
fn is_away(error: &sqlx::Error) -> bool {
    let lost = matches!(
        error,
        sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
    );
    lost || code(error).is_some_and(|code| ["08", "53", "57"].iter().any(|class| code.starts_with(class)))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::net::TcpListener;

    use event_store::{Duty, connect};

    #[tokio::test]
    async fn a_server_that_goes_away_while_it_greets_is_not_available() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgresql://crm@{}/crm", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                // Whoever asks is heard, and then left without an answer.
                let _asked = connection.unwrap().read(&mut [0; 8]).unwrap();
            }
        });
        let pool = connect(&url, Duty::Reader, 1).unwrap();

        let error = sqlx::query("select 1").execute(&pool).await.unwrap_err();

        assert_eq!(super::database(error).status(), 503);
    }
}
