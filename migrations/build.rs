//! Rebuilds the embedded list when a migration is added.
fn main() {
    println!("cargo:rerun-if-changed=sql");
}
