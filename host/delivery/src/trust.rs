//! Whom receivers must be vouched for by, and what the host shows of itself: certificates from files.

use std::io;
use std::path::{Path, PathBuf};

use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Certificates beside Mozilla's list of authorities.
#[derive(Debug, Default)]
pub struct Trust {
    /// Further authorities.
    pub(crate) authorities: Vec<CertificateDer<'static>>,
    /// What the host shows receivers that ask for a certificate.
    pub(crate) own: Option<Own>,
}

/// A certificate with those that vouch for it, and its key.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) chain: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

/// Why certificates cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        error: io::Error,
    },
    /// A file is not PEM.
    #[error("{path} is not PEM with what is needed")]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        error: pem::Error,
    },
    /// A file has no certificate.
    #[error("there is no certificate in {0}")]
    Empty(PathBuf),
    /// Certificates and keys do not fit each other, or are of a kind that is not taken.
    #[error("the certificates cannot be used")]
    Unfit(#[source] tokio_rustls::rustls::Error),
}

impl Trust {
    /// Adds the authorities in a file of PEM.
    ///
    /// # Errors
    /// When it cannot be read, or has no certificate.
    pub fn with_authorities(mut self, path: &Path) -> Result<Self, TrustError> {
        self.authorities.extend(certificates(path)?);
        Ok(self)
    }

    /// Has the host show the certificate in a file of PEM, with the private key in another.
    ///
    /// # Errors
    /// When one cannot be read, or has not what is needed.
    pub fn with_own(self, certificate: &Path, key: &Path) -> Result<Self, TrustError> {
        let chain = certificates(certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&read(key)?)
            .map_err(|error| TrustError::Pem { path: key.to_owned(), error })?;
        Ok(Self { own: Some(Own { chain, key }), ..self })
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let text = read(path)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|error| TrustError::Pem { path: path.to_owned(), error })?;
    if certificates.is_empty() { Err(TrustError::Empty(path.to_owned())) } else { Ok(certificates) }
}

fn read(path: &Path) -> Result<Vec<u8>, TrustError> {
    std::fs::read(path).map_err(|error| TrustError::Read { path: path.to_owned(), error })
}
