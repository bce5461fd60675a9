//! Who answers for a component: Ed25519 signatures over its digest, and the keys that a host trusts.
//!
//! A signature is one line, `KEY-ID BASE64`: which key made it, in 16 hexadecimal digits (the beginning of the sha-256 of the
//! public key), and its 64 bytes. What is signed is not the component but [`PURPOSE`] and the component's sha-256, so that a
//! signature made for anything else is none here.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use largesse_domain::id::{Digest, KeyName};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use sha2::{Digest as _, Sha256};

/// What stands before the digest in what is signed.
pub const PURPOSE: &[u8] = b"largesse policy signature 1\0";

const PUBLIC_BYTES: usize = 32;
const PRIVATE_BYTES: usize = 32;
const SIGNATURE_BYTES: usize = 64;

/// A text that is no key or no signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {what}: expected {form}")]
pub struct Malformed {
    what: &'static str,
    form: &'static str,
}

/// Which key: the first 8 bytes of the sha-256 of the public key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyId([u8; 8]);

impl KeyId {
    fn of(public: &[u8]) -> Self {
        let hash = Sha256::digest(public);
        Self(std::array::from_fn(|place| hash[place]))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// A signature that came with a component. Nobody has looked yet whether it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    key: KeyId,
    bytes: [u8; SIGNATURE_BYTES],
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key, BASE64.encode(self.bytes))
    }
}

impl FromStr for Signature {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = Malformed { what: "signature", form: "16 hexadecimal digits, a space and 64 bytes in base64" };
        let (key, bytes) = text.trim_end().split_once(' ').ok_or_else(|| malformed.clone())?;
        let bytes = decode(bytes).ok_or_else(|| malformed.clone())?;
        Ok(Self { key: key_id(key).ok_or(malformed)?, bytes })
    }
}

fn decode<const BYTES: usize>(text: &str) -> Option<[u8; BYTES]> {
    BASE64.decode(text).ok()?.try_into().ok()
}

fn key_id(text: &str) -> Option<KeyId> {
    let is_hex = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_hex.then(|| u64::from_str_radix(text, 16).ok()).flatten().map(|number| KeyId(number.to_be_bytes()))
}

/// A public key and the name that the operator gave it: `NAME:BASE64`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKey {
    name: KeyName,
    public: [u8; PUBLIC_BYTES],
}

impl fmt::Display for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, BASE64.encode(self.public))
    }
}

impl FromStr for TrustedKey {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed =
            Malformed { what: "trusted key", form: "a name of a-z, 0-9 and -, a colon and 32 bytes in base64" };
        let (name, public) = text.split_once(':').ok_or_else(|| malformed.clone())?;
        let name = KeyName::new(name).map_err(|_| malformed.clone())?;
        Ok(Self { name, public: decode(public).ok_or(malformed)? })
    }
}

impl TrustedKey {
    /// Its id, by which signatures name it.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId::of(&self.public)
    }
}

/// A key that signs. Keep it secret.
pub struct PrivateKey {
    secret: [u8; PRIVATE_BYTES],
    pair: Ed25519KeyPair,
}

impl PrivateKey {
    /// Makes it of 32 random bytes.
    #[must_use]
    pub fn from_bytes(secret: [u8; PRIVATE_BYTES]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(&secret).expect("32 bytes are a seed");
        Self { secret, pair }
    }

    /// Reads what [`PrivateKey::text`] wrote; lines that begin with `#` are passed over.
    ///
    /// # Errors
    /// When the text is something else.
    pub fn read(text: &str) -> Result<Self, Malformed> {
        let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
        let secret = lines.next().filter(|_| lines.next().is_none()).and_then(|line| decode(line.trim()));
        let malformed = Malformed { what: "private key", form: "one line with 32 bytes in base64" };
        secret.map(Self::from_bytes).ok_or(malformed)
    }

    /// What is kept in the key's file.
    #[must_use]
    pub fn text(&self) -> String {
        let head = "# A private key that signs policies. Keep a backup; show it to nobody.";
        format!("{head}\n{}\n", BASE64.encode(self.secret))
    }

    /// The key that hosts trust, under this name.
    #[must_use]
    pub fn trusted(&self, name: KeyName) -> TrustedKey {
        let public = self.pair.public_key().as_ref().try_into().expect("a public key has 32 bytes");
        TrustedKey { name, public }
    }

    /// Signs a component.
    #[must_use]
    pub fn sign(&self, component: &[u8]) -> Signature {
        let signed = self.pair.sign(&message(&crate::components::digest_of(component)));
        let bytes = signed.as_ref().try_into().expect("a signature has 64 bytes");
        Signature { key: KeyId::of(self.pair.public_key().as_ref()), bytes }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

fn message(digest: &Digest) -> Vec<u8> {
    [PURPOSE, digest.as_bytes()].concat()
}

/// Why a component's signature is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is none.
    #[error("the component is not signed; this host takes signed ones only")]
    Unsigned,
    /// It is by a key that the host does not trust.
    #[error("the component is signed by the key {0}, which this host does not trust")]
    UnknownKey(KeyId),
    /// It is not the key's signature of this component.
    #[error("the signature is not that of the key {0} for this component")]
    Invalid(KeyName),
}

/// Who signed a component; nobody, when that need not be known.
///
/// Where no signature is required, one by a key that is not trusted counts as none. One that claims to be by a trusted key must
/// hold everywhere.
pub(crate) fn signer(
    (trusted, is_required): (&[TrustedKey], bool),
    digest: &Digest,
    signature: Option<&Signature>,
) -> Result<Option<KeyName>, SignatureError> {
    let refusal = match signature {
        None => SignatureError::Unsigned,
        Some(signature) => match trusted.iter().find(|key| key.id() == signature.key) {
            None => SignatureError::UnknownKey(signature.key),
            Some(key) => {
                let public = UnparsedPublicKey::new(&ED25519, key.public);
                let holds = public.verify(&message(digest), &signature.bytes).is_ok();
                let name = key.name.clone();
                return if holds { Ok(Some(name)) } else { Err(SignatureError::Invalid(name)) };
            }
        },
    };
    if is_required { Err(refusal) } else { Ok(None) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::digest_of;

    fn key(byte: u8) -> PrivateKey {
        PrivateKey::from_bytes([byte; 32])
    }

    fn name(text: &str) -> KeyName {
        KeyName::new(text).unwrap()
    }

    #[test]
    fn every_text_reads_what_it_prints() {
        let key = key(1);
        let (trusted, signature) = (key.trusted(name("release")), key.sign(b"component"));
        assert_eq!(trusted.to_string().parse(), Ok(trusted));
        assert_eq!(signature.to_string().parse(), Ok(signature.clone()));
        assert_eq!(format!("{signature}\n").parse(), Ok(signature.clone()));
        assert_eq!(PrivateKey::read(&key.text()).unwrap().sign(b"component"), signature);
    }

    /// RFC 8032, section 7.1, test 1: the key. The signature was made with OpenSSL.
    #[test]
    fn the_form_is_fixed() {
        let secret = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let byte = |place: usize| u8::from_str_radix(&secret[2 * place..2 * place + 2], 16).unwrap();
        let key = PrivateKey::from_bytes(std::array::from_fn(byte));
        let trusted = key.trusted(name("release")).to_string();
        assert_eq!(trusted, "release:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
        assert_eq!(key.sign(b"component").to_string(), SIGNED);
    }

    const SIGNED: &str =
        "21fe31dfa154a261 pqtlV0rONCgOa3jx4r2CYg/9BtHgL6DTJwbekSvUm4yu/NvPCEjR/IIv6lE3t+7Dm9i+LVhM7By/e/dWeHdJAA==";

    #[test]
    fn what_is_no_text_of_ours_is_refused() {
        let signature = key(1).sign(b"component").to_string();
        for bad in
            ["", "x", &signature[1..], &signature[..90], &signature.replace(' ', "  "), &signature.to_uppercase()]
        {
            assert!(bad.parse::<Signature>().is_err(), "{bad}");
        }
        let trusted = key(1).trusted(name("release")).to_string();
        for bad in ["", "release", ":", &trusted[1..].to_uppercase(), &trusted[..30], &trusted.replace('r', "R")] {
            assert!(bad.parse::<TrustedKey>().is_err(), "{bad}");
        }
        let private = key(1).text();
        for bad in ["", "# nothing", &format!("{private}{private}"), &private[..90]] {
            assert!(PrivateKey::read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_what_a_trusted_key_signed_is_taken() {
        let trusted = [key(1).trusted(name("one")), key(2).trusted(name("two"))];
        let digest = digest_of(b"component");
        let told = |is_required, signature: Option<&Signature>| signer((&trusted, is_required), &digest, signature);
        for is_required in [true, false] {
            assert_eq!(told(is_required, Some(&key(1).sign(b"component"))), Ok(Some(name("one"))));
            assert_eq!(told(is_required, Some(&key(2).sign(b"component"))), Ok(Some(name("two"))));
            let other = key(1).sign(b"other component");
            assert_eq!(told(is_required, Some(&other)), Err(SignatureError::Invalid(name("one"))));
            let claimed = Signature { key: trusted[1].id(), ..key(1).sign(b"component") };
            assert_eq!(told(is_required, Some(&claimed)), Err(SignatureError::Invalid(name("two"))));
        }
        let stranger = key(3).sign(b"component");
        assert_eq!(told(true, Some(&stranger)), Err(SignatureError::UnknownKey(stranger.key)));
        assert_eq!(told(true, None), Err(SignatureError::Unsigned));
        assert_eq!(told(false, Some(&stranger)), Ok(None));
        assert_eq!(told(false, None), Ok(None));
    }

    #[test]
    fn every_flipped_bit_is_seen() {
        let trusted = [key(1).trusted(name("one"))];
        let digest = digest_of(b"component");
        for bit in 0..8 * SIGNATURE_BYTES {
            let mut signature = key(1).sign(b"component");
            signature.bytes[bit / 8] ^= 1 << (bit % 8);
            let told = signer((&trusted, true), &digest, Some(&signature));
            assert_eq!(told, Err(SignatureError::Invalid(name("one"))), "bit {bit}");
        }
    }

    /// A signature over the bare digest, as another protocol might have it made, is none.
    #[test]
    fn the_purpose_is_signed_too() {
        let trusted = [key(1).trusted(name("one"))];
        let digest = digest_of(b"component");
        let bytes = key(1).pair.sign(digest.as_bytes()).as_ref().try_into().unwrap();
        let bare = Signature { key: trusted[0].id(), bytes };
        assert_eq!(signer((&trusted, true), &digest, Some(&bare)), Err(SignatureError::Invalid(name("one"))));
    }
}
