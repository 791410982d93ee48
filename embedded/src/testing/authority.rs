//! An authority of a test's own, and TLS by its certificates before servers that speak none.

use std::env;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::server::TlsStream;

use super::nats::unique_name;

/// What makes certificates, for tests as for whoever runs services.
const ISSUE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/tls/issue");

/// An authority that nobody trusts by itself. Its files go when it is dropped.
#[derive(Debug)]
pub struct TestAuthority {
    dir: PathBuf,
}

/// What a server speaks before TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opening {
    /// Nothing.
    None,
    /// That of PostgreSQL: eight bytes that ask for TLS, and the letter S.
    Postgres,
}

/// A place at which TLS is spoken for a server that speaks none, until it is dropped.
#[derive(Debug)]
pub struct TestTls {
    /// On this machine.
    pub port: u16,
    refused: Arc<Notify>,
    serving: JoinHandle<()>,
}

impl TestAuthority {
    /// Makes one.
    ///
    /// # Panics
    /// Without openssl.
    #[expect(clippy::new_without_default, reason = "it runs a program")]
    pub fn new() -> Self {
        let authority = Self { dir: env::temp_dir().join(unique_name()) };
        authority.run(&[]);
        authority
    }

    /// The PEM file of what is to be trusted.
    pub fn file(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// The PEM files of a certificate for a host or an IP address and of its key, in place of those that there were.
    ///
    /// # Panics
    /// Without openssl.
    pub fn issue(&self, name: &str) -> (PathBuf, PathBuf) {
        self.run(&[name]);
        let folder = self.dir.join(name);
        (folder.join("cert.pem"), folder.join("key.pem"))
    }

    /// What a client goes by that trusts this authority only, and offers these protocols above TLS.
    ///
    /// # Panics
    /// If the file cannot be read.
    pub fn client(&self, protocols: &[&str]) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&self.file()) {
            roots.add(certificate).expect("an authority");
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }

    fn run(&self, names: &[&str]) {
        let output = Command::new("sh").arg(ISSUE).arg(&self.dir).args(names).output().expect("sh starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for TestAuthority {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.dir);
    }
}

/// Speaks TLS, by a certificate for 127.0.0.1, for the server at `behind`.
///
/// # Panics
/// If it does not start.
pub async fn tls_before(behind: SocketAddr, authority: &TestAuthority, opening: Opening) -> TestTls {
    let (certificate, key) = authority.issue("127.0.0.1");
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(certificates(&certificate), key)
        .expect("a certificate and its key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let refused = Arc::<Notify>::default();
    let told = Arc::clone(&refused);
    let serving = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, told) = (acceptor.clone(), Arc::clone(&told));
            tokio::spawn(async move {
                match shake(stream, acceptor, opening).await {
                    Ok(inside) => {
                        let _ended = pass(inside, behind).await;
                    }
                    Err(_) => told.notify_one(),
                }
            });
        }
    });
    TestTls { port, refused, serving }
}

impl TestTls {
    /// Returns when a client has gone away that did not take the certificate, or has already.
    pub async fn refused(&self) {
        self.refused.notified().await;
    }
}

impl Drop for TestTls {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn shake(
    mut stream: TcpStream,
    acceptor: TlsAcceptor,
    opening: Opening,
) -> io::Result<TlsStream<TcpStream>> {
    if opening == Opening::Postgres {
        stream.read_exact(&mut [0; 8]).await?;
        stream.write_all(b"S").await?;
    }
    acceptor.accept(stream).await
}

async fn pass(mut inside: TlsStream<TcpStream>, behind: SocketAddr) -> io::Result<()> {
    let mut plain = TcpStream::connect(behind).await?;
    copy_bidirectional(&mut inside, &mut plain).await?;
    Ok(())
}

fn certificates(file: &Path) -> Vec<CertificateDer<'static>> {
    let read = CertificateDer::pem_file_iter(file).expect("a file");
    read.map(|certificate| certificate.expect("a certificate")).collect()
}
