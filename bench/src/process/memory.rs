//! How much memory a process holds, from the kernel's own table.

use std::fs;

use anyhow::Context as _;

/// Mebibytes of a process in memory: now, and at most so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    pub now: f64,
    pub most: f64,
}

impl Memory {
    pub fn of(pid: u32) -> anyhow::Result<Self> {
        let file = format!("/proc/{pid}/status");
        let status = fs::read_to_string(&file).with_context(|| format!("cannot read {file}"))?;
        Self::parse(&status).with_context(|| format!("{file} tells no memory"))
    }

    fn parse(status: &str) -> Option<Self> {
        let mebibytes = |name: &str| {
            let line =
                status.lines().find(|line| line.split_once(':').is_some_and(|(key, _)| key == name))?;
            let kibibytes: u32 = line.split_whitespace().nth(1)?.parse().ok()?;
            Some(f64::from(kibibytes) / 1024.0)
        };
        Some(Self { now: mebibytes("VmRSS")?, most: mebibytes("VmHWM")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_in_mebibytes() {
        let status =
            "Name:\tcrm\nVmPeak:\t  999999 kB\nVmHWM:\t   204800 kB\nVmRSS:\t   102400 kB\nThreads:\t3\n";
        assert_eq!(Memory::parse(status), Some(Memory { now: 100.0, most: 200.0 }));
        assert_eq!(Memory::parse("Name:\tzombie\n"), None);
    }

    #[test]
    fn this_process_has_some() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(memory.now > 0.5 && memory.now <= memory.most, "{memory:?}");
    }

    #[test]
    fn a_process_that_is_not_there_has_none() {
        assert!(Memory::of(u32::MAX).is_err());
    }
}
