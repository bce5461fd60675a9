//! Lines of a file or of standard input, plain or gzipped.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use crate::failure::{Failure, Result};

/// The first two bytes of what gzip writes.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Lines, one after another.
pub(crate) struct Lines {
    reader: Box<dyn BufRead + Send>,
    /// The longest line that is kept, in bytes.
    longest: usize,
    number: u64,
    /// Size of the file, in bytes, when it is one.
    pub(crate) size: Option<u64>,
    /// Bytes of it that were read.
    pub(crate) position: Arc<AtomicU64>,
}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// From 1.
    pub(crate) number: u64,
    /// Without its end; `None` when it is too long.
    pub(crate) text: Option<Vec<u8>>,
}

struct Counted<R> {
    inner: R,
    position: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.position.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl Lines {
    /// Opens a file; `-` is standard input.
    pub(crate) fn open(path: &Path, longest: usize) -> Result<Self> {
        let named = |error: io::Error| Failure::usage(error).context(format!("cannot read {}", path.display()));
        if path == Path::new("-") {
            return Self::of(io::stdin(), None, longest).map_err(named);
        }
        let file = File::open(path).map_err(named)?;
        let metadata = file.metadata().map_err(named)?;
        if metadata.is_dir() {
            return Err(named(io::Error::from(io::ErrorKind::IsADirectory)));
        }
        let size = metadata.is_file().then_some(metadata.len());
        Self::of(file, size, longest).map_err(named)
    }

    fn of(inner: impl Read + Send + 'static, size: Option<u64>, longest: usize) -> io::Result<Self> {
        let position = Arc::new(AtomicU64::new(0));
        let mut reader = BufReader::with_capacity(64 * 1024, Counted { inner, position: Arc::clone(&position) });
        let mut start = Vec::new();
        reader.by_ref().take(GZIP_MAGIC.len() as u64).read_to_end(&mut start)?;
        let is_gzip = start == GZIP_MAGIC;
        let whole = io::Cursor::new(start).chain(reader);
        let reader: Box<dyn BufRead + Send> =
            if is_gzip { Box::new(BufReader::new(MultiGzDecoder::new(whole))) } else { Box::new(whole) };
        Ok(Self { reader, longest, number: 0, size, position })
    }

    /// The next line that is not blank.
    pub(crate) fn next_line(&mut self) -> io::Result<Option<Line>> {
        loop {
            let Some(text) = self.next_text()? else { return Ok(None) };
            self.number += 1;
            if text.as_ref().is_none_or(|text| !text.trim_ascii().is_empty()) {
                return Ok(Some(Line { number: self.number, text }));
            }
        }
    }

    /// All that is left, as one text.
    pub(crate) fn rest(mut self) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        self.reader.read_to_end(&mut text)?;
        Ok(text)
    }

    fn next_text(&mut self) -> io::Result<Option<Option<Vec<u8>>>> {
        let mut text = Vec::new();
        let most = self.longest as u64 + 2;
        if self.reader.by_ref().take(most).read_until(b'\n', &mut text)? == 0 {
            return Ok(None);
        }
        let ended = text.last() == Some(&b'\n');
        while text.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            text.pop();
        }
        if text.len() <= self.longest {
            return Ok(Some(Some(text)));
        }
        if !ended {
            self.reader.skip_until(b'\n')?;
        }
        Ok(Some(None))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn all(bytes: Vec<u8>, longest: usize) -> Vec<(u64, Option<String>)> {
        let mut lines = Lines::of(io::Cursor::new(bytes), None, longest).unwrap();
        let next = || lines.next_line().unwrap();
        std::iter::from_fn(next)
            .map(|line| (line.number, line.text.map(|text| String::from_utf8(text).unwrap())))
            .collect()
    }

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn blank_lines_are_counted_and_passed_over() {
        let expected = vec![(1, Some("a".into())), (3, Some("b".into())), (5, Some("c".into()))];
        assert_eq!(all(b"a\r\n\nb\n  \nc".to_vec(), 10), expected);
        assert_eq!(all(Vec::new(), 10), []);
        assert_eq!(all(b"x".to_vec(), 10), [(1, Some("x".into()))]);
    }

    #[test]
    fn gzip_is_known_by_its_first_bytes() {
        let two_members = [gzip("a\nb\n"), gzip("c\n")].concat();
        let expected: Vec<_> = [(1, "a"), (2, "b"), (3, "c")].map(|(number, text)| (number, Some(text.into()))).into();
        assert_eq!(all(two_members, 10), expected);
    }

    #[test]
    fn a_line_that_is_too_long_is_left_out_alone() {
        let expected = vec![(1, Some("12345".into())), (2, None), (3, None), (4, Some("ok".into()))];
        assert_eq!(all(b"12345\n123456\n1234567890\nok\n".to_vec(), 5), expected);
    }

    #[test]
    fn a_gzip_that_breaks_off_is_an_error() {
        let mut bytes = gzip("a\nb\n");
        bytes.truncate(bytes.len() - 4);
        let mut lines = Lines::of(io::Cursor::new(bytes), None, 10).unwrap();
        let failed = std::iter::repeat_with(|| lines.next_line()).take(4).any(|line| line.is_err());
        assert!(failed);
    }
}
