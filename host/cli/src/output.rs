//! Where answers go: data to standard output, for people or for programs.

use std::io::Write as _;

use serde::Serialize;

use crate::failure::Result;

/// How answers are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// JSON for programs, instead of text for people.
    pub(crate) json: bool,
}

impl Output {
    /// Prints an answer in the form asked for.
    pub(crate) fn print(self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result {
        if self.json {
            let mut json = serde_json::to_string_pretty(value)?;
            json.push('\n');
            write_out(&json)
        } else {
            write_out(&text())
        }
    }

    /// Prints text for people; nothing for programs, who get their answer at the end.
    pub(crate) fn say(self, text: &str) -> Result {
        if self.json { Ok(()) } else { write_out(&format!("{text}\n")) }
    }
}

/// Writes to standard output. A reader that has gone (`| head`) is no error.
pub(crate) fn write_out(text: &str) -> Result {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}
