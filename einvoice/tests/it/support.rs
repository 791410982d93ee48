use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The folder of electronic invoices of others; none, said loudly, where it is missing.
pub fn data() -> Option<PathBuf> {
    let usual = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let found = env::var_os("CRM_TEST_DATA").map_or_else(usual, PathBuf::from).join("einvoice");
    if found.exists() {
        return Some(found);
    }
    eprintln!("SKIPPED: there is no {}; CRM_TEST_DATA names the folder of the test data", found.display());
    None
}

/// Where Saxon is; none, said loudly, where it is missing.
fn saxon() -> Option<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = env::current_exe().unwrap_or_default();
    let named = env::var_os("CRM_TOOLS").map(PathBuf::from);
    let near = here.ancestors().chain(program.ancestors()).map(|folder| folder.join(".tools"));
    let found = named.into_iter().chain(near).map(|tools| tools.join("schematron")).find(|s| s.is_dir());
    if found.is_none() {
        eprintln!("SKIPPED: there is no .tools/schematron; `make tools` installs it");
    }
    found
}

/// Each rule of a published set that a document breaks, as `document, flag, rule, element`. None if they cannot be run here.
pub fn broken_rules(rules: &str, documents: &[(String, String)]) -> Option<Vec<[String; 4]>> {
    let (data, saxon) = (data()?, saxon()?);
    let folder = tempfile::tempdir().unwrap();
    let names = documents.iter().map(|(name, xml)| {
        fs::write(folder.path().join(name), xml).unwrap();
        name
    });
    let output = Command::new("python3")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/schematron.py"))
        .arg(data.canonicalize().unwrap().join("rules").join(rules))
        .args(names)
        .current_dir(folder.path())
        .env("PYTHONPATH", saxon)
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.pop(), Some(format!("checked {}", documents.len()).as_str()), "{out}{err}");
    let columns = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
    Some(lines.into_iter().map(|line| columns(line).try_into().unwrap()).collect())
}
