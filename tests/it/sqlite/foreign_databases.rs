//! A journal goes into any database, also one with tables of somebody else; what is no database, or has other things by its names, is
//! refused and left as it was.

use std::fs;

use etl_context::{Extract, Journal, SqliteJournal};

use super::database_file::DatabaseFile;

#[track_caller]
fn is_refused_and_left(database: &DatabaseFile, reason: &str) {
    let before = fs::read(database.path()).unwrap();
    let error = database.try_open().unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot open the database `{}`: ", database.given())), "{error}");
    assert!(error.contains(reason), "{error}");
    assert!(fs::read(database.path()).unwrap() == before, "it was written to");
    assert!(database.locks().is_empty());
}

#[test]
fn what_is_no_database_is_refused() {
    let long = "no database, and longer than the header of one ".repeat(100);
    for content in ["no database", "{\"format\":\"etl-context-journal\",\"version\":1}\n", "SQLite format 3\0", long.as_str()] {
        let database = DatabaseFile::new();
        fs::write(database.path(), content).unwrap();
        is_refused_and_left(&database, "file is not a database; it is no SQLite database, or an encrypted one");
    }
}

#[test]
fn a_file_that_is_empty_becomes_one() {
    let database = DatabaseFile::new();
    fs::write(database.path(), "").unwrap();
    assert_eq!(database.open().key("import").load().unwrap(), []);
}

#[test]
fn a_database_that_was_cut_is_refused() {
    let database = DatabaseFile::new();
    drop(database.begin("import").start(Extract).unwrap().complete(()).unwrap());
    let whole = fs::read(database.path()).unwrap();
    fs::write(database.path(), &whole[..whole.len() / 2]).unwrap();
    let error = database.try_open().and_then(|journal| journal.key("import").load()).unwrap_err().to_string();
    assert!(error.contains("database disk image is malformed; restore it from a copy"), "{error}");
}

#[test]
fn a_folder_and_a_file_in_no_folder_are_refused() {
    let database = DatabaseFile::new();
    let error = SqliteJournal::open(database.folder()).unwrap_err().to_string();
    assert!(error.contains("cannot open the database") && error.contains("is a directory"), "{error}");
    let error = SqliteJournal::open(database.folder().join("none/runs.db")).unwrap_err().to_string();
    assert!(error.contains("unable to open database file"), "{error}");
    SqliteJournal::open("").unwrap_err();
}

#[test]
fn tables_of_somebody_else_are_left_as_they_are() {
    let database = DatabaseFile::new();
    database.change(
        "pragma application_id = 1234; pragma user_version = 7; pragma foreign_keys = on;
        create table runs (key text); create table etl_context (key text); create table etl_context_events_2 (key text);
        insert into runs values ('theirs');",
    );
    drop(database.begin("import").start(Extract).unwrap().complete(()).unwrap());
    let theirs = database.connection();
    let read = |sql: &str| theirs.query_row(sql, [], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap();
    assert_eq!(read("pragma application_id"), 1234.into());
    assert_eq!(read("pragma user_version"), 7.into());
    assert_eq!(read("select group_concat(key) from runs"), "theirs".to_owned().into());
    assert_eq!(database.record("import").unwrap().events(), 3);
}

#[test]
fn what_has_one_of_its_names_and_is_something_else_is_refused() {
    for theirs in [
        "create table etl_context_runs (key text)",
        "create table ETL_Context_Events (key text)",
        "create view etl_context_format as select 1 as version",
        "create table etl_context_format (version integer not null); insert into etl_context_format values (1)",
        "create table other (key text); create index etl_context_runs on other (key)",
    ] {
        let database = DatabaseFile::new();
        database.change(theirs);
        is_refused_and_left(&database, "is not of etl-context; keep the journal in another file");
    }
}

#[test]
fn tables_that_are_not_as_they_were_created_are_refused() {
    for change in [
        "drop table etl_context_events",
        "drop trigger etl_context_run_deleted",
        "alter table etl_context_runs rename column status to state",
        "alter table etl_context_events rename column line to event",
        "alter table etl_context_format rename column version to number",
        "delete from etl_context_format",
        "update etl_context_format set version = 'one'",
        "update etl_context_format set version = 0",
    ] {
        let database = DatabaseFile::new();
        drop(database.open());
        database.change(change);
        is_refused_and_left(&database, "is not of etl-context");
    }
}

#[test]
fn tables_of_a_newer_version_are_refused_by_it() {
    let database = DatabaseFile::new();
    drop(database.open());
    database.change("update etl_context_format set version = 2; alter table etl_context_runs rename column status to state");
    is_refused_and_left(&database, "have the version 2, and this program knows version 1; use a newer etl-context");
}

#[test]
fn the_texts_of_a_database_may_be_kept_otherwise() {
    let database = DatabaseFile::new();
    database.change("pragma encoding = 'UTF-16'; create table theirs (key text)");
    let name = "na\u{ef}ve \u{1F680}";
    drop(database.begin(name).start(Extract).unwrap().complete(()).unwrap());
    assert_eq!(database.record(name).unwrap().events(), 3);
}
