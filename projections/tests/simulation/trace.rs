//! What happened in a run, as one number and, on request, as text.

use std::fmt::Display;
use std::sync::Mutex;

use tokio::time::Instant;

/// A digest of every step with its time. Two runs took the same turns if their digests agree.
pub struct Trace {
    begun: Instant,
    told: bool,
    state: Mutex<(u64, u64)>,
}

impl Trace {
    /// `told` writes each step to standard error as well.
    pub fn begin(told: bool) -> Self {
        Self { begun: Instant::now(), told, state: Mutex::new((0xcbf2_9ce4_8422_2325, 0)) }
    }

    /// Adds a step.
    pub fn step(&self, step: impl Display) {
        let line = format!("{:>9.3} {step}", self.begun.elapsed().as_secs_f64());
        if self.told {
            eprintln!("{line}");
        }
        let mut state = self.state.lock().unwrap();
        for byte in line.bytes() {
            state.0 = (state.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        state.1 += 1;
    }

    /// The digest, and how many steps it covers.
    pub fn digest(&self) -> (u64, u64) {
        *self.state.lock().unwrap()
    }
}
