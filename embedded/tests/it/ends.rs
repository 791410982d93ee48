//! However a process ends, its servers end too, and the next one finds the data.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use embedded::{Error, testing};
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, Executor, PgConnection};

use crate::{connect, eventually, port, start};

const HOLD: &str = "CRM_EMBEDDED_TEST_HOLD";

/// Not a test by itself: the process that [`hold`] starts, to be killed. It prints its URLs and lives on.
#[tokio::test]
async fn holder() {
    let Some(dir) = env::var_os(HOLD) else { return };
    let servers = start(Path::new(&dir)).await.unwrap();
    println!("\nurl {}\nurl {}", servers.database_url(), servers.nats_url());
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
}

/// Another process that runs servers in `dir`.
fn hold(dir: &Path) -> (Child, Vec<String>) {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "ends::holder", "--nocapture"]).env(HOLD, dir);
    spawn(&mut command)
}

fn spawn(command: &mut Command) -> (Child, Vec<String>) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let lines = output.by_ref().lines().map_while(Result::ok);
    let urls = lines.filter_map(|line| line.strip_prefix("url ").map(str::to_owned)).take(2).collect();
    // Back to the child, which may still print.
    child.stdout = Some(output.into_inner());
    (child, urls)
}

fn taken(url: &str) -> bool {
    TcpStream::connect(("127.0.0.1", port(url))).is_ok()
}

fn pid_in(file: &Path) -> Pid {
    let text = fs::read_to_string(file).unwrap();
    Pid::from_raw(text.lines().next().unwrap().trim().parse().unwrap()).unwrap()
}

#[tokio::test]
async fn a_folder_is_refused_while_its_process_lives_and_taken_over_with_its_data_after_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let (mut holder, urls) = hold(dir.path());
    let mut connection = PgConnection::connect(&urls[0]).await.unwrap();
    connection.execute("create table note as select 'kept' as body").await.unwrap();

    let error = start(dir.path()).await.err().unwrap();
    assert!(matches!(error, Error::InUse { pid, .. } if pid.cast_unsigned() == holder.id()), "{error}");

    holder.kill().unwrap();
    holder.wait().unwrap();
    // At once: this waits for the servers of the dead process.
    let servers = start(dir.path()).await.unwrap();

    assert!(!taken(&urls[0]) && !taken(&urls[1]));
    let body: String =
        sqlx::query_scalar("select body from note").fetch_one(&mut connect(&servers).await).await.unwrap();
    assert_eq!(body, "kept");
    let log = fs::read_to_string(dir.path().join("postgres.log")).unwrap();
    assert!(!log.contains("not properly shut down"), "{log}");
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn servers_that_lost_their_supervisors_are_stopped_before_new_ones_start() {
    let dir = tempfile::tempdir().unwrap();
    let (mut holder, urls) = hold(dir.path());
    let dir = dir.path().canonicalize().unwrap();
    let pids = [pid_in(&dir.join("postgres/postmaster.pid")), pid_in(&dir.join("nats.pid"))];
    // The supervisors lead the process groups of their servers. The order must not reach the servers, so all die at once.
    for pid in pids {
        let group = rustix::process::getpgid(Some(pid)).unwrap();
        for member in members(group) {
            if !pids.contains(&member) && parent(member) != Some(pids[0]) {
                kill_process(member, Signal::KILL).unwrap();
            }
        }
    }
    holder.kill().unwrap();
    holder.wait().unwrap();
    assert!(taken(&urls[0]) && taken(&urls[1]), "the servers are not orphans");

    let servers = start(&dir).await.unwrap();

    assert!(!taken(&urls[0]) && !taken(&urls[1]));
    connect(&servers).await;
    servers.stop().await.unwrap();
}

fn members(group: Pid) -> Vec<Pid> {
    processes()
        .into_iter()
        .filter(|[_, _, g]| *g == group.as_raw_nonzero().get())
        .filter_map(|[pid, ..]| Pid::from_raw(pid))
        .collect()
}

fn parent(of: Pid) -> Option<Pid> {
    let found = processes().into_iter().find(|[pid, ..]| *pid == of.as_raw_nonzero().get())?;
    Pid::from_raw(found[1])
}

/// Number, parent and group of every process.
fn processes() -> Vec<[i32; 3]> {
    let output = Command::new("ps").args(["-A", "-o", "pid=,ppid=,pgid="]).output().unwrap();
    let number = |text: &str| text.parse().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| line.split_whitespace().map(number).collect::<Vec<i32>>().try_into().unwrap())
        .collect()
}

#[tokio::test]
async fn with_servers_leaves_nothing_when_it_is_killed() {
    let temp = tempfile::tempdir().unwrap();
    let script = "echo url $CRM_TEST_DATABASE_URL; echo url $CRM_TEST_NATS_URL; read -r _";
    let mut command = Command::new(env!("CARGO_BIN_EXE_with-servers"));
    let (mut runner, urls) = spawn(command.args(["sh", "-c", script]).env("TMPDIR", temp.path()));
    assert!(taken(&urls[0]) && taken(&urls[1]));

    runner.kill().unwrap();
    runner.wait().unwrap();

    eventually("the servers are gone", || !taken(&urls[0]) && !taken(&urls[1])).await;
    eventually("their folder is gone", || fs::read_dir(temp.path()).unwrap().next().is_none()).await;
}

#[test]
fn with_servers_passes_on_the_exit_code_and_cleans_up() {
    let temp = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_with-servers"));
    let status = command.args(["sh", "-c", "exit 7"]).env("TMPDIR", temp.path()).status().unwrap();

    assert_eq!(status.code(), Some(7));
    assert!(fs::read_dir(temp.path()).unwrap().next().is_none());
}

#[tokio::test]
async fn a_server_that_ends_by_itself_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let mut servers = start(dir.path()).await.unwrap();

    kill_process(pid_in(&dir.path().join("nats.pid")), Signal::KILL).unwrap();

    let error = servers.died().await.to_string();
    assert!(error.starts_with("nats-server stopped by itself"), "{error}");
    servers.stop().await.unwrap();
}

#[tokio::test]
async fn a_killed_postgres_starts_again_with_its_data_on_the_same_url_once_that_is_free() {
    let mut postgres = testing::own_postgres();
    let url = postgres.url();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    connection.execute("create table note as select 'kept' as body").await.unwrap();
    postgres.kill().unwrap();

    let squatter = TcpListener::bind(("127.0.0.1", port(&url))).unwrap();
    let error = postgres.restart().unwrap_err().to_string();
    assert!(error.starts_with("PostgreSQL did not start"), "{error}");
    assert!(error.contains("Address already in use"), "{error}");
    drop(squatter);
    postgres.restart().unwrap();

    assert_eq!(postgres.url(), url);
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let body: String = sqlx::query_scalar("select body from note").fetch_one(&mut connection).await.unwrap();
    assert_eq!(body, "kept");
}
