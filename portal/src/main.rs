//! The binary `crm`. All of it is in the library, where fuzz targets reach it too.

#[tokio::main]
async fn main() -> std::process::ExitCode {
    crm::run().await
}
