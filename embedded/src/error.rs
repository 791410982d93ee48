//! What can go wrong, in the words of the person who has to mend it.

use std::io;
use std::path::PathBuf;

/// Why the servers did not start, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No folder with the servers was found.
    #[error("PostgreSQL and nats-server are not installed in {}; run `make tools`", .0.display())]
    NoTools(PathBuf),
    /// A server program is there but does not run.
    #[error("{} does not run ({reason}); remove .tools and run `make tools`", program.display())]
    BrokenTool {
        /// The program.
        program: PathBuf,
        /// What it, or the system, said.
        reason: String,
    },
    /// A server program is older than this build needs.
    #[error("{} is `{found}`, but {wanted} or later is needed; run `make tools`", program.display())]
    OldTool {
        /// The program.
        program: PathBuf,
        /// Its answer to `--version`.
        found: String,
        /// The least version.
        wanted: &'static str,
    },
    /// The folder cannot be made or written to.
    #[error("cannot write to {}; choose a folder that is yours, or give this one to the user who runs crm", path.display())]
    Unwritable {
        /// The folder or file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The folder has other things in it, which we would give away and overwrite.
    #[error("{} has files in it that are not crm's; choose a new or empty folder", .0.display())]
    NotOurs(PathBuf),
    /// We are root, and the user for the servers cannot reach the files.
    #[error(
        "user {user}, as whom root runs the servers, cannot enter {}; `chmod o+x` it, move the checkout, \
         or name a user who can in CRM_SERVER_USER",
        blocked.display()
    )]
    Unreachable {
        /// The user's number.
        user: u32,
        /// The first folder that keeps the user out.
        blocked: PathBuf,
    },
    /// `CRM_SERVER_USER` is nobody, or root.
    #[error("CRM_SERVER_USER is `{0}`, which is not a user other than root on this machine")]
    BadUser(String),
    /// Another process uses this folder.
    #[error("another crm (process {pid}) already runs its servers in {}; stop it, or use another folder", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
        /// The other process.
        pid: i32,
    },
    /// Servers of an earlier run do not end.
    #[error("{what} of an earlier run still uses {}; stop it and start again", dir.display())]
    StillStopping {
        /// What still runs.
        what: String,
        /// The folder.
        dir: PathBuf,
    },
    /// The password file was removed while the data was kept.
    #[error("{} is gone, and with it the key to the data beside it; restore it, or remove the folder to begin anew", .0.display())]
    LostPassword(PathBuf),
    /// A new database could not be made.
    #[error("cannot make a new database in {}: {reason}", dir.display())]
    NoDatabase {
        /// The folder of the database.
        dir: PathBuf,
        /// What the program said.
        reason: String,
    },
    /// A server could not be started.
    #[error("{program} did not start; {} ends with:\n{tail}", log.display())]
    NotStarted {
        /// The server.
        program: &'static str,
        /// Its log file.
        log: PathBuf,
        /// The end of that file.
        tail: String,
    },
    /// A server ended although nobody had asked it to.
    #[error("{program} stopped by itself; {} ends with:\n{tail}", log.display())]
    Died {
        /// The server.
        program: &'static str,
        /// Its log file.
        log: PathBuf,
        /// The end of that file.
        tail: String,
    },
    /// The system refused something that never fails in ordinary life.
    #[error("cannot {action}")]
    System {
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        source: io::Error,
    },
}

impl Error {
    /// The message with those of its causes behind it, for whoever prints it.
    pub fn with_causes(&self) -> String {
        let causes = std::iter::successors(std::error::Error::source(self), |cause| cause.source());
        causes.fold(self.to_string(), |text, cause| format!("{text}: {cause}"))
    }

    pub(crate) fn system(action: &'static str) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::System { action, source }
    }

    pub(crate) fn unwritable(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        move |source| Error::Unwritable { path: path.into(), source }
    }
}
