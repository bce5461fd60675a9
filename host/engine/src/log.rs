//! What a guest writes, kept within bounds.

use std::fmt::Write as _;

use largesse_domain::limits::{LAST_WORDS_BYTES_MAX, LOG_BYTES_MAX};

/// Where the guest writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out,
    Err,
}

/// Standard output and error of one call.
#[derive(Debug, Default)]
pub(crate) struct Log {
    raw: Vec<u8>,
    last_words: Vec<u8>,
}

impl Log {
    /// Takes what fits and drops the rest: writing much is no fault.
    pub(crate) fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let room = LOG_BYTES_MAX.saturating_sub(self.raw.len());
        self.raw.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if stream == Stream::Err {
            let tail = &bytes[bytes.len().saturating_sub(LAST_WORDS_BYTES_MAX)..];
            let surplus = (self.last_words.len() + tail.len()).saturating_sub(LAST_WORDS_BYTES_MAX);
            self.last_words.drain(..surplus);
            self.last_words.extend_from_slice(tail);
        }
    }

    /// The text: at most [`LOG_BYTES_MAX`] bytes; control characters other than the line feed are escaped.
    pub(crate) fn text(&self) -> String {
        if self.raw.is_empty() { String::new() } else { escape(&self.raw, LOG_BYTES_MAX, true) }
    }

    /// The end of standard error in one line, without what Rust says of back-traces; a panic's message stands there.
    pub(crate) fn last_words(&self) -> Option<String> {
        let text = String::from_utf8_lossy(&self.last_words);
        let lines: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with("note: run with `RUST_BACKTRACE"))
            .collect();
        let line = lines.join(" ");
        (!line.is_empty()).then(|| escape(line.as_bytes(), 2 * LAST_WORDS_BYTES_MAX, false))
    }
}

/// Makes text of bytes from a guest: nothing in it can steer a terminal or pass for another line.
fn escape(bytes: &[u8], max: usize, keep_line_feeds: bool) -> String {
    let mut text = String::with_capacity(bytes.len().min(max));
    let mut piece = String::new();
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            piece.clear();
            if (letter == '\n' && keep_line_feeds) || !is_steering(letter) {
                piece.push(letter);
            } else {
                piece.extend(letter.escape_default());
            }
            if text.len() + piece.len() > max {
                return text;
            }
            text.push_str(&piece);
        }
        for byte in chunk.invalid() {
            piece.clear();
            write!(piece, "\\x{byte:02x}").expect("a String takes what is written");
            if text.len() + piece.len() > max {
                return text;
            }
            text.push_str(&piece);
        }
    }
    text
}

/// Control characters, and the ones that turn the direction of text or break lines.
fn is_steering(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_cut_and_escaped() {
        let mut log = Log::default();
        log.write(Stream::Out, b"\x1b[2Jred\r\nnext \xff\xe2\x80");
        log.write(Stream::Out, b"\xae end");
        assert_eq!(log.text(), "\\u{1b}[2Jred\\r\nnext \\xff\\u{202e} end");
        for _ in 0..100 {
            log.write(Stream::Out, &[7; 1_000]);
        }
        assert!(log.text().len() <= LOG_BYTES_MAX);
        assert!(log.text().len() > LOG_BYTES_MAX - 8);
        assert!(log.raw.len() <= LOG_BYTES_MAX);
    }

    #[test]
    fn a_panic_is_found_at_the_end_of_a_full_log() {
        let mut log = Log::default();
        log.write(Stream::Err, &[b'x'; 100_000]);
        log.write(Stream::Err, b"\nthread panicked at src/lib.rs:3:5:\n");
        log.write(Stream::Err, b"no\x1b good\nnote: run with `RUST_BACKTRACE=1` to see more\n");
        let words = log.last_words().unwrap();
        assert!(words.ends_with("panicked at src/lib.rs:3:5: no\\u{1b} good"), "{words}");
        assert!(words.len() <= LAST_WORDS_BYTES_MAX + 16);
        assert_eq!(Log::default().last_words(), None);
    }
}
