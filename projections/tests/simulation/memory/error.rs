//! The errors of the database in memory, in the shape in which sqlx hands over those of PostgreSQL.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use sqlx::error::{DatabaseError, ErrorKind};

/// A statement that is refused by a named constraint.
#[derive(Debug)]
pub struct Refused {
    pub constraint: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused by the constraint {}", self.constraint)
    }
}

impl Error for Refused {}

impl DatabaseError for Refused {
    fn message(&self) -> &str {
        self.constraint
    }

    fn code(&self) -> Option<Cow<'_, str>> {
        Some("23000".into())
    }

    fn constraint(&self) -> Option<&str> {
        Some(self.constraint)
    }

    fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
        self
    }

    fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
        self
    }

    fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
        self
    }

    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// A constraint says no.
pub fn refused(constraint: &'static str) -> sqlx::Error {
    sqlx::Error::Database(Box::new(Refused { constraint }))
}

/// The connection is gone; what came of the request is unknown.
pub fn lost() -> sqlx::Error {
    sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into())
}
