//! Logins of PostgreSQL: what those of analysts and of services have in common.

use std::str::FromStr as _;

use anyhow::{Context as _, bail};
use rand::distr::{Alphanumeric, SampleString as _};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions as _, Executor as _, PgConnection};

/// Characters of a password: 190 bits by chance.
const PASSWORD: usize = 32;
/// Most characters of a name, so that the login is one that PostgreSQL does not cut.
const MAX_NAME: usize = 40;
/// What a login is beside what it may do.
const OPTIONS: &str = "login nosuperuser nocreatedb nocreaterole noreplication nobypassrls";

/// A login by its name, which needs no quoting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login(String);

impl Login {
    /// What begins with `prefix`, which tells what the login is for.
    pub fn named(prefix: &str, name: &str) -> anyhow::Result<Self> {
        let is_name = name.len() <= MAX_NAME
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !is_name {
            bail!(
                "{name:?} is no name: it must be a letter, then letters, digits and _, in lower case, at most {MAX_NAME}"
            );
        }
        Ok(Self(format!("{prefix}{name}")))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Whether there is such a login.
    pub async fn exists(&self, connection: &mut PgConnection) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar("select exists (select from pg_roles where rolname = $1)")
            .bind(&self.0)
            .fetch_one(connection)
            .await
    }

    /// Makes it. `options` is SQL.
    pub async fn create(
        &self,
        connection: &mut PgConnection,
        password: &Password,
        options: &str,
    ) -> anyhow::Result<()> {
        let (login, password) = (&self.0, &password.0);
        connection
            .execute(format!("create role {login} {OPTIONS} {options} password '{password}'").as_str())
            .await
            .with_context(|| format!("cannot make the login {login}"))?;
        Ok(())
    }

    /// Gives it another password. Sessions that it has go on.
    pub async fn renew(&self, connection: &mut PgConnection, password: &Password) -> Result<(), sqlx::Error> {
        let (login, password) = (&self.0, &password.0);
        connection.execute(format!("alter role {login} {OPTIONS} password '{password}'").as_str()).await?;
        Ok(())
    }

    /// Ends its sessions, and takes it away.
    pub async fn drop(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let login = &self.0;
        connection.execute(format!("alter role {login} nologin").as_str()).await?;
        sqlx::query("select pg_terminate_backend(pid, 5000) from pg_stat_activity where usename = $1")
            .bind(login)
            .execute(&mut *connection)
            .await?;
        connection.execute(format!("drop owned by {login}; drop role {login}").as_str()).await?;
        Ok(())
    }

    /// How it connects: where `database_url` does, as somebody else.
    pub fn connection_string(&self, database_url: &str, password: &Password) -> anyhow::Result<String> {
        let options = PgConnectOptions::from_str(database_url)?;
        let host = options.get_host();
        let host =
            if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
        let database = options.get_database().unwrap_or("postgres");
        // Whoever asked for an encrypted connection asked for that of others, too; `prefer` is what clients do by themselves.
        let encrypted = match options.get_ssl_mode() {
            PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer => "",
            PgSslMode::Require => "?sslmode=require",
            PgSslMode::VerifyCa => "?sslmode=verify-ca",
            PgSslMode::VerifyFull => "?sslmode=verify-full",
        };
        let (login, password) = (&self.0, &password.0);
        Ok(format!("postgresql://{login}:{password}@{host}:{}/{database}{encrypted}", options.get_port()))
    }
}

/// A password of letters, digits, `-`, `_`, `.` and `~`, which needs quoting neither in SQL nor in an address.
pub struct Password(String);

impl Password {
    /// One by chance.
    pub fn random() -> Self {
        Self(Alphanumeric.sample_string(&mut rand::rng(), PASSWORD))
    }

    /// One that somebody chose.
    pub fn chosen(text: &str) -> anyhow::Result<Self> {
        let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~".contains(c));
        if !is_plain || text.len() < PASSWORD / 2 {
            bail!("a password of a login must have {} letters, digits, -, _, . or ~ at least", PASSWORD / 2);
        }
        Ok(Self(text.to_owned()))
    }
}

/// A connection that may make logins, and whose statements, which have passwords in them, no log of ours shows.
pub async fn administrator(database_url: &str) -> anyhow::Result<PgConnection> {
    let mut connection =
        PgConnectOptions::from_str(database_url)?.disable_statement_logging().connect().await?;
    // Making logins, seeing which there are and ending their sessions takes a superuser.
    let (name, is_super): (String, bool) =
        sqlx::query_as("select rolname::text, rolsuper from pg_roles where rolname = current_user")
            .fetch_one(&mut connection)
            .await?;
    if !is_super {
        bail!("{name} cannot make logins; set DATABASE_URL to a superuser for this command");
    }
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_needs_no_quoting() {
        let named = |name: &str| Login::named("analyst_", name);
        assert_eq!(named("ada_2").unwrap().name(), "analyst_ada_2");
        assert!(named(&"a".repeat(40)).is_ok());
        for name in
            ["", "2ada", "_ada", "Ada", "ada lovelace", "ada;", "ada'", "ada\"", "ädä", &"a".repeat(41)]
        {
            assert!(named(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn nor_does_its_password() {
        assert!(Password::chosen("correct-horse_battery.staple~2").is_ok());
        for text in
            ["short", "correct horse battery staple", "it's-a-password-of-mine", "p@ssword-of-the-service"]
        {
            assert!(Password::chosen(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn it_connects_where_the_portal_does() {
        let (login, password) = (Login::named("analyst_", "ada").unwrap(), Password("secret".into()));
        let of = |url| login.connection_string(url, &password).unwrap();
        assert_eq!(
            of("postgresql://crm:pw@db.example:5433/crm?sslmode=require"),
            "postgresql://analyst_ada:secret@db.example:5433/crm?sslmode=require"
        );
        assert!(of("postgresql://db.example/crm?sslmode=verify-full").ends_with("/crm?sslmode=verify-full"));
        assert_eq!(of("postgresql://crm@[::1]/crm"), "postgresql://analyst_ada:secret@[::1]:5432/crm");
    }
}
