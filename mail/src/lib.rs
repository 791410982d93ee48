//! Letters to people: plain text, handed to an SMTP server or put into a folder.
//!
//! Job: send one letter and tell whether it is worth another try.
//! Used by: the command API, which keeps what is to be sent and writes the letters, and the binary, which says how they go.
//! Never here: SQL, what letters say, who gets one.

mod folder;
mod smtp;

use std::fmt;
use std::path::PathBuf;

use folder::Folder;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox, Message};
use smtp::Smtp;
use uuid::Uuid;

/// A letter to one person. Printing it shows nothing, since it may hold what opens an account.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// The address.
    pub to: String,
    /// What it is about, in one line.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// The link in it, if it has one.
    pub link: Option<String>,
}

/// A way to send letters. Clones share its connections.
#[derive(Clone)]
pub struct Mailer {
    from: Mailbox,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Smtp(Smtp),
    Folder(Folder),
}

/// Why a letter did not go. No variant repeats what is in it.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It never will: the address is none, or the server does not take it.
    #[error("the letter is refused")]
    Refused(#[source] Cause),
    /// It may go later.
    #[error("the letter cannot be sent now")]
    Later(#[source] Cause),
}

/// Why a mailer cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The sender is no address.
    #[error("the sender of mails must look like CRM <crm@company.example>")]
    From,
    /// The URL is none of SMTP.
    #[error("SMTP_URL must look like smtps://user:password@host or smtp://host:port?tls=required")]
    Url,
    /// The password would go over the network for all to read.
    #[error("SMTP_URL has a password but no TLS: use smtps://, or ?tls=required")]
    PasswordInTheClear,
    /// No certificate of an authority is where one should be.
    #[error("the authority whose word is taken for the mail server is no certificate in PEM form")]
    Authority,
    /// The folder cannot be made.
    #[error("cannot make the folder of mails {0}")]
    Folder(PathBuf, #[source] std::io::Error),
}

/// What sort of failure it was: answers of servers may repeat addresses, so they are not kept.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The address, or what the letter says, cannot be written as a mail.
    #[error("it cannot be written as a mail")]
    Letter,
    /// The server answered with this code.
    #[error("the mail server answered {0}")]
    Answer(u16),
    /// The server did not answer in time.
    #[error("the mail server did not answer in time")]
    Late,
    /// The server cannot be reached, or not by TLS as it should.
    #[error("the mail server cannot be reached")]
    Connection,
    /// The folder cannot be written.
    #[error("the folder of mails cannot be written")]
    Folder(#[source] std::io::Error),
}

impl Mailer {
    /// Sends by an SMTP server, `smtps://user:password@host` or `smtp://host:port`, in the name of `from`.
    ///
    /// # Errors
    /// The URL or the sender is of no use, or a password would go unencrypted to another machine.
    pub fn smtp(url: &str, from: &str) -> Result<Self, ConfigError> {
        Self::smtp_trusting(url, from, None)
    }

    /// The same; by TLS, the certificate of the server leads to an authority that is public, or is one of these, in PEM.
    ///
    /// # Errors
    /// As [`Mailer::smtp`]; or what should be authorities is none.
    pub fn smtp_trusting(url: &str, from: &str, authority: Option<&[u8]>) -> Result<Self, ConfigError> {
        let from: Mailbox = from.parse().map_err(|_| ConfigError::From)?;
        let way = Way::Smtp(Smtp::new(url, from.email.domain(), authority)?);
        Ok(Self { from, way })
    }

    /// Puts letters into a folder, one `.eml` file each, which only the owner can read.
    ///
    /// # Errors
    /// The sender is of no use, or the folder cannot be made.
    pub fn folder(dir: impl Into<PathBuf>, from: &str) -> Result<Self, ConfigError> {
        let from = from.parse().map_err(|_| ConfigError::From)?;
        Ok(Self { from, way: Way::Folder(Folder::new(dir.into(), false)?) })
    }

    /// The same, and prints the link of each.
    ///
    /// # Errors
    /// As [`Mailer::folder`].
    pub fn printing(dir: impl Into<PathBuf>, from: &str) -> Result<Self, ConfigError> {
        let from = from.parse().map_err(|_| ConfigError::From)?;
        Ok(Self { from, way: Way::Folder(Folder::new(dir.into(), true)?) })
    }

    /// Sends a letter. That it went means that the server took it over, or that its file is whole.
    ///
    /// # Errors
    /// Whether it may go later. A server that was about to answer may have taken it nevertheless.
    pub async fn send(&self, letter: &Letter) -> Result<(), SendError> {
        let refused = || SendError::Refused(Cause::Letter);
        let to = letter.to.parse().map_err(|_| refused())?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject.as_str())
            .header(ContentType::TEXT_PLAIN)
            .message_id(Some(format!("<{}@{}>", Uuid::now_v7().simple(), self.from.email.domain())))
            .body(body(&letter.text))
            .map_err(|_| refused())?;
        match &self.way {
            Way::Smtp(smtp) => smtp.send(message).await,
            Way::Folder(folder) => folder.keep(letter, &message.formatted()).await,
        }
    }
}

/// Text as it travels. Plain ASCII goes as it is, since lines of up to 998 characters may (RFC 5322, 2.1.1): a link stays in one piece
/// for whoever reads the mail without a mail program.
fn body(text: &str) -> Body {
    let is_plain = text.is_ascii() && text.lines().all(|line| line.len() <= 998);
    if !is_plain {
        return Body::new(text.to_owned());
    }
    Body::dangerous_pre_encoded(text.replace('\n', "\r\n").into_bytes(), ContentTransferEncoding::SevenBit)
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter(…)")
    }
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.way {
            Way::Smtp(_) => "Mailer(SMTP)",
            Way::Folder(_) => "Mailer(folder)",
        })
    }
}
