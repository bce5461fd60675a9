//! The way to a destination: look its name up, check every address, connect to an address that was checked.
//!
//! Checked is what is connected to, at every connection: a name that leads elsewhere a moment later changes nothing. There is no
//! proxy, and nothing is followed elsewhere.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use largesse_domain::address::is_public;
use largesse_domain::destination::{Destination, Host, WebhookUrl};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::trust::{Own, Trust, TrustError};

/// Finds the addresses of a name.
pub type Lookup = Arc<dyn Fn(String, u16) -> Found + Send + Sync>;
type Found = Pin<Box<dyn Future<Output = io::Result<Vec<SocketAddr>>> + Send>>;

/// Asks the system.
#[must_use]
pub fn system_lookup() -> Lookup {
    Arc::new(|name, port| Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) }))
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// The destination has no permission for that.
    #[error("the URL {0}, and the destination may not be private")]
    Barred(&'static str),
    /// The name leads to a network that the destination has no permission for.
    #[error("the name leads to {0}, and the destination may not be private")]
    Private(std::net::IpAddr),
    /// The name is not known.
    #[error("the name cannot be looked up: {0}")]
    Lookup(#[source] io::Error),
    /// The name has no address.
    #[error("the name has no address")]
    Nowhere,
    /// Nobody answers there.
    #[error("cannot connect: {0}")]
    Connect(#[source] io::Error),
    /// There is no trust between the two.
    #[error("TLS failed: {0}")]
    Tls(#[source] io::Error),
}

/// A connection, with TLS or without.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects to destinations.
#[derive(Clone)]
pub struct Connector {
    lookup: Lookup,
    tls: TlsConnector,
}

impl Connector {
    /// Trusts the authorities of Mozilla's list, and those others.
    ///
    /// # Errors
    /// When one of the others is no certificate of an authority, or the host's own key does not fit its certificate.
    pub fn new(lookup: Lookup, trust: Trust) -> Result<Self, TrustError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for other in trust.authorities {
            roots.add(other).map_err(TrustError::Unfit)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Unfit)?
            .with_root_certificates(roots);
        let config = match trust.own {
            Some(Own { chain, key }) => config.with_client_auth_cert(chain, key).map_err(TrustError::Unfit)?,
            None => config.with_no_client_auth(),
        };
        Ok(Self { lookup, tls: TlsConnector::from(Arc::new(config)) })
    }

    /// A connection to where the destination is now, if it may be there.
    pub(crate) async fn connect(&self, destination: &Destination) -> Result<Box<dyn Stream>, ConnectError> {
        let url = &destination.url;
        let addresses = self.addresses(url, destination.allow_private).await?;
        let mut last = ConnectError::Nowhere;
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => return self.secure(url, stream).await,
                Err(error) => last = ConnectError::Connect(error),
            }
        }
        Err(last)
    }

    /// Where the URL leads. When one of its addresses may not be connected to, none may.
    async fn addresses(&self, url: &WebhookUrl, allow_private: bool) -> Result<Vec<SocketAddr>, ConnectError> {
        if !allow_private && let Some(why) = Destination::barred(url) {
            return Err(ConnectError::Barred(why));
        }
        let addresses = match url.host() {
            Host::Address(address) => vec![SocketAddr::new(*address, url.port())],
            Host::Name(name) => (self.lookup)(name.clone(), url.port()).await.map_err(ConnectError::Lookup)?,
        };
        match addresses.iter().find(|address| !allow_private && !is_public(address.ip())) {
            Some(private) => Err(ConnectError::Private(private.ip())),
            None => Ok(addresses),
        }
    }

    async fn secure(&self, url: &WebhookUrl, stream: TcpStream) -> Result<Box<dyn Stream>, ConnectError> {
        // Requests are written at once; waiting to fill a packet only delays them.
        let _ = stream.set_nodelay(true);
        if !url.is_secure() {
            return Ok(Box::new(stream));
        }
        let name = match url.host() {
            Host::Address(address) => ServerName::IpAddress((*address).into()),
            Host::Name(name) => ServerName::try_from(name.clone())
                .map_err(|error| ConnectError::Tls(io::Error::new(io::ErrorKind::InvalidInput, error)))?,
        };
        Ok(Box::new(self.tls.connect(name, stream).await.map_err(ConnectError::Tls)?))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// A lookup that answers these, one after the other, and counts.
    fn lookup(answers: &'static [&'static [&'static str]]) -> (Lookup, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let lookup: Lookup = Arc::new(move |_, port| {
            let answer = answers[count.fetch_add(1, Ordering::SeqCst).min(answers.len() - 1)];
            let found = answer.iter().map(|address| SocketAddr::new(address.parse().unwrap(), port)).collect();
            Box::pin(async move { Ok(found) })
        });
        (lookup, asked)
    }

    async fn addresses(lookup: Lookup, url: &str, allow_private: bool) -> Result<Vec<SocketAddr>, ConnectError> {
        Connector::new(lookup, Trust::default()).unwrap().addresses(&url.parse().unwrap(), allow_private).await
    }

    #[tokio::test]
    async fn a_name_may_lead_to_public_addresses_only() {
        let private: &[&[&str]] = &[
            &["127.0.0.1"],
            &["10.0.0.7"],
            &["169.254.169.254"],
            &["100.64.0.1"],
            &["0.0.0.0"],
            &["::1"],
            &["::ffff:127.0.0.1"],
            &["::ffff:169.254.169.254"],
            &["fd00:ec2::254"],
            &["fe80::1"],
            &["64:ff9b::a9fe:a9fe"],
            &["224.0.0.1"],
            &["8.8.8.8", "10.0.0.7"],
            &["2606:4700::1111", "::1"],
        ];
        for answer in private {
            let (lookup, _) = lookup(std::slice::from_ref(answer));
            let refused = addresses(lookup, "https://hooks.example.com", false).await;
            assert!(matches!(refused, Err(ConnectError::Private(_))), "{answer:?}: {refused:?}");
        }
        let (lookup, _) = lookup(&[&["8.8.8.8", "2606:4700::1111"]]);
        assert_eq!(addresses(lookup, "https://hooks.example.com", false).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_name_is_looked_up_once_for_each_connection() {
        // A name that leads to a public address when it is checked and to this machine when it is used gets nowhere: the
        // addresses that were checked are all that there is to use.
        let (lookup, asked) = lookup(&[&["8.8.8.8"], &["127.0.0.1"]]);
        let found = addresses(Arc::clone(&lookup), "https://hooks.example.com", false).await.unwrap();
        assert_eq!((found[0].to_string(), asked.load(Ordering::SeqCst)), ("8.8.8.8:443".to_owned(), 1));
        let again = addresses(lookup, "https://hooks.example.com", false).await;
        assert!(matches!(again, Err(ConnectError::Private(_))), "{again:?}");
    }

    #[tokio::test]
    async fn what_the_url_says_is_checked_again() {
        let (lookup, asked) = lookup(&[&["8.8.8.8"]]);
        for url in ["http://hooks.example.com", "https://127.0.0.1", "https://[::1]", "https://hooks.example.com:25"] {
            let barred = addresses(Arc::clone(&lookup), url, false).await;
            assert!(matches!(barred, Err(ConnectError::Barred(_))), "{url}: {barred:?}");
            assert!(addresses(Arc::clone(&lookup), url, true).await.is_ok(), "{url}");
        }
        assert_eq!(asked.load(Ordering::SeqCst), 2, "names with permission only");
    }
}
