//! Signatures by Standard Webhooks 1.0.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use largesse_domain::destination::Secret;
use sha2::Sha256;

/// The header `webhook-signature`: for each secret `v1,` and the base64 of the HMAC-SHA256 of id, timestamp (in seconds since
/// 1970) and body, with dots between them; a space between signatures.
#[must_use]
pub fn sign(secrets: &[Secret], id: &str, timestamp: i64, body: &str) -> String {
    let head = format!("{id}.{timestamp}.");
    let one = |secret: &Secret| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose()).expect("HMAC takes a key of any length");
        mac.update(head.as_bytes());
        mac.update(body.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    };
    secrets.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    // Worked out with `openssl dgst -sha256 -hmac`.
    const KEY: &[u8] = b"a key of thirty-two bytes, plain";
    const SIGNATURE: &str = "v1,30pZizu7J5z2WfhwHztAXlCMSYUM/pYYZRFVBWUdbC4=";

    #[test]
    fn a_signature_is_what_another_program_makes() {
        let secret = Secret::new(KEY).unwrap();
        assert_eq!(sign(&[secret], "42", 1_700_000_000, "{\"id\":42}"), SIGNATURE);
    }

    #[test]
    fn every_secret_signs_and_every_part_counts() {
        let (new, old) = (Secret::new(&[1; 24]).unwrap(), Secret::new(&[2; 24]).unwrap());
        let both = sign(&[new.clone(), old.clone()], "1", 7, "{}");
        let only = |secret: &Secret| sign(std::slice::from_ref(secret), "1", 7, "{}");
        assert_eq!(both, format!("{} {}", only(&new), only(&old)));
        let base = only(&new);
        let others = [
            sign(std::slice::from_ref(&new), "2", 7, "{}"),
            sign(std::slice::from_ref(&new), "1", 8, "{}"),
            sign(std::slice::from_ref(&new), "1", 7, "{} "),
        ];
        assert!(!others.contains(&base));
    }
}
