//! Turns two public data sets, in the form they are published in, into events: CloudEvents, one JSON object a line.
//!
//! - [`berka`]: a Czech bank, 1993 to 1998 (the discovery challenge of PKDD'99). Files `account.asc`, `disp.asc`, `card.asc`,
//!   `loan.asc`, `trans.asc`.
//! - [`cdnow`]: every purchase of the customers of an online music shop over 18 months. File `CDNOW_master.txt`.
//!
//! Files may be packed (`trans.asc.gz`). Dates are as recorded; the order within a day is made up, because the data sets do
//! not know it. The same files always give the same lines.

pub mod berka;
pub mod cdnow;
mod table;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;

use anyhow::Context as _;
use flate2::read::MultiGzDecoder;

/// One of the data sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dataset {
    /// The bank.
    Berka,
    /// The shop.
    Cdnow,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Events of each kind.
    pub events: BTreeMap<&'static str, u64>,
    /// Rows left out because the file ends in the middle of them: 0 or 1.
    pub unfinished_rows: u64,
}

impl Summary {
    /// All events.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.events.values().sum()
    }

    fn count(&mut self, kind: &'static str) {
        *self.events.entry(kind).or_default() += 1;
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (kind, count) in &self.events {
            writeln!(f, "{count:>9}  {kind}")?;
        }
        write!(f, "{:>9}  events", self.total())?;
        if self.unfinished_rows > 0 {
            write!(f, "\nthe last row of the file is cut off and was left out")?;
        }
        Ok(())
    }
}

/// Converts the files in a folder. Of the bank's transactions, at most `max_transactions` rows are taken, in the order of
/// the file.
///
/// # Errors
/// When a file is missing or a row cannot be understood; the error names file and line. Lines may have been written by then.
pub fn convert_folder(
    dataset: Dataset,
    folder: &Path,
    max_transactions: Option<usize>,
    out: &mut dyn Write,
) -> anyhow::Result<Summary> {
    match dataset {
        Dataset::Berka => {
            let files = berka::Files {
                accounts: &mut *open(folder, "account.asc")?,
                dispositions: &mut *open(folder, "disp.asc")?,
                cards: &mut *open(folder, "card.asc")?,
                loans: &mut *open(folder, "loan.asc")?,
                transactions: &mut *open(folder, "trans.asc")?,
            };
            berka::convert(files, max_transactions, out)
        }
        Dataset::Cdnow => cdnow::convert(&mut *open(folder, "CDNOW_master.txt")?, out),
    }
}

/// Opens a file as it is, or packed.
fn open(folder: &Path, name: &str) -> anyhow::Result<Box<dyn Read>> {
    let plain = folder.join(name);
    if let Ok(file) = File::open(&plain) {
        return Ok(Box::new(BufReader::new(file)));
    }
    let packed = folder.join(format!("{name}.gz"));
    let file = File::open(&packed).with_context(|| format!("neither {} nor {name}.gz can be read", plain.display()))?;
    Ok(Box::new(MultiGzDecoder::new(BufReader::new(file))))
}

/// A date as the data sets have it, to be printed as `1993-01-31`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// Reads `yymmdd`, of the twentieth century, or `yyyymmdd`.
    fn read(text: &str) -> Option<Self> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (year, rest) = match text.len() {
            6 => (1900 + text[..2].parse::<u16>().ok()?, &text[2..]),
            8 => (text[..4].parse().ok()?, &text[4..]),
            _ => return None,
        };
        let (month, day) = (rest[..2].parse().ok()?, rest[2..].parse().ok()?);
        ((1..=12).contains(&month) && (1..=31).contains(&day)).then_some(Self { year, month, day })
    }

    /// The date at a second of the day, at UTC+1.
    fn at(self, second: usize) -> String {
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        format!("{self}T{hour:02}:{minute:02}:{second:02}+01:00")
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// Reads `-12.5`, `12.50` or `12` as hundredths.
fn minor(text: &str) -> Option<i64> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || part.len() > 2 || !all_digits(whole) || !all_digits(part) {
        return None;
    }
    let part: i64 = format!("{part:0<2}").parse().ok()?;
    let minor = whole.parse::<i64>().ok()?.checked_mul(100)?.checked_add(part)?;
    Some(if negative { -minor } else { minor })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_hundredths() {
        let read = ["700.00", "11.77", "-1.5", "96396", "0.05"].map(minor);
        assert_eq!(read, [Some(70_000), Some(1_177), Some(-150), Some(9_639_600), Some(5)]);
        for bad in ["", "-", ".5", "1.234", "1,5", "1.-5", "99999999999999999999"] {
            assert_eq!(minor(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn dates_have_six_or_eight_digits() {
        assert_eq!(Date::read("930105").map(|date| date.at(46_801)).as_deref(), Some("1993-01-05T13:00:01+01:00"));
        assert_eq!(Date::read("20210112").map(|date| date.to_string()).as_deref(), Some("2021-01-12"));
        for bad in ["", "931301", "930100", "9301", "93010a", "\u{e9}0101"] {
            assert_eq!(Date::read(bad), None, "{bad:?}");
        }
    }
}
