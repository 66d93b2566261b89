//! Which tables are there? Those of `schema.sql`, created by whoever comes first, beside any others. They are told from those of
//! somebody else before anything is written.

use std::collections::BTreeSet;

use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::journal::sqlite::fault::{Fault, of_commit};

const VERSION: i64 = 1;

const CREATE: &str = include_str!("schema.sql");

/// What is created, in the order of their names.
const OURS: [&str; 4] = ["etl_context_events", "etl_context_format", "etl_context_run_deleted", "etl_context_runs"];

/// Creates the tables, if they are not there.
///
/// # Errors
///
/// As [`exist`], and if the database cannot be written to.
pub(super) fn create(connection: &mut Connection) -> Result<(), Fault> {
    if exist(connection)? {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Somebody else may have created them while this one waited.
    if !exist(&transaction)? {
        transaction.execute_batch(CREATE)?;
        transaction.commit().map_err(of_commit)?;
    }
    Ok(())
}

/// Whether the tables are there.
///
/// # Errors
///
/// If there is something of their names that is not theirs, or if they are those of a newer version.
pub(super) fn exist(connection: &Connection) -> Result<bool, Fault> {
    let found = found(connection)?;
    let Some(first) = found.first() else { return Ok(false) };
    if !found.iter().eq(OURS) {
        return Err(foreign(first));
    }
    match version(connection)? {
        VERSION => Ok(true),
        version if version > VERSION => Err(Fault::Refused(format!(
            "its tables of etl-context have the version {version}, and this program knows version {VERSION}; use a newer etl-context"
        ))),
        _ => Err(foreign("etl_context_format")),
    }
}

/// What of all that is created has its name taken.
fn found(connection: &Connection) -> Result<BTreeSet<String>, Fault> {
    // In SQLite, names that differ only in case are the same.
    const NAMES: &str = "
        select lower(name) from main.sqlite_master
        where lower(name) in ('etl_context_events', 'etl_context_format', 'etl_context_run_deleted', 'etl_context_runs')";
    let mut names = connection.prepare(NAMES)?;
    let names = names.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

fn version(connection: &Connection) -> Result<i64, Fault> {
    const COLUMNS: [(&str, &str); 2] = [
        ("etl_context_runs", "select key, run_id, name, events, status, next, running, began, latest from etl_context_runs"),
        ("etl_context_events", "select run_id, seq, line from etl_context_events"),
    ];
    const VERSIONS: &str = "select max(version) from etl_context_format where typeof(version) = 'integer'";
    let unlike = |table: &'static str| move |error| unlike(table, error);
    let version: Option<i64> = connection.query_row(VERSIONS, [], |row| row.get(0)).map_err(unlike("etl_context_format"))?;
    let version = version.ok_or_else(|| foreign("etl_context_format"))?;
    // Of another version nothing is known.
    if version == VERSION {
        for (table, columns) in COLUMNS {
            connection.prepare(columns).map_err(unlike(table))?;
        }
    }
    Ok(version)
}

/// A table that lacks a column is not ours; any other error says nothing of the table.
fn unlike(table: &str, error: rusqlite::Error) -> Fault {
    match error.sqlite_error_code() {
        Some(ErrorCode::Unknown) | None => foreign(table),
        Some(_) => error.into(),
    }
}

fn foreign(name: &str) -> Fault {
    Fault::Refused(format!("its `{name}` is not of etl-context; keep the journal in another file"))
}
