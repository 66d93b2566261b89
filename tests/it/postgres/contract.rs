//! The journal in PostgreSQL keeps the promises of a journal.

use std::sync::atomic::{AtomicU32, Ordering};

use etl_context::PostgresJournal;
use etl_context::journal::contract;

use super::server::database;

#[test]
fn the_journal_in_postgres_keeps_them() {
    let Some(database) = database() else { return };
    let runs = AtomicU32::new(0);
    contract::check(|| {
        let key = format!("run {}", runs.fetch_add(1, Ordering::Relaxed));
        let url = database.url();
        move || Ok(PostgresJournal::connect(&url)?.key(&key))
    })
    .unwrap();
}
