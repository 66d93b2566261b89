//! The third phase: writes the staged rows to the database, batch by batch.

#[cfg(feature = "postgres")]
pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{ImportError, Stop};
use crate::json_lines::JsonLinesReader;
use crate::staging::{Row, Staging};

/// Large enough to make the cost of a transaction small, small enough to lose little work with one.
const ROWS_IN_A_BATCH: usize = 1_000;

/// A database that takes rows.
pub(crate) trait Target {
    fn write(&mut self, rows: &[Row]) -> Result<Loaded, ImportError>;
}

/// A batch that the database has taken.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Batch {
    /// Where the next batch begins in the staged rows: the offset with which a later load continues after this one.
    pub(crate) offset: u64,
    /// What this batch alone wrote.
    pub(crate) loaded: Loaded,
}

/// What became of the rows that were written.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Loaded {
    pub(crate) conversations: Written,
    pub(crate) people: Written,
    pub(crate) messages: Written,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Written {
    /// Rows that the table did not have.
    pub(crate) inserted: u64,
    /// Rows that the table had, by their primary key.
    pub(crate) updated: u64,
}

/// How many rows each table has. Databases count in `i64`.
#[derive(Debug, PartialEq)]
pub(crate) struct RowCounts {
    pub(crate) conversations: i64,
    pub(crate) people: i64,
    pub(crate) messages: i64,
}

impl fmt::Display for RowCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} conversations, {} people, {} messages", self.conversations, self.people, self.messages)
    }
}

impl Loaded {
    pub(crate) fn add(&mut self, other: &Self) {
        self.conversations.add(&other.conversations);
        self.people.add(&other.people);
        self.messages.add(&other.messages);
    }
}

impl Written {
    pub(crate) fn rows(&self) -> u64 {
        self.inserted + self.updated
    }

    fn add(&mut self, other: &Self) {
        self.inserted += other.inserted;
        self.updated += other.updated;
    }
}

/// Loads the staged rows from the byte `offset` on: 0, or one told by an earlier load of the same rows. `watch` hears of each
/// batch.
///
/// Loading rows again changes nothing, so an offset may also be too low.
pub(crate) fn load(
    staging: &Staging,
    target: &mut impl Target,
    offset: u64,
    watch: &mut impl FnMut(&Batch) -> Result<(), Stop>,
) -> Result<Loaded, ImportError> {
    let mut rows = staging.read_rows(offset)?;
    let mut total = Loaded::default();
    loop {
        let batch = next_batch(&mut rows)?;
        if batch.is_empty() {
            return Ok(total);
        }
        let loaded = target.write(&batch)?;
        total.add(&loaded);
        let offset = rows.offset();
        watch(&Batch { offset, loaded }).map_err(ImportError::Stopped)?;
    }
}

fn next_batch(rows: &mut JsonLinesReader<Row>) -> Result<Vec<Row>, ImportError> {
    let mut batch = Vec::with_capacity(ROWS_IN_A_BATCH);
    while batch.len() < ROWS_IN_A_BATCH {
        match rows.read()? {
            Some(row) => batch.push(row),
            None => break,
        }
    }
    Ok(batch)
}

#[cfg(test)]
mod tests;
