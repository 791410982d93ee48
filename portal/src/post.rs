//! Who sends mails, and where the links in them lead.

use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use clap::builder::FalseyValueParser;
use command_api::CommandApi;
use command_api::identity::{Post, Postman};
use mail::Mailer;
use tokio::task::JoinSet;

use crate::config::SiteArgs;
use crate::site::Site;
use crate::tls::Authority;

/// Who sends mails that nobody but their reader gets to see.
const NOBODY: &str = "CRM <crm@localhost.localdomain>";

/// Where the API is if nobody says otherwise.
pub const USUAL_ADDRESS: &str = "127.0.0.1:8080";

/// How mails go, and where the links in them lead.
#[derive(Args, Clone, Debug)]
pub struct MailArgs {
    /// The server that sends mails: smtps://user:password@host, or smtp://host:port?tls=required
    #[arg(long, env = "SMTP_URL", global = true, hide_env_values = true, value_name = "URL")]
    pub smtp_url: Option<String>,
    /// Who mails are from: CRM <crm@company.example>
    #[arg(long, env = "CRM_MAIL_FROM", global = true, value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// The folder that mails are put into in place of sending them; with embedded servers, and without SMTP_URL, .crm/mail
    #[arg(long, env = "CRM_MAIL_DIR", global = true, value_name = "FOLDER", conflicts_with_all = ["smtp_url", "smtp_url_file"])]
    pub mail_dir: Option<PathBuf>,
    /// What links in mails begin with: https://crm.company.example
    #[arg(long, env = "CRM_PUBLIC_URL", global = true, value_name = "URL")]
    pub public_url: Option<String>,
    /// Let whoever wants to become the first user of a new tenant
    #[arg(long, env = "CRM_SIGN_UP", global = true, value_parser = FalseyValueParser::new())]
    pub sign_up: bool,
}

impl MailArgs {
    /// What sends mails; nothing if nobody said how.
    pub fn mailer(&self, args: &SiteArgs, site: &Site) -> anyhow::Result<Option<Mailer>> {
        if let Some(url) = &self.smtp_url {
            let Some(from) = &self.mail_from else {
                bail!("SMTP_URL is set, so CRM_MAIL_FROM is needed too")
            };
            if self.public_url.is_none() {
                bail!("SMTP_URL is set, so CRM_PUBLIC_URL is needed too: links in mails begin with it");
            }
            return Ok(Some(Mailer::smtp_trusting(url, from, site.authority().map(Authority::pem))?));
        }
        let from = self.mail_from.as_deref().unwrap_or(NOBODY);
        Ok(match &self.mail_dir {
            Some(dir) => Some(Mailer::folder(dir, from)?),
            None if site.is_embedded() => Some(Mailer::printing(args.dir.join("mail"), from)?),
            None => None,
        })
    }

    /// Where links lead: to the configured place, or to the API at `own`.
    pub fn post(&self, own: &str) -> anyhow::Result<Post> {
        let url = self.public_url.as_deref().unwrap_or(own);
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        // It is written into mails as it is.
        let is_url = rest.is_some_and(|rest| {
            !rest.is_empty() && rest.chars().all(|c| c.is_ascii_graphic() && !"?#\"'\\<>".contains(c))
        });
        if !is_url {
            bail!("CRM_PUBLIC_URL must look like https://crm.company.example");
        }
        let post = Post::new(url);
        Ok(if self.sign_up { post.with_sign_up() } else { post })
    }
}

/// Sends the mails of `commands` for as long as the set is kept; nobody does without a mailer.
pub fn start(commands: &CommandApi, mailer: Option<Mailer>) -> JoinSet<()> {
    let mut sending = JoinSet::new();
    if let Some(mailer) = mailer {
        sending.spawn(Postman::new(commands.clone(), mailer).run());
    }
    sending
}
