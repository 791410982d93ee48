//! One process at a time uses a folder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use crate::Error;
use crate::account::Account;
use crate::orphan;
use crate::supervisor::wait_until;

/// The lock of a folder. The supervisors hold copies of the file, so it lasts until their servers are gone.
pub(crate) struct Lock(File);

impl Lock {
    /// Takes the lock; waits for the servers of a process that has died, but not for those of one that lives.
    pub fn take(dir: &Path, account: &Account) -> Result<Lock, Error> {
        let path = dir.join("lock");
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).read(true).write(true).open(&path);
        let mut file = file.map_err(Error::unwritable(&path))?;
        account.own(&path)?;

        let free = wait_until(Duration::from_secs(60), || match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => match holder(&path) {
                Some(pid) if orphan::alive(pid) => Err(Error::InUse { dir: dir.to_owned(), pid }),
                _ => Ok(false),
            },
            Err(TryLockError::Error(source)) => Err(Error::System { action: "lock a file", source }),
        })?;
        if !free {
            return Err(Error::StillStopping { what: "a server".to_owned(), dir: dir.to_owned() });
        }
        file.set_len(0).map_err(Error::unwritable(&path))?;
        file.write_all(std::process::id().to_string().as_bytes()).map_err(Error::unwritable(&path))?;
        Ok(Lock(file))
    }

    pub fn file(&self) -> &File {
        &self.0
    }
}

impl Drop for Lock {
    /// We live on, but hold the folder no more: whoever comes next shall wait for the servers instead of being refused.
    fn drop(&mut self) {
        let _ = self.0.set_len(0);
    }
}

fn holder(path: &Path) -> Option<i32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}
