//! What somebody has changed in the tables is refused by key and event number, and nothing is skipped.

use etl_context::{Extract, Journal};

use super::database_file::DatabaseFile;

/// A run of five events, 0 to 4.
fn recorded(database: &DatabaseFile) {
    let mut extract = database.begin("import").start(Extract).unwrap();
    extract.checkpoint(&1).unwrap();
    extract.checkpoint(&2).unwrap();
    drop(extract.complete(()).unwrap());
}

#[track_caller]
fn is_refused(change: &str, event: u64, reason: &str) {
    let database = DatabaseFile::new();
    recorded(&database);
    database.change(change);
    let error = database.open().key("import").load().unwrap_err().to_string();
    let expected = format!("the run `import` is damaged: its event {event} {reason}");
    assert!(error.starts_with(&expected), "{change}: {error} does not start with {expected}");
    assert!(error.contains("restore the database from a copy, or begin a new run with another key"), "{error}");
}

#[test]
fn a_line_that_was_changed() {
    is_refused("update etl_context_events set line = replace(line, 'extract', 'Extract') where seq = 1", 1, "does not match");
    is_refused("update etl_context_events set line = '' where seq = 4", 4, "does not match its checksum");
    is_refused("update etl_context_events set line = cast(line as blob) where seq = 2", 2, "is no line of text with a number");
}

#[test]
fn an_event_that_is_missing() {
    for seq in 0..=4 {
        is_refused(&format!("delete from etl_context_events where seq = {seq}"), seq, "is missing");
    }
    is_refused("delete from etl_context_events where seq > 2", 3, "is missing");
    is_refused("delete from etl_context_events", 0, "is missing");
}

#[test]
fn a_sequence_number_that_was_changed() {
    is_refused("update etl_context_events set seq = 40 where seq = 4", 4, "is missing");
    is_refused("update etl_context_events set seq = seq - 10 where seq = 4", 0, "is missing");
    is_refused("update etl_context_events set seq = 'four' where seq = 4", 4, "is no line of text with a number");
}

#[test]
fn events_that_have_changed_places() {
    let swap = "
        update etl_context_events set seq = 9 where seq = 2;
        update etl_context_events set seq = 2 where seq = 3;
        update etl_context_events set seq = 3 where seq = 9";
    is_refused(swap, 2, "has the sequence number 3");
}

#[test]
fn an_event_too_many() {
    is_refused("update etl_context_runs set events = 4", 4, "is one too many");
    let again = "insert into etl_context_events select run_id, 5, line from etl_context_events where seq = 4";
    is_refused(again, 5, "has the sequence number 4");
}

#[test]
fn a_run_that_is_damaged_does_not_harm_the_others() {
    let database = DatabaseFile::new();
    recorded(&database);
    database.change("delete from etl_context_events where seq = 4");
    drop(database.begin("other").start(Extract).unwrap().complete(()).unwrap());
    assert_eq!(database.record("other").unwrap().events(), 3);
}

#[test]
fn a_run_of_a_newer_format_is_refused_by_its_version() {
    let database = DatabaseFile::new();
    recorded(&database);
    database.change("update etl_context_events set line = replace(line, '\"version\":1', '\"version\":7')");
    let error = database.open().key("import").load().unwrap_err().to_string();
    assert!(error.contains("the run `import` has the format version 7") && error.contains("use a newer etl-context"), "{error}");
}
