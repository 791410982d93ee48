//! What a client is told when the database did not do as it should.

use std::time::Duration;

use edge::Problem;

/// When a client may try again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// 503 if trying again may help, else 500.
pub(crate) fn database(error: sqlx::Error) -> Problem {
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

/// No connection, or one that was lost, refused or shut down (classes 08, 53 and 57 of SQLSTATE).
fn is_away(error: &sqlx::Error) -> bool {
    let lost = matches!(
        error,
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed
    );
    lost || code(error).is_some_and(|code| ["08", "53", "57"].iter().any(|class| code.starts_with(class)))
}
