//! Texts as rows hold them: most of a record is what the next one says too, so it is told once, in a dictionary.

use largesse_domain::limits::RECORD_BYTES_MAX;
use lz4_flex::block::{compress_into_with_dict, decompress_with_dict, get_maximum_output_size};

/// The first byte of a text that is kept as it is.
const PLAIN: u8 = 0;
/// The first byte of a text in LZ4 with the first dictionary: four bytes of length, big-endian, then the block.
const LZ4_1: u8 = 1;
/// Bytes before the block.
const HEAD: usize = 5;

/// Records of every form. It never changes: another one gets another first byte.
const DICTIONARY_1: &[u8] = include_bytes!("pack/records-1.dict");

/// Bytes that hold no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a packed text")]
pub struct NotPacked;

/// The text as a row holds it.
#[must_use]
pub fn pack(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).ok().filter(|_| text.len() <= RECORD_BYTES_MAX);
    let block = length.and_then(|length| {
        let mut packed = vec![0; HEAD + get_maximum_output_size(text.len())];
        packed[0] = LZ4_1;
        packed[1..HEAD].copy_from_slice(&length.to_be_bytes());
        let size = compress_into_with_dict(text.as_bytes(), &mut packed[HEAD..], DICTIONARY_1).ok()?;
        packed.truncate(HEAD + size);
        (packed.len() <= text.len()).then_some(packed)
    });
    block.unwrap_or_else(|| [&[PLAIN], text.as_bytes()].concat())
}

/// The text that [`pack`] took.
///
/// # Errors
/// When the bytes are something else.
pub fn unpack(packed: &[u8]) -> Result<String, NotPacked> {
    let bytes = match packed.split_first() {
        Some((&PLAIN, text)) => text.to_vec(),
        Some((&LZ4_1, _)) => {
            let length = unpacked_len(packed).filter(|length| *length <= RECORD_BYTES_MAX).ok_or(NotPacked)?;
            let bytes = decompress_with_dict(&packed[HEAD..], length, DICTIONARY_1).map_err(|_| NotPacked)?;
            if bytes.len() != length {
                return Err(NotPacked);
            }
            bytes
        }
        _ => return Err(NotPacked),
    };
    String::from_utf8(bytes).map_err(|_| NotPacked)
}

/// The length of the text in bytes, as far as the beginning tells.
pub(crate) fn unpacked_len(packed: &[u8]) -> Option<usize> {
    match packed.split_first()? {
        (&PLAIN, text) => Some(text.len()),
        (&LZ4_1, rest) => usize::try_from(u32::from_be_bytes(*rest.first_chunk()?)).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use largesse_documents::samples;
    use largesse_documents::stored::{record_text, remains_text};
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;
    use crate::chain::sha256;
    use crate::contract::fixtures::{decision, event};

    proptest! {
        #[test]
        fn what_was_packed_comes_back(decision in samples::decision()) {
            for text in [record_text(&decision), remains_text(&decision)] {
                let packed = pack(&text);
                prop_assert_eq!(unpacked_len(&packed), Some(text.len()));
                prop_assert_eq!(unpack(&packed), Ok(text));
            }
        }

        #[test]
        fn any_text_is_at_most_a_byte_longer(text in ".*") {
            let packed = pack(&text);
            assert!(packed.len() <= text.len() + 1);
            prop_assert_eq!(unpack(&packed), Ok(text));
        }

        #[test]
        fn noise_is_refused_or_is_a_text(mut noise in vec(any::<u8>(), 0..64), length in 0..300_u32) {
            let _ = unpack(&noise);
            if noise.len() >= HEAD {
                noise[0] = LZ4_1;
                noise[1..HEAD].copy_from_slice(&length.to_be_bytes());
            }
            if let Ok(text) = unpack(&noise) {
                prop_assert_eq!(unpacked_len(&noise), Some(text.len()));
            }
        }
    }

    #[test]
    fn a_length_that_lies_is_refused() {
        let text = record_text(&decision(1, &event(1)));
        let packed = pack(&text);
        assert!(packed[0] == LZ4_1 && packed.len() * 2 < text.len(), "{} of {}", packed.len(), text.len());
        for length in [0, 1, packed.len() as u32, u32::MAX] {
            let mut lying = packed.clone();
            lying[1..HEAD].copy_from_slice(&length.to_be_bytes());
            assert_eq!(unpack(&lying), Err(NotPacked), "{length}");
        }
        assert_eq!(unpack(&[]), Err(NotPacked));
        assert_eq!(unpack(&[LZ4_1, 0]), Err(NotPacked));
        assert_eq!(unpack(&[9, 1, 2]), Err(NotPacked));
    }

    #[test]
    fn the_dictionary_stays_as_it_is() {
        let digest = largesse_domain::id::Digest::from_bytes(sha256(DICTIONARY_1)).to_string();
        assert_eq!(
            digest, "5735064028b9af97cd24ea221ae1d7784560e81fd3c6eb5f2d2a238480552a5d",
            "records that were packed with it could not be read any more"
        );
    }
}
