//! Masking: a value that nobody shall read becomes a marker that only says which values are equal.
//!
//! It is done where events come in, before anything is made of them. So policies, records, claims and everything else see the marker alone,
//! and a replay sees what the policy saw.

use hmac::{Hmac, KeyInit, Mac};
use largesse_domain::event::BodyHash;
use sha2::Sha256;

/// What stands before the digits of a marker.
const PREFIX: &str = "masked-";
/// How many bytes of the code a marker shows.
const SHOWN: usize = 16;

/// The host's secret for markers.
#[derive(Clone)]
pub struct MaskKey(Hmac<Sha256>);

impl Default for MaskKey {
    /// For where nothing is kept.
    fn default() -> Self {
        Self::new(&[0; 32])
    }
}

impl MaskKey {
    /// Takes a secret that may serve other purposes too.
    #[must_use]
    pub fn new(secret: &[u8; 32]) -> Self {
        let mut key = Hmac::new_from_slice(secret).expect("HMAC takes a key of any length");
        key.update(b"largesse mask\n");
        Self(key)
    }

    /// The marker of a value: the same for the same, and not to be guessed without the secret.
    #[must_use]
    pub fn marker(&self, value: &str) -> String {
        let code = self.code(b'v', value);
        let digits: String = code[..SHOWN].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{PREFIX}{digits}")
    }

    /// The hash of a body that holds such a value: with a plain one, values could be tried until it fits.
    #[must_use]
    pub fn body_hash(&self, canonical: &str) -> BodyHash {
        BodyHash(self.code(b'b', canonical))
    }

    fn code(&self, purpose: u8, text: &str) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(&[purpose]);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_equal_markers_under_one_secret() {
        let (one, other) = (MaskKey::new(&[1; 32]), MaskKey::new(&[2; 32]));
        let marker = one.marker("4111");
        assert_eq!((marker.len(), marker.starts_with(PREFIX)), (PREFIX.len() + 2 * SHOWN, true), "{marker}");
        assert_eq!(marker, one.marker("4111"));
        assert_ne!(marker, one.marker("4112"));
        assert_ne!(marker, other.marker("4111"));
        assert_ne!(one.body_hash("4111").0[..SHOWN], one.code(b'v', "4111")[..SHOWN]);
    }
}
