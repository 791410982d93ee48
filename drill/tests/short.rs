//! The short form of all drills: at most two minutes.

use std::path::Path;
use std::process::Command;

#[test]
fn every_promise_is_kept_while_things_break() {
    let drill = Path::new(env!("CARGO_BIN_EXE_drill"));
    // Cargo names only the binaries of this package; that of `portal` is built beside it with the workspace.
    let crm = drill.with_file_name("crm");
    assert!(crm.exists(), "build {} first: cargo build -p portal --bin crm", crm.display());
    let out = tempfile::NamedTempFile::new().unwrap();

    let done = Command::new(drill).args(["--short", "--out"]).arg(out.path()).output().unwrap();

    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    println!("{said}");
}
