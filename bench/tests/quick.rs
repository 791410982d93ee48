//! All measures at once, each for a moment: a measure that broke is found before somebody wants its figures.

use std::path::Path;
use std::process::Command;

#[test]
fn every_measure_comes_to_an_end() {
    let bench = Path::new(env!("CARGO_BIN_EXE_bench"));
    // Cargo names only the binaries of this package; that of `portal` is built beside it with the workspace.
    let crm = bench.with_file_name("crm");
    assert!(crm.exists(), "build {} first: cargo build -p portal --bin crm", crm.display());
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("bench.json");

    let done = Command::new(bench)
        .args(["--quick", "--rounds", "1", "--dir"])
        .arg(folder.path().join("servers"))
        .arg("--json")
        .arg(&json)
        .output()
        .unwrap();

    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}");
    let figures: serde_json::Value = serde_json::from_slice(&std::fs::read(json).unwrap()).unwrap();
    let measured = figures["rows"].as_array().unwrap().len();
    assert!(measured >= 23, "only {measured} rows: {said}");
}
