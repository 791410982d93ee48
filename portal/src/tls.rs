//! TLS: the certificate that we show, and the authorities whose word we take.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use edge::Tls;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;

/// What an address of PostgreSQL names its authority by.
const NAMES: [&str; 3] = ["sslrootcert=", "ssl-root-cert=", "ssl-ca="];

/// Which certificate we show, and whose we take.
#[derive(Args, Clone, Debug)]
pub struct TlsArgs {
    /// The PEM file of the certificate by which APIs and operators are served, by TLS only, and of those that lead from it to its
    /// authority; read again when it changes
    #[arg(long, env = "CRM_TLS_CERT", global = true, value_name = "FILE")]
    pub tls_cert: Option<PathBuf>,
    /// The PEM file of its private key
    #[arg(long, env = "CRM_TLS_KEY", global = true, value_name = "FILE")]
    pub tls_key: Option<PathBuf>,
    /// The PEM file of the authorities whose certificates NATS, Redis and the collector of spans have to show, in place of public ones;
    /// PostgreSQL, the mail server, the service of leaked passwords and the OpenID providers of CRM_OIDC_ORIGINS may, beside public ones
    #[arg(long, env = "CRM_CA_FILE", global = true, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

impl TlsArgs {
    /// The certificate that we show, if there is one.
    pub fn own(&self) -> anyhow::Result<Option<Tls>> {
        match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => {
                let tls = Tls::load(certificate, key);
                Ok(Some(tls.context("CRM_TLS_CERT and CRM_TLS_KEY are of no use")?))
            }
            (None, None) => Ok(None),
            (Some(_), None) => bail!("CRM_TLS_CERT is set, so CRM_TLS_KEY is needed too"),
            (None, Some(_)) => bail!("CRM_TLS_KEY is set, so CRM_TLS_CERT is needed too"),
        }
    }

    /// What begins the address of an API.
    pub fn scheme(&self) -> &'static str {
        if self.tls_cert.is_some() { "https" } else { "http" }
    }

    /// The authorities of our own, if there are any.
    pub fn authority(&self) -> anyhow::Result<Option<Authority>> {
        self.ca_file
            .as_deref()
            .map(|file| Authority::read(file).context("CRM_CA_FILE is of no use"))
            .transpose()
    }
}

/// Authorities whose word is taken.
#[derive(Clone, Debug)]
pub struct Authority {
    file: PathBuf,
    pem: Vec<u8>,
}

impl Authority {
    fn read(file: &Path) -> anyhow::Result<Self> {
        let named = file.display();
        let pem = std::fs::read(file).with_context(|| format!("cannot read {named}"))?;
        let mut known = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&pem) {
            let certificate = certificate.with_context(|| format!("{named} is no whole PEM file"))?;
            known
                .add(certificate)
                .with_context(|| format!("a certificate of {named} is that of no authority"))?;
        }
        if known.is_empty() {
            bail!("{named} has no certificate, which begins with -----BEGIN CERTIFICATE-----");
        }
        Ok(Self { file: file.to_owned(), pem })
    }

    /// Where they are.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// All of them.
    pub fn pem(&self) -> &[u8] {
        &self.pem
    }

    /// An address of PostgreSQL that names them, unless it names others.
    pub fn named_in(&self, database_url: &str) -> anyhow::Result<String> {
        let (_, query) = database_url.split_once('?').unwrap_or((database_url, ""));
        let names_others = query.split('&').any(|pair| NAMES.iter().any(|name| pair.starts_with(name)));
        if names_others || std::env::var_os("PGSSLROOTCERT").is_some() {
            return Ok(database_url.to_owned());
        }
        let file = self.file.to_str().context("the path of CRM_CA_FILE must be UTF-8")?;
        let file = utf8_percent_encode(file, NON_ALPHANUMERIC);
        let separator = if database_url.contains('?') { '&' } else { '?' };
        Ok(format!("{database_url}{separator}sslrootcert={file}"))
    }
}

#[cfg(test)]
mod tests {
    use embedded::testing::TestAuthority;

    use super::*;

    fn args(cert: Option<&Path>, key: Option<&Path>, ca: Option<&Path>) -> TlsArgs {
        let owned = |file: Option<&Path>| file.map(Path::to_owned);
        TlsArgs { tls_cert: owned(cert), tls_key: owned(key), ca_file: owned(ca) }
    }

    #[test]
    fn a_certificate_comes_with_its_key_or_not_at_all() {
        let authority = TestAuthority::new();
        let (certificate, key) = authority.issue("crm.example");
        assert!(args(None, None, None).own().unwrap().is_none());
        assert!(args(Some(&certificate), Some(&key), None).own().unwrap().is_some());
        for (certificate, key, told) in [
            (Some(certificate.as_path()), None, "CRM_TLS_CERT is set, so CRM_TLS_KEY is needed too"),
            (None, Some(key.as_path()), "CRM_TLS_KEY is set, so CRM_TLS_CERT is needed too"),
            (Some(key.as_path()), Some(key.as_path()), "CRM_TLS_CERT and CRM_TLS_KEY are of no use: "),
        ] {
            let error = args(certificate, key, None).own().map(drop).unwrap_err();
            assert!(format!("{error:#}").contains(told), "{error:#}");
        }
    }

    #[test]
    fn authorities_that_are_missing_empty_or_damaged_are_no_authorities() {
        let authority = TestAuthority::new();
        let (_, key) = authority.issue("crm.example");
        let file = |name: &str, content: &[u8]| {
            let file = key.with_file_name(name);
            std::fs::write(&file, content).unwrap();
            file
        };
        let read = |file: &Path| args(None, None, Some(file)).authority();
        let good = std::fs::read(authority.file()).unwrap();
        assert_eq!(read(&authority.file()).unwrap().unwrap().pem(), good);
        let other = std::fs::read(TestAuthority::new().file()).unwrap();
        let two = [good.as_slice(), other.as_slice()].concat();
        assert_eq!(read(&file("two.pem", &two)).unwrap().unwrap().pem(), two);
        let noise = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (file, told) in [
            (key.with_file_name("none.pem"), "cannot read"),
            (file("empty.pem", b""), "has no certificate"),
            (key.clone(), "has no certificate"),
            (file("half.pem", &good[..good.len() / 2]), "is no whole PEM file"),
            (file("noise.pem", noise), "is that of no authority"),
        ] {
            let error = format!("{:#}", read(&file).unwrap_err());
            assert!(error.starts_with("CRM_CA_FILE is of no use: ") && error.contains(told), "{error}");
        }
    }

    #[test]
    fn an_address_of_postgresql_names_the_authority_unless_it_names_one() {
        let authority = Authority { file: "/etc/crm & co/ca.pem".into(), pem: Vec::new() };
        let named = |url: &str| authority.named_in(url).unwrap();
        assert_eq!(
            named("postgresql://db.example/crm?sslmode=verify-full"),
            "postgresql://db.example/crm?sslmode=verify-full&sslrootcert=%2Fetc%2Fcrm%20%26%20co%2Fca%2Epem"
        );
        assert_eq!(
            named("postgresql://db.example/crm"),
            "postgresql://db.example/crm?sslrootcert=%2Fetc%2Fcrm%20%26%20co%2Fca%2Epem"
        );
        for own in [
            "postgresql://db.example/crm?sslrootcert=/other.pem",
            "postgresql://db.example/crm?sslmode=verify-full&ssl-ca=/other.pem",
        ] {
            assert_eq!(named(own), own);
        }
    }
}
