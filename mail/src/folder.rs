//! Into a folder, for whoever has no mail server.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::Utc;
use tokio::fs::{self, DirBuilder, OpenOptions};
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

use crate::{Cause, ConfigError, Letter, SendError};

#[derive(Clone)]
pub(crate) struct Folder {
    dir: Arc<PathBuf>,
    prints: bool,
}

impl Folder {
    pub fn new(dir: PathBuf, prints: bool) -> Result<Self, ConfigError> {
        use std::os::unix::fs::DirBuilderExt as _;
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir);
        made.map_err(|error| ConfigError::Folder(dir.clone(), error))?;
        Ok(Self { dir: Arc::new(dir), prints })
    }

    /// Writes a letter whole or not at all.
    pub async fn keep(&self, letter: &Letter, mail: &[u8]) -> Result<(), SendError> {
        let name = format!("{}-{}", Utc::now().format("%Y%m%dT%H%M%S%.3f"), Uuid::now_v7().simple());
        let file = self.dir.join(format!("{name}.eml"));
        self.write(&name, &file, mail).await.map_err(|error| SendError::Later(Cause::Folder(error)))?;
        if self.prints {
            let link = letter.link.as_deref().unwrap_or("no link");
            println!("crm mails {}: {}\n  {link}\n  {}", letter.to, letter.subject, file.display());
        }
        Ok(())
    }

    async fn write(&self, name: &str, file: &PathBuf, mail: &[u8]) -> std::io::Result<()> {
        // Somebody may have tidied up.
        DirBuilder::new().recursive(true).mode(0o700).create(&*self.dir).await?;
        let draft = self.dir.join(format!("{name}.draft"));
        let mut open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft).await?;
        open.write_all(mail).await?;
        open.sync_all().await?;
        fs::rename(&draft, file).await
    }
}
