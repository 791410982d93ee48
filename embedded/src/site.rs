//! What both servers of one folder share: the folder, the programs, the user, the password.

use std::env;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::statvfs;

use crate::Error;
use crate::account::Account;
use crate::lock::Lock;
use crate::testing::Janitor;
use crate::tools::Tools;

/// Linux's folder in memory. Containers often have one of 64 MB.
pub(crate) const IN_MEMORY: &str = "/dev/shm";

/// A folder that is ours alone while this lives.
pub(crate) struct Site {
    pub tools: Tools,
    pub account: Account,
    /// Absolute, without links: servers are recognised by it.
    pub dir: PathBuf,
    pub password: String,
    /// For tests: the data need not survive a power cut, and nobody would steal it.
    pub throwaway: bool,
    held: Held,
}

/// What each supervisor keeps open until its server is gone.
enum Held {
    Lock(Lock),
    Janitor(Janitor),
}

impl Site {
    /// A folder that stays.
    pub fn open(tools: &Path, dir: &Path) -> Result<Site, Error> {
        let (tools, account, dir) = prepare(tools, dir)?;
        let lock = Lock::take(&dir, &account)?;
        account.own_all(&dir)?;
        let password = password(&dir, &account)?;
        Ok(Site { tools, account, dir, password, throwaway: false, held: Held::Lock(lock) })
    }

    /// A folder for tests, removed when this process and its servers have ended.
    pub fn temporary(tools: &Path) -> Result<Site, Error> {
        let dir = temporary_parent().join(format!("crm-test-{:016x}", rand::random::<u64>()));
        let janitor = Janitor::hire(&dir).map_err(Error::system("start a shell"))?;
        let (tools, account, dir) = prepare(tools, &dir)?;
        account.own_all(&dir)?;
        let password = password(&dir, &account)?;
        Ok(Site { tools, account, dir, password, throwaway: true, held: Held::Janitor(janitor) })
    }

    pub fn held(&self) -> io::Result<&File> {
        match &self.held {
            Held::Lock(lock) => Ok(lock.file()),
            Held::Janitor(janitor) => janitor.file(),
        }
    }

    pub fn password_file(&self) -> PathBuf {
        password_file(&self.dir)
    }

    /// Writes a file that only the servers' user can read.
    pub fn write_private(&self, path: &Path, text: &str) -> Result<(), Error> {
        write_private(path, text, &self.account)
    }
}

/// `TMPDIR` if it is set; else Linux's folder in memory if it has room, since databases are thousands of small files
/// that disks (ext4 above all) are slow to make and delete; else the system's temporary folder.
fn temporary_parent() -> PathBuf {
    let room = statvfs(IN_MEMORY).is_ok_and(|found| found.f_bavail * found.f_frsize >= 2 << 30);
    if env::var_os("TMPDIR").is_none() && room { PathBuf::from(IN_MEMORY) } else { env::temp_dir() }
}

fn prepare(tools: &Path, dir: &Path) -> Result<(Tools, Account, PathBuf), Error> {
    let located = Tools::locate(tools)?;
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(Error::unwritable(dir))?;
    let dir = dir.canonicalize().map_err(Error::unwritable(dir))?;
    let mut entries = fs::read_dir(&dir).map_err(Error::unwritable(&dir))?;
    if entries.next().is_some() && !password_file(&dir).exists() && !dir.join("lock").exists() {
        return Err(Error::NotOurs(dir));
    }
    let account = Account::choose(&dir, &located.root)?;
    located.check(&account)?;
    Ok((located, account, dir))
}

fn password_file(dir: &Path) -> PathBuf {
    dir.join("password")
}

/// The password of this folder's servers, made on first use.
fn password(dir: &Path, account: &Account) -> Result<String, Error> {
    let path = password_file(dir);
    match fs::read_to_string(&path) {
        Ok(text) => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(Error::unwritable(&path)(error)),
        Err(_) if dir.join("postgres").exists() => return Err(Error::LostPassword(path)),
        Err(_) => {}
    }
    let password = format!("{:032x}", rand::random::<u128>());
    write_private(&path, &password, account)?;
    Ok(password)
}

fn write_private(path: &Path, text: &str, account: &Account) -> Result<(), Error> {
    // A crash must not leave half a file under the final name.
    let new = path.with_extension("new");
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)
        .map_err(Error::unwritable(path))?;
    file.write_all(text.as_bytes()).map_err(Error::unwritable(path))?;
    account.own(&new)?;
    fs::rename(&new, path).map_err(Error::unwritable(path))
}
