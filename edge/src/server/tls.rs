//! The certificate of a server, which is read again when its files change.

use std::error::Error as _;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ServerConfig};
use tokio_rustls::server::TlsStream;

/// How often, at most, it is looked whether the files have changed.
const INTERVAL: Duration = Duration::from_secs(1);

/// A certificate with its key, and TLS 1.2 and 1.3 by it. Clones share what was read.
#[derive(Clone)]
pub struct Tls(Arc<Files>);

struct Files {
    certificate: PathBuf,
    key: PathBuf,
    used: Mutex<Used>,
}

struct Used {
    config: Arc<ServerConfig>,
    /// The files as they were when they were read last, whatever came of it; nothing if they could not be found.
    seen: Option<Stamps>,
    looked: Instant,
}

/// What tells certificate and key from those before: node, size, and time of the last change of each.
type Stamps = [(u64, u64, i64, i64); 2];

/// Why there is no TLS by these files.
#[derive(Debug, thiserror::Error)]
pub enum BadCertificate {
    /// A file is not there, or not for us.
    #[error("cannot read {}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// A file is no whole PEM.
    #[error("{} is no whole PEM file", .0.display())]
    Damaged(PathBuf, #[source] pem::Error),
    /// There is no certificate in the file.
    #[error("{} has no certificate, which begins with -----BEGIN CERTIFICATE-----", .0.display())]
    NoCertificate(PathBuf),
    /// There is no key in the file, or one with a password.
    #[error("{} has no private key, which begins with -----BEGIN PRIVATE KEY----- and has no password", .0.display())]
    NoKey(PathBuf),
    /// They are not of each other, or of no kind that is known.
    #[error("{} and {} are no certificate and its key", .certificate.display(), .key.display())]
    Unfit {
        /// The file of the certificate.
        certificate: PathBuf,
        /// That of the key.
        key: PathBuf,
        /// What is wrong.
        source: Box<rustls::Error>,
    },
}

impl Tls {
    /// By the PEM files of a certificate, with those that lead from it to its authority, and of its private key.
    ///
    /// # Errors
    /// What is wrong with which of them.
    pub fn load(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, BadCertificate> {
        let (certificate, key) = (certificate.into(), key.into());
        let seen = stamps(&certificate, &key);
        let config = read(&certificate, &key)?;
        let used = Mutex::new(Used { config, seen, looked: Instant::now() });
        Ok(Self(Arc::new(Files { certificate, key, used })))
    }

    /// Shakes hands with a client. That takes as long as the client likes.
    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        TlsAcceptor::from(self.config().await).accept(stream).await
    }

    async fn config(&self) -> Arc<ServerConfig> {
        if self.0.is_due() {
            let files = Arc::clone(&self.0);
            // Whoever comes meanwhile gets what there is.
            let _looked = tokio::task::spawn_blocking(move || files.look()).await;
        }
        self.0.config()
    }
}

impl Files {
    fn used(&self) -> MutexGuard<'_, Used> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.used().config)
    }

    fn is_due(&self) -> bool {
        let mut used = self.used();
        let is_due = used.looked.elapsed() >= INTERVAL;
        if is_due {
            used.looked = Instant::now();
        }
        is_due
    }

    /// Reads the files if they are not what they were. What is of no use does not replace what is; it is told of once.
    fn look(&self) {
        // Before they are read: what changes meanwhile is read the next time.
        let now = stamps(&self.certificate, &self.key);
        if self.used().seen == now {
            return;
        }
        let done = read(&self.certificate, &self.key);
        let mut used = self.used();
        used.seen = now;
        match done {
            Ok(config) => {
                used.config = config;
                tracing::info!(certificate = %self.certificate.display(), "a new certificate is served");
            }
            Err(error) => {
                let cause = error.source().map(ToString::to_string).unwrap_or_default();
                tracing::warn!(%error, cause, "the new certificate is of no use, so the old one is served on");
            }
        }
    }
}

fn stamps(certificate: &Path, key: &Path) -> Option<Stamps> {
    let stamp = |file: &Path| {
        let found = fs::metadata(file).ok()?;
        Some((found.ino(), found.size(), found.mtime(), found.mtime_nsec()))
    };
    Some([stamp(certificate)?, stamp(key)?])
}

fn read(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, BadCertificate> {
    let content =
        |file: &Path| fs::read(file).map_err(|error| BadCertificate::Unreadable(file.to_owned(), error));
    let chain = CertificateDer::pem_slice_iter(&content(certificate)?)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| BadCertificate::Damaged(certificate.to_owned(), error))?;
    if chain.is_empty() {
        return Err(BadCertificate::NoCertificate(certificate.to_owned()));
    }
    let private = match PrivateKeyDer::from_pem_slice(&content(key)?) {
        Ok(private) => private,
        Err(pem::Error::NoItemsFound) => return Err(BadCertificate::NoKey(key.to_owned())),
        Err(error) => return Err(BadCertificate::Damaged(key.to_owned(), error)),
    };
    let unfit = |error| BadCertificate::Unfit {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        source: Box::new(error),
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(unfit)?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Suites in our order: the strongest first.
    config.ignore_client_order = true;
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use embedded::testing::TestAuthority;

    use super::*;

    #[test]
    fn a_certificate_that_changes_is_read_again_and_one_that_is_of_no_use_is_not_served() {
        let authority = TestAuthority::new();
        let (certificate, key) = authority.issue("crm.example");
        let tls = Tls::load(&certificate, &key).unwrap();
        let first = tls.0.config();
        tls.0.look();
        assert!(Arc::ptr_eq(&first, &tls.0.config()), "it did not change");

        fs::write(&certificate, "-----BEGIN CERTIFICATE-----\nhalf").unwrap();
        tls.0.look();
        assert!(Arc::ptr_eq(&first, &tls.0.config()), "half a certificate");
        let (other, _) = authority.issue("other.example");
        fs::copy(&other, &certificate).unwrap();
        tls.0.look();
        assert!(Arc::ptr_eq(&first, &tls.0.config()), "the key is that of another");
        fs::remove_file(&certificate).unwrap();
        tls.0.look();
        assert!(Arc::ptr_eq(&first, &tls.0.config()), "there is none");

        authority.issue("crm.example");
        tls.0.look();
        assert!(!Arc::ptr_eq(&first, &tls.0.config()), "it changed");
    }

    #[test]
    fn it_is_looked_once_a_second_whether_the_files_have_changed() {
        let authority = TestAuthority::new();
        let (certificate, key) = authority.issue("crm.example");
        let tls = Tls::load(certificate, key).unwrap();
        assert!(!tls.0.is_due());
        tls.0.used().looked = Instant::now().checked_sub(INTERVAL).unwrap();
        assert!(tls.0.is_due());
        assert!(!tls.0.is_due());
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_with_its_name() {
        let authority = TestAuthority::new();
        let (certificate, key) = authority.issue("crm.example");
        let (_, other) = authority.issue("other.example");
        let none = certificate.with_file_name("none.pem");
        let half = certificate.with_file_name("half.pem");
        fs::write(&half, "-----BEGIN CERTIFICATE-----\nhalf").unwrap();
        for (certificate, key, told) in [
            (&none, &key, "cannot read"),
            (&certificate, &none, "cannot read"),
            (&half, &key, "half.pem is no whole PEM file"),
            (&key, &key, "has no certificate"),
            (&certificate, &certificate, "has no private key"),
            (&certificate, &other, "are no certificate and its key"),
        ] {
            let error = Tls::load(certificate, key).map(drop).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
