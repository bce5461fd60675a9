//! Identifiers from outside as parts of grant keys.

use std::borrow::Cow;

const PART_BYTES_MAX: usize = 80;

/// Writes an identifier from outside (an order's number, a loan's) so that it may be a part of a grant key: letters,
/// digits, `.`, `_` and `-` stay, every other byte becomes `:` and two hexadecimal digits. Different identifiers stay
/// different up to 80 bytes; a longer one is cut and ends with a hash of all of it.
#[must_use]
pub fn key_part(text: &str) -> Cow<'_, str> {
    if text.len() <= PART_BYTES_MAX && text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut part = String::with_capacity(PART_BYTES_MAX);
    for byte in text.bytes() {
        if is_plain(byte) {
            part.push(char::from(byte));
        } else {
            part.push(':');
            push_hex(&mut part, byte);
        }
        if part.len() > PART_BYTES_MAX {
            part.truncate(PART_BYTES_MAX - 17);
            part.push(':');
            hash(text).to_be_bytes().iter().for_each(|byte| push_hex(&mut part, *byte));
            break;
        }
    }
    Cow::Owned(part)
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

fn push_hex(text: &mut String, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
    }
}

/// FNV-1a, 64 bits.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fit_a_key_and_stay_apart() {
        assert_eq!(key_part("order-77_a.b"), "order-77_a.b");
        assert_eq!(key_part("a/b"), "a:2fb");
        assert_eq!(key_part("单"), ":e5:8d:95");
        let (one, other) = ("x".repeat(100) + "1", "x".repeat(100) + "2");
        assert_ne!(key_part(&one), key_part(&other));
        for part in [key_part(&one), key_part(&"é ".repeat(25))] {
            assert_eq!(part.len(), 80, "{part}");
        }
    }
}
