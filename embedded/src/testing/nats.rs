//! A stream name for each test.

use super::servers;

/// The nats-server, and names on it that no other test has. The stream is for the code under test to make.
#[derive(Clone, Debug)]
pub struct TestNats {
    /// The server.
    pub url: String,
    /// The name of the stream: `t_<hex>`.
    pub stream: String,
    /// What the subjects of the stream begin with: `t_<hex>.events`.
    pub subject_prefix: String,
}

/// Names for one test on the nats-server of this process.
///
/// # Panics
/// If the servers do not start.
pub fn nats() -> TestNats {
    let stream = unique_name();
    TestNats { url: servers().nats_url.clone(), subject_prefix: format!("{stream}.events"), stream }
}

/// A name that fits databases, streams and subjects.
pub(super) fn unique_name() -> String {
    format!("t_{:032x}", rand::random::<u128>())
}
