//! As whom the servers run: as ourselves, or as an ordinary user if we are root, since PostgreSQL refuses root.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown, lchown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Error;

/// The user who runs the servers and owns their files.
#[derive(Debug)]
pub(crate) enum Account {
    /// Whoever we are.
    Ourselves,
    /// An ordinary user, chosen by root.
    Other {
        user: User,
        /// The capability that lets the user through folders that are closed to others, such as `/root`, if one is needed.
        pass: Option<&'static str>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct User {
    uid: u32,
    gid: u32,
}

impl Account {
    /// The account for servers with their files in `dir` and their programs in `tools`.
    ///
    /// Root takes `CRM_SERVER_USER`, or else the owner of `dir` or of the folder that it lies in, or else `nobody`.
    pub fn choose(dir: &Path, tools: &Path) -> Result<Account, Error> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Account::Ourselves);
        }
        let user = match env::var("CRM_SERVER_USER") {
            Ok(name) => User::named(&name).ok_or(Error::BadUser(name))?,
            Err(_) => dir
                .ancestors()
                .take(2)
                .find_map(User::owner)
                .or_else(|| User::named("nobody"))
                .ok_or_else(|| Error::BadUser("nobody".to_owned()))?,
        };
        // `dir` itself becomes theirs.
        let way = [dir.parent().unwrap_or(dir), tools];
        let pass = match way.iter().find_map(|path| blocked(path, user)) {
            None => None,
            Some(blocked) => Some(pass(user).ok_or(Error::Unreachable { user: user.uid, blocked })?),
        };
        Ok(Account::Other { user, pass })
    }

    /// A command that runs as this user, without the settings that libpq and PostgreSQL read from the environment.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = match self {
            Account::Ourselves => Command::new(program),
            Account::Other { user, pass: None } => {
                let mut command = Command::new(program);
                // The standard library clears the supplementary groups when root changes the user.
                command.uid(user.uid).gid(user.gid);
                command
            }
            Account::Other { user, pass: Some(capability) } => {
                let mut command = setpriv(*user, capability);
                command.arg(program);
                command
            }
        };
        for (name, _) in env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG")) {
            command.env_remove(name);
        }
        // On macOS, PostgreSQL does not start under a locale that the system lacks.
        command.env("LC_ALL", "C");
        command
    }

    /// Gives a file or folder to this user.
    pub fn own(&self, path: &Path) -> Result<(), Error> {
        match self {
            Account::Ourselves => Ok(()),
            Account::Other { user, .. } => {
                chown(path, Some(user.uid), Some(user.gid)).map_err(Error::unwritable(path))
            }
        }
    }

    /// Gives a folder and all that is in it to this user, if it is not theirs already.
    pub fn own_all(&self, dir: &Path) -> Result<(), Error> {
        let Account::Other { user, .. } = self else { return Ok(()) };
        let metadata = fs::symlink_metadata(dir).map_err(Error::unwritable(dir))?;
        if metadata.uid() == user.uid {
            return Ok(());
        }
        if metadata.is_dir() {
            for entry in fs::read_dir(dir).map_err(Error::unwritable(dir))? {
                self.own_all(&entry.map_err(Error::unwritable(dir))?.path())?;
            }
        }
        lchown(dir, Some(user.uid), Some(user.gid)).map_err(Error::unwritable(dir))
    }
}

impl User {
    /// The user of this name, or number. Not root, and known to the system: `initdb` looks the name up.
    fn named(name: &str) -> Option<User> {
        let ask = |what: &str| -> Option<u32> {
            let output =
                Command::new("id").args([what, name]).output().ok().filter(|o| o.status.success())?;
            String::from_utf8(output.stdout).ok()?.trim().parse().ok()
        };
        Some(User { uid: ask("-u")?, gid: ask("-g")? }).filter(|user| user.uid != 0)
    }

    fn owner(path: &Path) -> Option<User> {
        let uid = fs::metadata(path).ok()?.uid();
        if uid == 0 { None } else { User::named(&uid.to_string()) }
    }
}

/// The first folder on the way to `path` that does not let the user through.
fn blocked(path: &Path, user: User) -> Option<PathBuf> {
    let mut way: Vec<&Path> = path.ancestors().collect();
    way.reverse();
    let closed = |dir: &&&Path| {
        let Ok(metadata) = fs::metadata(dir) else { return false };
        let enter = match (metadata.uid() == user.uid, metadata.gid() == user.gid) {
            (true, _) => 0o100,
            (false, true) => 0o010,
            (false, false) => 0o001,
        };
        metadata.is_dir() && metadata.mode() & enter == 0
    };
    way.iter().find(closed).map(|dir| dir.to_path_buf())
}

/// A capability of ours that we can hand to the user to pass closed folders: Linux only, and only if `setpriv` is there.
/// The servers can then open files that are not theirs: less than they could as root, who asked for them.
fn pass(user: User) -> Option<&'static str> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let effective = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
    let effective = u64::from_str_radix(effective.trim(), 16).ok()?;
    // The numbers are those of capabilities(7). Reading is all that is needed, but containers often have only the other.
    let capability = [(2, "dac_read_search"), (1, "dac_override")]
        .into_iter()
        .find_map(|(bit, name)| (effective & (1 << bit) != 0).then_some(name))?;
    let works = setpriv(user, capability).arg("true").output().is_ok_and(|output| output.status.success());
    works.then_some(capability)
}

fn setpriv(user: User, capability: &str) -> Command {
    let mut command = Command::new("setpriv");
    command
        // Without this, access(2), by which PostgreSQL looks for its own files, would not count the capability.
        .arg("--securebits=+no_setuid_fixup")
        .arg(format!("--reuid={}", user.uid))
        .arg(format!("--regid={}", user.gid))
        .arg("--clear-groups")
        .arg(format!("--inh-caps=+{capability}"))
        .arg(format!("--ambient-caps=+{capability}"))
        .arg("--");
    command
}
