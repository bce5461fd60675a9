//! How much room everything takes.

use rusqlite::Connection;

use super::SqliteStore;
use super::convert::Columns;
use super::list::all;
use crate::StoreError;
use crate::pack::unpacked_len;

/// How much room a database takes, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// How many decisions there are.
    pub decisions: u64,
    /// How many of their records are kept.
    pub records: u64,
    /// The texts of the records, and of what remains of decisions for good.
    pub text_bytes: u64,
    /// The same as they stand in their rows.
    pub packed_bytes: u64,
    /// The pages of each table with its indexes, the largest first.
    pub tables: Vec<(String, u64)>,
    /// Pages that are free to be used again.
    pub free_bytes: u64,
}

impl SqliteStore {
    /// Looks at every page.
    ///
    /// # Errors
    /// When the database fails or a record is not packed.
    pub fn sizes(&self) -> Result<Sizes, StoreError> {
        self.read(sizes)
    }
}

fn sizes(connection: &Connection) -> Result<Sizes, StoreError> {
    let count = "SELECT (SELECT count(*) FROM decisions), (SELECT count(*) FROM records)";
    let counts = all(connection, "number", count, [], |row| Ok((row.number()?, row.number()?)))?;
    let (decisions, records) = counts.into_iter().next().unwrap_or_default();
    let mut sizes =
        Sizes { decisions, records, text_bytes: 0, packed_bytes: 0, tables: tables(connection)?, free_bytes: 0 };
    let mut statement = connection.prepare("SELECT body FROM records UNION ALL SELECT remains FROM decisions")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let packed = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        let length = unpacked_len(packed).ok_or_else(|| Columns::of("decision", row).corrupt("it is not packed"))?;
        sizes.text_bytes += length as u64;
        sizes.packed_bytes += packed.len() as u64;
    }
    let free = "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size";
    sizes.free_bytes = all(connection, "number", free, [], |row| row.number())?.into_iter().sum();
    Ok(sizes)
}

fn tables(connection: &Connection) -> Result<Vec<(String, u64)>, StoreError> {
    let sql = "SELECT coalesce(s.tbl_name, d.name), sum(d.pgsize) FROM dbstat d LEFT JOIN sqlite_schema s ON s.name = d.name \
               WHERE d.aggregate = TRUE GROUP BY 1 ORDER BY 2 DESC, 1";
    all(connection, "table", sql, [], |row| Ok((row.take()?, row.number()?)))
}
