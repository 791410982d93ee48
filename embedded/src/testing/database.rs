//! A database for each test, copied from one that was migrated once.

use std::collections::VecDeque;
use std::str::FromStr;
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, PgConnection, PgPool};
use tokio::runtime;
use uuid::Uuid;

use super::nats::unique_name;
use super::{DATABASE_URL, Servers, servers};
use crate::site::IN_MEMORY;

/// Held in the server's first database while the template is made: by one process of all that share the server.
const TEMPLATE_LOCK: i64 = 0x6372_6d74;

/// A database that one test has for itself. It goes with the server, if not before.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
    pool: PgPool,
}

impl TestDatabase {
    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, as a superuser: `postgresql://…`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Up to 10 connections as a superuser; they belong to the runtime of the test.
    pub fn pool(&self) -> PgPool {
        self.pool.clone()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let _ = remover().send(self.name.clone());
    }
}

/// A new database with all migrations.
///
/// # Panics
/// If the servers do not start, or a migration fails.
pub async fn database() -> TestDatabase {
    let mut admin = connect(servers().options()).await;
    let template = template_name();
    if !exists(&mut admin, &template).await {
        make_template(&mut admin, &template).await;
    }
    copy(admin, &template).await
}

/// A new database without any migration.
///
/// # Panics
/// If the servers do not start.
pub async fn empty_database() -> TestDatabase {
    copy(connect(servers().options()).await, "template1").await
}

async fn copy(mut admin: PgConnection, template: &str) -> TestDatabase {
    let name = unique_name();
    execute(&mut admin, &format!("create database {name} template {template} strategy file_copy")).await;
    let options = servers().options().database(&name);
    let url = renamed(&servers().database_url, &name);
    let pool = PgPoolOptions::new()
        .max_connections(10)
        .acquire_timeout(Duration::from_secs(30))
        .connect_lazy_with(options);
    TestDatabase { name, url, pool }
}

/// The URL of another database on the same server.
fn renamed(url: &str, database: &str) -> String {
    let (url, query) = url.split_at(url.find('?').unwrap_or(url.len()));
    let server = url.rsplit_once('/').map_or(url, |(server, _)| server);
    format!("{server}/{database}{query}")
}

/// The name tells which migrations are in it, so that a server that outlives a change of them gets another one.
fn template_name() -> String {
    let checksums: Vec<u8> =
        migrations::MIGRATOR.iter().flat_map(|migration| migration.checksum.to_vec()).collect();
    format!("template_{}", Uuid::new_v5(&Uuid::NAMESPACE_OID, &checksums).simple())
}

async fn exists(admin: &mut PgConnection, database: &str) -> bool {
    let query = sqlx::query("select 1 from pg_database where datname = $1").bind(database);
    query
        .fetch_optional(admin)
        .await
        .unwrap_or_else(|error| panic!("cannot list the databases: {error}"))
        .is_some()
}

/// It has its final name only when it is complete.
async fn make_template(admin: &mut PgConnection, template: &str) {
    let lock = format!("select pg_advisory_lock({TEMPLATE_LOCK})");
    execute(admin, &lock).await;
    if !exists(admin, template).await {
        execute(admin, &format!("drop database if exists {template}_new with (force)")).await;
        execute(admin, &format!("create database {template}_new")).await;
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_lazy_with(servers().options().database(&format!("{template}_new")));
        migrations::MIGRATOR
            .run(&pool)
            .await
            .unwrap_or_else(|error| panic!("the migrations do not run: {error}"));
        pool.close().await;
        // A database that someone is connected to is neither renamed nor copied, and `close` can leave a connection open.
        execute(admin, &format!("alter database {template}_new with allow_connections false")).await;
        let others = format!("select pid from pg_stat_activity where datname = '{template}_new'");
        execute(admin, &format!("select pg_terminate_backend(pid, 10000) from ({others}) as other")).await;
        execute(admin, &format!("alter database {template}_new rename to {template}")).await;
    }
    execute(admin, &format!("select pg_advisory_unlock({TEMPLATE_LOCK})")).await;
}

async fn connect(options: PgConnectOptions) -> PgConnection {
    PgConnection::connect_with(&options)
        .await
        .unwrap_or_else(|error| panic!("cannot connect to PostgreSQL: {error}"))
}

async fn execute(connection: &mut PgConnection, sql: &str) {
    sqlx::query(sql).execute(connection).await.unwrap_or_else(|error| panic!("`{sql}` failed: {error}"));
}

impl Servers {
    fn options(&self) -> PgConnectOptions {
        PgConnectOptions::from_str(&self.database_url)
            .unwrap_or_else(|error| panic!("{DATABASE_URL} is not the URL of a database: {error}"))
    }
}

/// How many databases of this process stay after their tests if the server's files are on a disk. Each has 300 files and
/// 8 MB, and ext4 is ten times slower to make files for a minute after so many were deleted.
const KEPT_ON_DISK: usize = 150;

/// Drops databases behind the tests' backs.
fn remover() -> &'static Sender<String> {
    static REMOVER: OnceLock<Sender<String>> = OnceLock::new();
    REMOVER.get_or_init(|| {
        let (sender, names) = channel::<String>();
        thread::spawn(move || {
            let Ok(runtime) = runtime::Builder::new_current_thread().enable_all().build() else { return };
            let kept = if runtime.block_on(in_memory()) { 0 } else { KEPT_ON_DISK };
            let mut unused = VecDeque::new();
            for name in names {
                unused.push_back(name);
                if unused.len() > kept {
                    runtime.block_on(drop_database(unused.pop_front()));
                }
            }
        });
        sender
    })
}

async fn in_memory() -> bool {
    let mut admin = connect(servers().options()).await;
    let sql = "select starts_with(current_setting('data_directory'), $1)";
    sqlx::query_scalar(sql).bind(IN_MEMORY).fetch_one(&mut admin).await.unwrap_or(false)
}

/// A database that cannot be dropped costs only space.
async fn drop_database(name: Option<String>) {
    let (Some(name), Ok(mut admin)) = (name, PgConnection::connect_with(&servers().options()).await) else {
        return;
    };
    let sql = format!("drop database if exists {name} with (force)");
    let _ = sqlx::query(&sql).execute(&mut admin).await;
}

#[cfg(test)]
mod tests {
    use super::renamed;

    #[test]
    fn a_url_keeps_all_but_the_database() {
        assert_eq!(
            renamed("postgresql://crm:x@127.0.0.1:5/crm", "t_1"),
            "postgresql://crm:x@127.0.0.1:5/t_1"
        );
        assert_eq!(
            renamed("postgresql://host/crm?sslmode=disable", "t_1"),
            "postgresql://host/t_1?sslmode=disable"
        );
    }
}
