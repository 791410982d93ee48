//! Where clients come in.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::Tls;

/// An address at which clients are waited for, by TLS if there is a certificate.
pub struct Listener {
    pub(super) tcp: TcpListener,
    pub(super) tls: Option<Tls>,
}

impl Listener {
    /// By TLS, if there is any.
    pub fn new(tcp: TcpListener, tls: Option<Tls>) -> Self {
        Self { tcp, tls }
    }

    /// The address.
    ///
    /// # Errors
    /// It has none, which means that it is broken.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }

    /// The address as clients name it: `http://127.0.0.1:8080`, or `https://` by TLS.
    ///
    /// # Errors
    /// As [`Listener::local_addr`].
    pub fn url(&self) -> io::Result<String> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{}", self.local_addr()?))
    }
}

impl From<TcpListener> for Listener {
    fn from(tcp: TcpListener) -> Self {
        Self::new(tcp, None)
    }
}
