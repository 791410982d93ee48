//! Secrets that come by files, as operators give them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use embedded::testing;
use event_store::fixtures;

/// The variables of secrets.
const SECRETS: [&str; 5] = ["DATABASE_URL", "NATS_URL", "REDIS_URL", "SMTP_URL", "CRM_MASTER_KEY"];

fn crm(arguments: &[&str], named: &[(String, String)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crm"));
    command.env_clear().envs(named.iter().cloned()).args(arguments).output().unwrap()
}

fn secret(folder: &Path, name: &str, content: &str) -> PathBuf {
    let file = folder.join(name);
    fs::write(&file, content).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    file
}

fn refused(named: &[(String, String)]) -> String {
    let output = crm(&["migrate"], named);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("hunter2"), "{said}");
    said
}

#[tokio::test]
async fn crm_works_with_its_secrets_in_files_alone() {
    let (database, nats) = (testing::database().await, testing::nats());
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, content: &str| {
        (format!("{name}_FILE"), secret(folder.path(), name, &format!("{content}\n")).display().to_string())
    };
    let named = [
        file("DATABASE_URL", database.url()),
        file("NATS_URL", &nats.url),
        file("CRM_MASTER_KEY", fixtures::MASTER_KEY),
        ("CRM_NATS_ROOT".to_owned(), nats.stream.clone()),
        ("CRM_DIR".to_owned(), folder.path().join("none").display().to_string()),
    ];
    // It reads the log, which takes the database and the key.
    let output = tokio::task::spawn_blocking(move || crm(&["verify", "--log-only"], &named)).await.unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn each_variable_may_have_a_file_and_not_both() {
    let folder = tempfile::tempdir().unwrap();
    for name in SECRETS {
        let nowhere = folder.path().join("nowhere").display().to_string();
        let said = refused(&[(format!("{name}_FILE"), nowhere.clone())]);
        assert!(said.contains(&format!("cannot read {name}_FILE, {nowhere}: No such file")), "{said}");
        let file = secret(folder.path(), name, "hunter2").display().to_string();
        let said = refused(&[(format!("{name}_FILE"), file), (name.to_owned(), "hunter2".to_owned())]);
        assert!(said.contains(&format!("{name} and {name}_FILE are both given")), "{said}");
    }
}

#[test]
fn help_teaches_it() {
    let help = String::from_utf8(crm(&["--help"], &[]).stdout).unwrap();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in SECRETS {
        assert!(help.contains(&format!("[env: {name}_FILE=]")), "{name}: {help}");
    }
}
