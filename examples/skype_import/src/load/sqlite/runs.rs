//! Which runs of an import are in the database? As the table of its journal lists them.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::cannot;
use crate::error::ImportError;

const ARE_THERE: &str = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'etl_context_runs'";

/// The keys of all runs whose key begins so.
pub(crate) fn runs_of(file: &Path, beginning: &str) -> Result<Vec<String>, ImportError> {
    if !file.exists() {
        return Ok(Vec::new());
    }
    keys(file, beginning).map_err(cannot("read", file))
}

fn keys(file: &Path, beginning: &str) -> rusqlite::Result<Vec<String>> {
    // Whoever died while writing has left work to its next reader, which cannot be done without writing.
    let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    if database.query_row(ARE_THERE, [], |row| row.get::<_, i64>(0))? == 0 {
        return Ok(Vec::new());
    }
    let mut runs = database.prepare("SELECT key FROM etl_context_runs WHERE substr(key, 1, length(?1)) = ?1")?;
    let keys = runs.query_map([beginning], |row| row.get(0))?;
    keys.collect()
}
