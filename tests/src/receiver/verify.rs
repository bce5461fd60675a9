//! How a receiver knows that a delivery comes from the host. `docs/deliveries.md` shows this file's code as it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// How far the two clocks may be apart, in seconds.
const TOLERANCE: u64 = 5 * 60;

/// Checks the headers `webhook-id`, `webhook-timestamp` and `webhook-signature` of a request against its body as it came,
/// byte for byte. `now` is in seconds since 1970, `secret` begins with `whsec_`.
///
/// # Errors
/// Why the request must not be believed.
pub fn verify(secret: &str, [id, timestamp, signatures]: [&str; 3], body: &[u8], now: i64) -> Result<(), &'static str> {
    let sent: i64 = timestamp.parse().map_err(|_| "no timestamp")?;
    if sent.abs_diff(now) > TOLERANCE {
        return Err("too old, or from the future");
    }
    let key = secret.strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
    let key = key.filter(|key| key.len() <= 64).ok_or("no secret")?;
    let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
    let expected = hmac_sha256(&key, &signed);
    let given = signatures.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    // All are compared, each to its end, so that time tells nothing.
    let good = given.fold(false, |good, one| good | same(&one, &expected));
    if good { Ok(()) } else { Err("not signed with this secret") }
}

fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |found, (a, b)| found | (a ^ b)) == 0
}

/// HMAC (RFC 2104) with SHA-256, for keys of at most 64 bytes.
fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::digest([&block.map(|byte| byte ^ 0x36)[..], text].concat());
    Sha256::digest([&block.map(|byte| byte ^ 0x5c)[..], &inner].concat()).into()
}
