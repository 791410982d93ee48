//! `crm rewrap`: a new master key takes the place of the old one.

use std::process::ExitCode;

use anyhow::Context as _;
use event_store::seal;
use sqlx::{Connection, PgConnection};

use crate::config::SiteArgs;
use crate::site::Site;

/// Wraps the keys of all tenants anew.
pub async fn rewrap(args: &SiteArgs) -> anyhow::Result<ExitCode> {
    let keys = args.master_keys()?;
    let site = Site::open(args).await?;
    let mut connection = PgConnection::connect(&site.database_url).await?;
    let wrapped = seal::rewrap(&mut connection, &keys).await.context("nothing was changed")?;
    let sealed = access::rewrap(&mut connection, &keys).await.context("only keys of tenants were changed")?;
    connection.close().await?;
    site.close().await?;
    println!(
        "the keys of {wrapped} tenants and {sealed} secrets are under master key {} now, and so are all others",
        keys.current()
    );
    Ok(ExitCode::SUCCESS)
}
