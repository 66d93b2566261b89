use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

use super::sqlite::Database;
use super::*;
use crate::export::Export;
use crate::extract::extract;
use crate::staging::Staging;
use crate::transform::transform;

/// An export with one conversation and one person, up to its load.
struct Fixture {
    export: Export,
    staging: Staging,
    database: PathBuf,
    _directory: TempDir,
}

impl Fixture {
    fn new(messages: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("messages.json");
        let message = |number| {
            format!(
                r#"{{"id": "{number}", "originalarrivaltime": "2021-03-04T05:06:07Z", "from": "8:live:ada", "content": "text"}}"#
            )
        };
        let messages = (0..messages).map(message).collect::<Vec<_>>().join(",");
        std::fs::write(&file, format!(r#"{{"conversations": [{{"id": "c", "MessageList": [{messages}]}}]}}"#)).unwrap();
        let staging = Staging::new(directory.path().join("staging"));
        let export = Export::open(&file, directory.path()).unwrap();
        extract(&export, &staging, &mut |_| Ok(())).unwrap();
        transform(&export, &staging, &mut |_| Ok(())).unwrap();
        Self { export, staging, database: directory.path().join("skype.db"), _directory: directory }
    }

    fn try_load(&self, cursor: Cursor, watch: &mut impl FnMut(&Batch) -> Result<(), Stop>) -> Result<Loaded, ImportError> {
        let rows = Rows::from(&self.export, &self.staging, cursor).unwrap();
        let database = Database::open_to_load(&self.database).unwrap();
        load(rows, &mut database.tables(), &mut |batch, written| {
            written.commit()?;
            watch(batch)
        })
    }

    fn load(&self, cursor: Cursor) -> (Loaded, Vec<Batch>) {
        let mut batches = Vec::new();
        let loaded = self.try_load(cursor, &mut |batch| {
            batches.push(batch.clone());
            Ok(())
        });
        (loaded.unwrap(), batches)
    }

    /// Loads the first batch, and stops as if killed then.
    fn load_one_batch(&self) -> Batch {
        let mut first = None;
        let error = self.try_load(Cursor::default(), &mut |batch| {
            first = Some(batch.clone());
            Err("killed".into())
        });
        assert_eq!(error.unwrap_err().to_string(), "killed");
        first.unwrap()
    }

    fn count(&self, table: &str) -> u64 {
        let query = format!("SELECT count(*) FROM {table}");
        let connection = Connection::open(&self.database).unwrap();
        let count: u32 = connection.query_row(&query, [], |row| row.get(0)).unwrap();
        count.into()
    }
}

const MANY: usize = 25_000;

#[test]
fn what_is_reported_is_what_the_database_has() {
    let fixture = Fixture::new(MANY);
    let (loaded, batches) = fixture.load(Cursor::default());

    assert_eq!(batches.len(), 3);
    let mut sum = Loaded::default();
    for batch in &batches {
        sum.add(&batch.loaded);
    }
    assert_eq!(sum, loaded);
    assert_eq!(loaded.messages.inserted, fixture.count("messages"));
    assert_eq!(loaded.people.inserted, fixture.count("people"));
    assert_eq!(loaded.conversations.inserted, fixture.count("conversations"));
    assert_eq!(fixture.count("messages"), MANY as u64);
}

#[test]
fn loading_twice_adds_nothing() {
    let fixture = Fixture::new(1_500);
    fixture.load(Cursor::default());
    let (again, _) = fixture.load(Cursor::default());

    assert_eq!((again.messages.inserted, again.messages.updated), (0, 1_500));
    assert_eq!(fixture.count("messages"), 1_500);
    assert_eq!(fixture.count("people"), 1);
}

#[test]
fn a_killed_load_continues_from_the_cursor_it_told() {
    let fixture = Fixture::new(MANY);
    let first = fixture.load_one_batch();
    assert_eq!(fixture.count("messages"), first.loaded.messages.inserted);

    let (rest, _) = fixture.load(first.cursor);
    assert_eq!(rest.messages.inserted, MANY as u64 - first.loaded.messages.inserted);
    assert_eq!(rest.messages.updated, 0);
    assert_eq!(fixture.count("messages"), MANY as u64);
}

#[test]
fn a_cursor_before_the_last_batch_repeats_without_harm() {
    let fixture = Fixture::new(MANY);
    let first = fixture.load_one_batch();
    let (rest, _) = fixture.load(Cursor::default());
    assert_eq!(rest.messages.updated, first.loaded.messages.inserted);
    assert_eq!(fixture.count("messages"), MANY as u64);
}

#[test]
fn nothing_is_left_after_the_last_cursor() {
    let fixture = Fixture::new(10);
    let (_, batches) = fixture.load(Cursor::default());
    assert_eq!(fixture.load(batches[0].cursor), (Loaded::default(), vec![]));
}

#[test]
fn an_export_that_cannot_be_read_any_more_ends_the_load() {
    let fixture = Fixture::new(MANY);
    std::fs::write(&fixture.export.name, "{}").unwrap();
    let error = fixture.try_load(Cursor::default(), &mut |_| Ok(())).unwrap_err().to_string();
    assert!(error.contains("has changed since it was extracted"), "{error}");
}

#[test]
fn the_tables_have_the_promised_columns() {
    let fixture = Fixture::new(1);
    fixture.load(Cursor::default());
    let connection = Connection::open(&fixture.database).unwrap();
    let messages = "conversation_id id sender sent_at type text content edited_at deleted_at version replaces";
    for (table, columns) in [("conversations", "id display_name"), ("people", "id display_name"), ("messages", messages)] {
        let statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        assert_eq!(statement.column_names().collect::<Vec<_>>().join(" "), columns);
    }
}
