//! Somebody touches the database, or the run in it, while its owner goes on: the next call says so.

use std::fs;

use etl_context::{Context, Error, Extract, JournalError, Running};

use super::database_file::DatabaseFile;

fn refused(extract: &mut Context<Running<Extract>>) -> (String, bool) {
    let Err(Error::Journal { source, .. }) = extract.checkpoint(&1) else { panic!("it was taken") };
    let source: &JournalError = &source;
    (source.to_string(), source.is_ownership_lost())
}

type Touch = fn(&DatabaseFile);

fn replace(database: &DatabaseFile) {
    fs::write(database.folder().join("other.db"), "").unwrap();
    fs::rename(database.folder().join("other.db"), database.path()).unwrap();
}

#[test]
fn a_database_that_was_removed_renamed_or_replaced_is_an_error_of_the_next_call() {
    let touches: [(Touch, &str); 3] = [
        (|database| fs::remove_file(database.path()).unwrap(), "it was removed, or has another name"),
        (|database| fs::rename(database.path(), database.folder().join("moved")).unwrap(), "it was removed, or has another name"),
        (replace, "another file has its name"),
    ];
    for (touch, found) in touches {
        let database = DatabaseFile::new();
        let mut extract = database.begin("import").start(Extract).unwrap();
        touch(&database);
        let (said, lost) = refused(&mut extract);
        let start = format!("the database `{}` was changed by somebody else: {found}", database.given());
        assert!(said.starts_with(&start) && !lost, "{said}");
    }
}

#[test]
fn a_run_that_was_deleted_is_refused_and_does_not_come_back() {
    let database = DatabaseFile::new();
    let mut extract = database.begin("import").start(Extract).unwrap();
    database.change("delete from etl_context_runs");
    let (said, lost) = refused(&mut extract);
    assert_eq!(said, "the run `import` is no longer as this process has left it: it was deleted");
    assert!(lost && extract.is_cancelled());
    drop(extract);
    assert_eq!(database.record("import"), None);
}

/// A lock file keeps nobody out that somebody has deleted. The run itself still does.
#[test]
fn of_two_owners_after_a_lock_was_deleted_only_one_writes() {
    let database = DatabaseFile::new();
    let mut first = database.begin("import").start(Extract).unwrap();
    fs::remove_file(database.folder().join("runs.db.import.lock")).unwrap();
    let second = database.begin("import").start(Extract).unwrap();
    let (said, lost) = refused(&mut first);
    assert_eq!(said, "the run `import` is no longer as this process has left it: somebody else wrote to it");
    assert!(lost && first.is_cancelled());
    drop(first);
    assert_eq!(database.locks(), ["runs.db.import.lock"], "the lock of the second one is left to it");
    let extracted = second.complete(()).unwrap();
    let record = extracted.record().clone();
    drop(extracted);
    assert_eq!(database.record("import"), Some(record));
}

#[test]
fn a_run_that_was_begun_in_its_place_is_left_alone() {
    let database = DatabaseFile::new();
    let mut first = database.begin("import").start(Extract).unwrap();
    database.change("delete from etl_context_runs");
    fs::remove_file(database.folder().join("runs.db.import.lock")).unwrap();
    let second = database.begin("import").start(Extract).unwrap();
    let (said, lost) = refused(&mut first);
    assert_eq!(said, "the run `import` is no longer as this process has left it: another one has its key");
    assert!(lost);
    drop(second.complete(()).unwrap());
    assert_eq!(database.record("import").unwrap().events(), 3);
}
