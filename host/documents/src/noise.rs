//! Bytes that were good once: what readers are fuzzed with.
//!
//! Noise alone is refused at its first byte. Bytes that are spoilt in a few places get far into a reader.

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof};
use proptest::sample::{Index, select};

/// What is put in between: what readers of JSON, numbers, times and identifiers stumble over.
const STUMBLING: [&[u8]; 24] = [
    b"\"",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"null",
    b"true",
    b"-",
    b"-0",
    b"1e999",
    b"0.1",
    b"\\u0000",
    b"\\ud800",
    b"9223372036854775808",
    b"18446744073709551616",
    b"1000000000000001",
    b"+24:00",
    b"0000-00-00T",
    b"\xff",
    b"\0",
    "\u{202e}é".as_bytes(),
];

#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Drop(Index, usize),
    Repeat(Index, usize),
    Insert(Index, &'static [u8]),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = any::<Index>;
    prop_oneof![
        4 => (place(), 0..8_u8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        1 => place().prop_map(Damage::Cut),
        2 => (place(), 1..12_usize).prop_map(|(at, length)| Damage::Drop(at, length)),
        2 => (place(), 1..40_usize).prop_map(|(at, length)| Damage::Repeat(at, length)),
        4 => (place(), select(&STUMBLING[..])).prop_map(|(at, bytes)| Damage::Insert(at, bytes)),
    ]
}

/// The same bytes, damaged in a few places.
pub fn spoilt(bytes: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    vec(damage(), 1..6).prop_map(move |damages| {
        let mut bytes = bytes.clone();
        damages.iter().for_each(|damage| apply(damage, &mut bytes));
        bytes
    })
}

fn apply(damage: &Damage, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let end = |at: usize, length: usize| (at + length).min(bytes.len());
    match damage {
        Damage::Flip(at, bit) => {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Damage::Drop(at, length) => {
            let at = at.index(bytes.len());
            let end = end(at, *length);
            bytes.drain(at..end);
        }
        Damage::Repeat(at, length) => {
            let at = at.index(bytes.len());
            let again = bytes[at..end(at, *length)].to_vec();
            bytes.splice(at..at, again);
        }
        Damage::Insert(at, more) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, more.iter().copied());
        }
    }
}

/// So many cases, or as many times more as `PROPTEST_CASES` is a multiple of 256.
#[must_use]
pub fn cases(count: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    let cases = usual.cases.div_ceil(256).saturating_mul(count);
    ProptestConfig { cases, failure_persistence: None, ..usual }
}
