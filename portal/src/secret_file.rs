//! Secrets that come by files, as vault agents, Docker and Kubernetes mount them: `NAME_FILE` says where, in place of `NAME`.

use std::env::{self, VarError};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::config::SiteArgs;

/// Bytes of the longest secret.
const LONGEST: u64 = 64 * 1024;

/// Bits of a mode by which everybody reads or writes a file.
const EVERYBODY: u32 = 0o006;

/// Where secrets lie.
#[derive(Args, Clone, Debug, Default)]
pub struct SecretFiles {
    /// The file that has DATABASE_URL in its place, as vault agents, Docker and Kubernetes mount secrets; an end of line after it is
    /// left out
    #[arg(long, env = "DATABASE_URL_FILE", global = true, value_name = "FILE")]
    pub database_url_file: Option<PathBuf>,
    /// The file that has NATS_URL in its place
    #[arg(long, env = "NATS_URL_FILE", global = true, value_name = "FILE")]
    pub nats_url_file: Option<PathBuf>,
    /// The file that has REDIS_URL in its place
    #[arg(long, env = "REDIS_URL_FILE", global = true, value_name = "FILE")]
    pub redis_url_file: Option<PathBuf>,
    /// The file that has SMTP_URL in its place
    #[arg(long, env = "SMTP_URL_FILE", global = true, value_name = "FILE")]
    pub smtp_url_file: Option<PathBuf>,
    /// The file that has CRM_MASTER_KEY in its place
    #[arg(long, env = "CRM_MASTER_KEY_FILE", global = true, value_name = "FILE")]
    pub master_key_file: Option<PathBuf>,
}

impl SiteArgs {
    /// Fills in the secrets that lie in files.
    ///
    /// # Errors
    /// One is given twice, or cannot be read; what it is, is not told.
    pub fn read_secrets(&mut self) -> anyhow::Result<()> {
        let files = &self.files;
        fill(&mut self.database_url, "DATABASE_URL", files.database_url_file.as_deref())?;
        fill(&mut self.nats_url, "NATS_URL", files.nats_url_file.as_deref())?;
        fill(&mut self.redis_url, "REDIS_URL", files.redis_url_file.as_deref())?;
        fill(&mut self.mail.smtp_url, "SMTP_URL", files.smtp_url_file.as_deref())?;
        fill(&mut self.master_key, "CRM_MASTER_KEY", files.master_key_file.as_deref())
    }
}

/// A secret from the environment.
pub struct Given {
    /// What it is.
    pub text: String,
    /// Whether it came by a file.
    pub by_file: bool,
}

/// What the environment has under a name, or the file that it names under the name and `_FILE`.
///
/// # Errors
/// Both are given, or it cannot be read.
pub fn from_env(name: &str) -> anyhow::Result<Option<Given>> {
    let mut given = match env::var(name) {
        Ok(text) => Some(text),
        Err(VarError::NotPresent) => None,
        // The error would repeat it.
        Err(VarError::NotUnicode(_)) => bail!("{name} is no UTF-8 text"),
    };
    let file = env::var_os(format!("{name}_FILE")).map(PathBuf::from);
    fill(&mut given, name, file.as_deref())?;
    Ok(given.map(|text| Given { text, by_file: file.is_some() }))
}

fn fill<T: From<String>>(secret: &mut Option<T>, name: &str, file: Option<&Path>) -> anyhow::Result<()> {
    let Some(file) = file else { return Ok(()) };
    if secret.is_some() {
        bail!("{name} and {name}_FILE are both given; leave one of them out")
    }
    *secret = Some(read(name, file)?.into());
    Ok(())
}

fn read(name: &str, file: &Path) -> anyhow::Result<String> {
    let named = format!("{name}_FILE, {}", file.display());
    let unreadable = || format!("cannot read {named}");
    let opened = File::open(file).with_context(unreadable)?;
    let known = opened.metadata().with_context(unreadable)?;
    if known.is_dir() {
        bail!("{named} is a folder, not a file")
    }
    // Of a file that somebody else owns and mounts, the mode is theirs to choose; within a container it says nothing.
    let is_own = known.uid() == rustix::process::geteuid().as_raw();
    if is_own && known.mode() & EVERYBODY != 0 {
        bail!("everybody on this machine has access to {named}: chmod o-rw it")
    }
    let mut text = String::new();
    let read = opened.take(LONGEST + 1).read_to_string(&mut text).with_context(unreadable)?;
    if u64::try_from(read).is_ok_and(|read| read > LONGEST) {
        bail!("{named} has no secret: it is longer than 64 KiB")
    }
    let secret = text.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        bail!("{named} is empty")
    }
    if secret.contains(['\r', '\n']) {
        bail!("{named} has no secret: it has more than one line")
    }
    Ok(secret.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use tempfile::TempDir;

    use super::*;

    /// A folder with one file, which nobody else may read.
    fn with(content: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        (folder, file)
    }

    fn refused(file: &Path) -> String {
        let error = format!("{:#}", read("DATABASE_URL", file).unwrap_err());
        assert!(error.contains(&format!("DATABASE_URL_FILE, {}", file.display())), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
        error
    }

    #[test]
    fn a_file_has_the_secret_and_maybe_the_end_of_its_line() {
        for content in ["hunter2", "hunter2\n", "hunter2\r\n", "hunter2\n\n"] {
            let (_folder, file) = with(content);
            assert_eq!(read("DATABASE_URL", &file).unwrap(), "hunter2", "{content:?}");
        }
        let (_folder, file) = with(" hunter2 \n");
        assert_eq!(read("DATABASE_URL", &file).unwrap(), " hunter2 ");
    }

    /// So Kubernetes mounts them, and changes them.
    #[test]
    fn a_link_to_a_file_is_followed() {
        let (folder, file) = with("hunter2");
        let link = folder.path().join("link");
        symlink(&file, &link).unwrap();
        assert_eq!(read("DATABASE_URL", &link).unwrap(), "hunter2");
    }

    #[test]
    fn what_cannot_be_a_secret_is_refused_by_variable_and_path_alone() {
        let (folder, file) = with("hunter2");
        assert!(refused(&folder.path().join("nowhere")).contains("No such file"));
        assert!(refused(folder.path()).contains("is a folder"));
        for (content, said) in [
            (b"\n".to_vec(), "is empty"),
            (b"hunter2\nhunter2\n".to_vec(), "more than one line"),
            (b"hunter2\xff".to_vec(), "UTF-8"),
            (b"hunter2".repeat(10_000), "longer than 64 KiB"),
        ] {
            fs::write(&file, content).unwrap();
            assert!(refused(&file).contains(said), "{said}");
        }
    }

    #[test]
    fn an_own_file_that_everybody_could_read_or_change_is_refused() {
        let (_folder, file) = with("hunter2");
        for mode in [0o604, 0o644, 0o602, 0o666] {
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            assert!(refused(&file).contains("chmod o-rw"), "{mode:o}");
        }
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        assert!(read("DATABASE_URL", &file).is_ok());
    }

    #[test]
    fn a_secret_that_is_given_twice_is_refused() {
        let (_folder, file) = with("hunter2");
        let mut given = Some("hunter2".to_owned());
        let error = fill(&mut given, "DATABASE_URL", Some(&file)).unwrap_err().to_string();
        assert_eq!(error, "DATABASE_URL and DATABASE_URL_FILE are both given; leave one of them out");
        let mut given = None::<String>;
        fill(&mut given, "DATABASE_URL", None).unwrap();
        assert_eq!(given, None);
        fill(&mut given, "DATABASE_URL", Some(&file)).unwrap();
        assert_eq!(given.as_deref(), Some("hunter2"));
    }
}
