//! Whom receivers of deliveries must be vouched for by, and what the host shows them of itself.

use std::path::{Path, PathBuf};

use largesse_delivery::{Trust, TrustError};

use super::Setting;
use super::layers::{Key, Layers, Shape};
use crate::failure::{Failure, Result};

/// What can be configured of deliveries: files of PEM.
pub(super) const KEYS: [Key; 3] = [
    key("deliveries.authorities", "LARGESSE_DELIVERIES_AUTHORITIES"),
    key("deliveries.certificate", "LARGESSE_DELIVERIES_CERTIFICATE"),
    key("deliveries.key", "LARGESSE_DELIVERIES_KEY"),
];

const fn key(name: &'static str, variable: &'static str) -> Key {
    Key { name, variable, flag: "", shape: Shape::Text }
}

/// The files of certificates.
#[derive(Clone, Debug)]
pub(crate) struct Delivering {
    authorities: Setting<Option<PathBuf>>,
    certificate: Setting<Option<PathBuf>>,
    key: Setting<Option<PathBuf>>,
}

/// The same without where it comes from.
#[derive(Clone, Debug, Default)]
pub(crate) struct CertificateFiles {
    authorities: Option<PathBuf>,
    own: Option<Own>,
}

/// The host's own certificate and its key.
#[derive(Clone, Debug)]
struct Own {
    certificate: PathBuf,
    key: PathBuf,
}

impl CertificateFiles {
    /// Reads the files.
    pub(crate) fn trust(&self) -> std::result::Result<Trust, TrustError> {
        let mut trust = Trust::default();
        if let Some(path) = &self.authorities {
            trust = trust.with_authorities(path)?;
        }
        match &self.own {
            Some(Own { certificate, key }) => trust.with_own(certificate, key),
            None => Ok(trust),
        }
    }
}

impl Delivering {
    pub(super) fn read(layers: &Layers) -> Result<Self> {
        let file = |name: &str| {
            layers.text(name, None, |text| {
                if text.is_empty() { Err("a file".to_owned()) } else { Ok(Some(PathBuf::from(text))) }
            })
        };
        let [authorities, certificate, key] = KEYS.each_ref().map(|key| file(key.name));
        let read = Self { authorities: authorities?, certificate: certificate?, key: key? };
        match (&read.certificate.value, &read.key.value) {
            (Some(_), None) => Err(alone("deliveries.certificate", "deliveries.key")),
            (None, Some(_)) => Err(alone("deliveries.key", "deliveries.certificate")),
            _ => Ok(read),
        }
    }

    /// Returns the values that are there with their names.
    pub(super) fn settings(&self) -> Vec<(&'static str, Setting<toml::Value>)> {
        let Self { authorities, certificate, key } = self;
        let named = KEYS.iter().zip([authorities, certificate, key]).filter_map(|(key, setting)| {
            let text = |path: &Path| path.display().to_string();
            let value = text(setting.value.as_deref()?).into();
            Some((key.name, Setting { value, from: setting.from.clone() }))
        });
        named.collect()
    }

    /// Returns the files.
    pub(crate) fn files(&self) -> CertificateFiles {
        let own = self.certificate.value.clone().zip(self.key.value.clone());
        CertificateFiles {
            authorities: self.authorities.value.clone(),
            own: own.map(|(certificate, key)| Own { certificate, key }),
        }
    }
}

fn alone(present: &str, missing: &str) -> Failure {
    Failure::usage(anyhow::anyhow!("{present} is configured without {missing}"))
}
