//! What clients may take of a server.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::sync::Semaphore;

/// Files of a process that are left to everything but the connections of its clients.
const OTHER_FILES: usize = 256;

/// What clients may take of a server. The default is for production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; those beyond are told 503. Up to some millions.
    pub connections: usize,
    /// Connections at a time of one address, where an address is a client; those beyond are told 429.
    pub peer: usize,
    /// The time that a client has to shake hands by TLS; then the connection is closed.
    pub handshake: Duration,
    /// The time that a client has to send the header of a request, against those who send it drop by drop; then it is
    /// told 408. An idle connection is closed after it too, so it is longer than the 60 s for which proxies keep theirs.
    pub header: Duration,
    /// The time that a client has to send a body, counted from the end of the header; then it is told 408. Shorter than
    /// [`crate::layers::MAX_TIME`], so that it is the client who hears what was too slow.
    pub body: Duration,
    /// The time in which a client that is waited for has to take at least something of its answer; then the connection is
    /// closed.
    pub stall: Duration,
    /// The time that requests under way have to end after the signal to stop.
    pub stop: Duration,
    /// How much of that is given to those that are not wholly there yet.
    pub hurry: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 2_048,
            peer: 512,
            handshake: Duration::from_secs(10),
            header: Duration::from_secs(75),
            body: Duration::from_secs(20),
            stall: Duration::from_secs(60),
            stop: Duration::from_secs(10),
            hurry: Duration::from_secs(1),
        }
    }
}

impl Limits {
    /// No more connections than a process that may open so many files can have beside its other work.
    #[must_use]
    pub fn within(self, files: usize) -> Self {
        let affordable = files.saturating_sub(OTHER_FILES).max(files / 2);
        Self { connections: self.connections.min(affordable), ..self }
    }

    /// The connections that can be counted.
    pub(super) fn seats(&self) -> usize {
        self.connections.min(Semaphore::MAX_PERMITS).min(u32::MAX as usize)
    }
}

/// Files that this process may open, after asking the system for as many as it gives.
pub fn open_files() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let given = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let files = if given { maximum } else { current };
    files.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_everything_else() {
        for (files, connections) in [(20_000, 2_048), (1_024, 768), (256, 128), (0, 0)] {
            assert_eq!(Limits::default().within(files).connections, connections, "{files}");
        }
    }

    #[test]
    fn a_process_may_open_some_files() {
        assert!(open_files() >= 64);
        assert_eq!(open_files(), open_files());
    }

    #[test]
    fn a_slow_body_is_told_so_before_the_time_of_its_request_is_up() {
        assert!(Limits::default().body < crate::layers::MAX_TIME);
    }
}
