//! What a run is asked for.

use std::path::PathBuf;

use rand::SeedableRng;
use rand::rngs::StdRng;

/// How long a run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Two minutes at most, every kind of fault at least once.
    Short,
    /// About ten minutes.
    Long,
}

impl Form {
    /// One of two values.
    pub fn pick<T>(self, short: T, long: T) -> T {
        match self {
            Self::Short => short,
            Self::Long => long,
        }
    }
}

/// What all drills of a run share.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Short or long.
    pub form: Form,
    /// What the schedules are drawn from.
    pub seed: u64,
    /// The binary under test.
    pub crm: PathBuf,
    /// The bug to switch on in it, if it was built with planted ones.
    pub planted: Option<&'static str>,
    /// Whether the folder of a drill stays when it has ended.
    pub keep: bool,
}

impl Settings {
    /// The random numbers of one drill: the same for a seed whichever other drills run.
    pub fn random(&self, drill: &str) -> StdRng {
        // FNV-1a: only to tell the drills apart, the same on every platform and in every version.
        let mixed = drill.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |mix, byte| {
            (mix ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        StdRng::seed_from_u64(self.seed ^ mixed)
    }
}
