//! The binary `crm`. All of it is in the library, where fuzz targets reach it too.

use mimalloc::MiMalloc;

/// Requests allocate much and in small pieces, on all cores at once: a third of a command's time went into the allocator of
/// glibc.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> std::process::ExitCode {
    crm::run().await
}
