//! Tables of fields between semicolons, with a line of names on top.

use std::io::Read;

use anyhow::{Context as _, bail};

/// A table, read whole.
pub(super) struct Table {
    file: &'static str,
    names: Vec<String>,
    rows: Vec<Vec<String>>,
    /// Whether the file ends in the middle of a row, which was left out.
    pub(super) is_cut: bool,
}

/// One row, which knows where it stands.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    table: &'a Table,
    index: usize,
}

impl Table {
    /// Reads a table. A last row without its line's end and with too few fields is left out.
    pub(super) fn read(file: &'static str, input: &mut dyn Read) -> anyhow::Result<Self> {
        let mut text = String::new();
        input.read_to_string(&mut text).with_context(|| file.to_owned())?;
        let mut lines = text.lines();
        let names = fields(lines.next().unwrap_or_default());
        let mut rows = Vec::new();
        let mut is_cut = false;
        let mut lines = lines.enumerate().peekable();
        while let Some((index, line)) = lines.next() {
            let row = fields(line);
            if row.len() == names.len() {
                rows.push(row);
            } else if lines.peek().is_none() && !text.ends_with('\n') && row.len() < names.len() {
                is_cut = true;
            } else {
                bail!("{file}, line {}: {} fields instead of {}", index + 2, row.len(), names.len());
            }
        }
        Ok(Self { file, names, rows, is_cut })
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        (0..self.rows.len()).map(|index| Row { table: self, index })
    }
}

impl<'a> Row<'a> {
    /// Its place in the file, from 1.
    pub(super) fn number(self) -> usize {
        self.index + 1
    }

    /// The field of that name.
    pub(super) fn text(self, name: &str) -> anyhow::Result<&'a str> {
        let column = self.table.names.iter().position(|known| known == name);
        let column = column.with_context(|| format!("{}: there is no column {name}", self.table.file))?;
        Ok(&self.table.rows[self.index][column])
    }

    /// The field of that name, as something else.
    pub(super) fn get<T>(self, name: &str, read: impl FnOnce(&'a str) -> Option<T>) -> anyhow::Result<T> {
        let text = self.text(name)?;
        read(text).with_context(|| self.problem(&format!("{name} is {text:?}")))
    }

    /// What is wrong, and where.
    pub(super) fn problem(self, what: &str) -> String {
        format!("{}, line {}: {what}", self.table.file, self.index + 2)
    }
}

fn fields(line: &str) -> Vec<String> {
    line.split(';').map(|field| field.trim_matches('"').to_owned()).collect()
}
