//! What is there after a run: its record, and the rows of the database.

use std::path::Path;

use etl_context::{PhaseRecord, RunRecord, Runs};
use rusqlite::Connection;
use rusqlite::types::Value;

pub fn record(folder: &Path) -> RunRecord {
    Runs::in_sqlite(folder.join("chat.db")).record("chat-statistics", "november").unwrap().unwrap()
}

/// How each attempt at the phase ended, with the cause of those that failed.
pub fn attempts(record: &RunRecord, phase: &str) -> Vec<String> {
    let reports = record.phase(phase).map(PhaseRecord::reports).unwrap_or_default();
    let told = reports.iter().map(|report| match report.cause() {
        Some(cause) => cause.to_string(),
        None => report.status().to_string(),
    });
    told.collect()
}

/// What the last attempt at the phase has counted.
pub fn count(record: &RunRecord, phase: &str, counter: &str) -> u64 {
    record.phase(phase).unwrap().latest_report().unwrap().tally().get(counter).unwrap_or(0)
}

/// All rows of both tables.
pub fn rows(folder: &Path) -> [Vec<Vec<Value>>; 2] {
    let database = Connection::open(folder.join("chat.db")).unwrap();
    let rows = |table: &str, columns: usize| {
        let mut select = database.prepare(&format!("select * from {table} order by 1, 2")).unwrap();
        let row = |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect::<Result<Vec<Value>, _>>();
        select.query_map((), row).unwrap().collect::<Result<Vec<_>, _>>().unwrap()
    };
    [rows("sessions", 4), rows("words", 4)]
}
