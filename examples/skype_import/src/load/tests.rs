use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

use super::sqlite::Database;
use super::*;
use crate::staging::MessageRow;

/// Staged rows for one conversation, one person and `messages` messages.
struct Fixture {
    staging: Staging,
    database: PathBuf,
    _directory: TempDir,
}

impl Fixture {
    fn new(messages: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let staging = Staging::new(directory.path());
        let mut rows = staging.create_rows().unwrap();
        rows.write(&Row::Conversation { id: "8:live:ada".to_owned(), display_name: None }).unwrap();
        rows.write(&Row::Person { id: "8:live:ada".to_owned(), display_name: Some("Ada".to_owned()) }).unwrap();
        for number in 0..messages {
            rows.write(&Row::Message(message(number))).unwrap();
        }
        rows.finish().unwrap();
        Self { staging, database: directory.path().join("skype.db"), _directory: directory }
    }

    fn load(&self, offset: u64) -> (Loaded, Vec<Batch>) {
        let mut batches = Vec::new();
        let loaded = load(&self.staging, &mut Database::open(&self.database).unwrap(), offset, &mut |batch| {
            batches.push(batch.clone());
            Ok(())
        });
        (loaded.unwrap(), batches)
    }

    /// Loads the first batch, and stops as if killed then.
    fn load_one_batch(&self) -> Batch {
        let mut first = None;
        let error = load(&self.staging, &mut Database::open(&self.database).unwrap(), 0, &mut |batch| {
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

fn message(number: usize) -> MessageRow {
    MessageRow {
        conversation_id: "8:live:ada".to_owned(),
        id: number.to_string(),
        sender: Some("8:live:ada".to_owned()),
        sent_at: "2021-03-04T05:06:07.000Z".to_owned(),
        message_type: Some("Text".to_owned()),
        text: Some(format!("text {number}")),
    }
}

#[test]
fn what_is_reported_is_what_the_database_has() {
    let fixture = Fixture::new(2_500);
    let (loaded, batches) = fixture.load(0);

    assert_eq!(batches.len(), 3);
    let mut sum = Loaded::default();
    for batch in &batches {
        sum.add(&batch.loaded);
    }
    assert_eq!(sum, loaded);
    assert_eq!(loaded.messages.inserted, fixture.count("messages"));
    assert_eq!(loaded.people.inserted, fixture.count("people"));
    assert_eq!(loaded.conversations.inserted, fixture.count("conversations"));
    assert_eq!(fixture.count("messages"), 2_500);
}

#[test]
fn loading_twice_adds_nothing() {
    let fixture = Fixture::new(1_500);
    fixture.load(0);
    let (again, _) = fixture.load(0);

    assert_eq!((again.messages.inserted, again.messages.updated), (0, 1_500));
    assert_eq!(fixture.count("messages"), 1_500);
    assert_eq!(fixture.count("people"), 1);
}

#[test]
fn a_killed_load_continues_from_the_offset_it_told() {
    let fixture = Fixture::new(2_500);
    let first = fixture.load_one_batch();
    assert_eq!(fixture.count("messages"), first.loaded.messages.inserted);

    let (rest, _) = fixture.load(first.offset);
    assert_eq!(rest.messages.inserted, 2_500 - first.loaded.messages.inserted);
    assert_eq!(rest.messages.updated, 0);
    assert_eq!(fixture.count("messages"), 2_500);
}

#[test]
fn an_offset_before_the_last_batch_repeats_without_harm() {
    let fixture = Fixture::new(2_500);
    let first = fixture.load_one_batch();
    let (rest, _) = fixture.load(0);
    assert_eq!(rest.messages.updated, first.loaded.messages.inserted);
    assert_eq!(fixture.count("messages"), 2_500);
}

#[test]
fn nothing_is_left_after_the_last_offset() {
    let fixture = Fixture::new(10);
    let (_, batches) = fixture.load(0);
    assert_eq!(fixture.load(batches[0].offset), (Loaded::default(), vec![]));
}

#[test]
fn the_tables_have_the_promised_columns() {
    let fixture = Fixture::new(1);
    fixture.load(0);
    let connection = Connection::open(&fixture.database).unwrap();
    for (table, columns) in [
        ("conversations", vec!["id", "display_name"]),
        ("people", vec!["id", "display_name"]),
        ("messages", vec!["conversation_id", "id", "sender", "sent_at", "type", "text"]),
    ] {
        let statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        assert_eq!(statement.column_names().collect::<Vec<_>>(), columns);
    }
}
