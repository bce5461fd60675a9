//! How far a file was answered, kept in a file, so that sending can go on where it stopped.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::lines::Lines;
use crate::failure::{Failure, Result};
use crate::token::hex;

/// How often the file is written while events are sent. What is sent twice after a crash changes nothing.
const WRITE_EVERY: Duration = Duration::from_secs(1);

/// What is kept: every line up to this one was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mark {
    answered_line: u64,
    /// Of the line's text, to tell whether it is the same input.
    sha256: String,
}

/// A state file in use.
pub(crate) struct Resume {
    path: PathBuf,
    written: Option<Instant>,
}

impl Resume {
    /// Skips what was answered. Gives the last line of it, 0 when there is none.
    pub(crate) fn skip(path: &Path, lines: &mut Lines) -> Result<(Self, u64)> {
        let named = || format!("cannot resume by {}", path.display());
        let resume = Self { path: path.to_owned(), written: None };
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((resume, 0)),
            Err(error) => return Err(Failure::usage(error).context(named())),
        };
        let mark: Mark = serde_json::from_slice(&text).map_err(|error| Failure::usage(error).context(named()))?;
        let other = || {
            let line = mark.answered_line;
            let failure = Failure::usage(anyhow::anyhow!("its line {line} is not that of this input")).context(named());
            failure
                .hint("it belongs to another file; without it everything is sent, and what was taken changes nothing")
        };
        while let Some(line) = lines.next_line()? {
            if line.number == mark.answered_line {
                let same = fingerprint(line.text.as_deref()) == mark.sha256;
                return if same { Ok((resume, line.number)) } else { Err(other()) };
            }
            if line.number > mark.answered_line {
                break;
            }
        }
        Err(other())
    }

    /// Notes that everything up to a line was answered.
    pub(crate) fn note(&mut self, line: u64, sha256: &str, at_end: bool) -> Result {
        if !at_end && self.written.is_some_and(|written| written.elapsed() < WRITE_EVERY) {
            return Ok(());
        }
        let named = || format!("cannot write {}", self.path.display());
        let mark = Mark { answered_line: line, sha256: sha256.to_owned() };
        let unfinished = self.path.with_added_extension("new");
        let written = serde_json::to_vec(&mark).map_err(anyhow::Error::from).and_then(|text| {
            std::fs::write(&unfinished, text)?;
            Ok(std::fs::rename(&unfinished, &self.path)?)
        });
        written.map_err(|error| Failure::from(error).context(named()))?;
        self.written = Some(Instant::now());
        Ok(())
    }
}

/// What a line is known by.
pub(crate) fn fingerprint(text: Option<&[u8]>) -> String {
    hex(&Sha256::digest(text.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(folder: &Path, text: &str) -> Lines {
        let path = folder.join("events");
        std::fs::write(&path, text).unwrap();
        Lines::open(&path, 100).unwrap()
    }

    #[test]
    fn sending_goes_on_after_the_mark() {
        let temp = tempfile::tempdir().unwrap();
        let state = temp.path().join("state.json");
        let (mut resume, done) = Resume::skip(&state, &mut lines(temp.path(), "a\nb\n\nc\n")).unwrap();
        assert_eq!(done, 0);
        resume.note(2, &fingerprint(Some(b"b")), true).unwrap();
        let mut again = lines(temp.path(), "a\nb\n\nc\n");
        let (_, done) = Resume::skip(&state, &mut again).unwrap();
        assert_eq!((done, again.next_line().unwrap().unwrap().number), (2, 4));
    }

    #[test]
    fn another_input_is_refused() {
        let temp = tempfile::tempdir().unwrap();
        let state = temp.path().join("state.json");
        let (mut resume, _) = Resume::skip(&state, &mut lines(temp.path(), "a\n")).unwrap();
        resume.note(2, &fingerprint(Some(b"b")), true).unwrap();
        for other in ["a\n", "a\nx\nb\n", "a\n\nb\n"] {
            let failure = Resume::skip(&state, &mut lines(temp.path(), other)).err().unwrap();
            assert!(failure.text(false).contains("its line 2 is not that of this input"), "{failure:?}");
        }
    }
}
