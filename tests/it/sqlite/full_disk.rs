//! On a disk without room nothing is recorded, and nothing is half done.
//!
//! A process that may write nothing to files finds what it would find on a full disk.

use etl_context::{Error, Etl, Extract, Run, SqliteJournal};

use super::database_file::DatabaseFile;
use crate::child::{self, Child};

/// Opens the run, and says how that went, and what became of a call.
#[test]
#[ignore = "the part of a process that finds no room"]
fn process_without_room() {
    let Some(path) = child::given() else { return };
    let opened = SqliteJournal::open(&path).map_err(Error::from);
    match opened.and_then(|journal| Run::builder("import").journal(journal).begin::<Etl>()) {
        Ok(run) => {
            child::say(&format!("opened after {} events", run.record().events()));
            let refused = run.start(Extract).unwrap_err();
            child::say(&refused.error().to_string());
            let Error::Journal { source, .. } = refused.error() else { panic!("{refused}") };
            child::say(&format!("in doubt: {}", source.is_in_doubt()));
        }
        Err(error) => child::say(&error.to_string()),
    }
}

fn process(database: &DatabaseFile) -> Child {
    Child::start_without_room(module_path!(), "process_without_room", database.given())
}

#[test]
fn an_event_is_refused_and_is_taken_when_there_is_room_again() {
    let database = DatabaseFile::new();
    drop(database.begin("import"));
    // Whoever has it open keeps the log and what belongs to it.
    let open = database.connection();
    let runs = || open.query_row("select events from etl_context_runs", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(runs(), 1);
    let mut process = process(&database);
    assert_eq!(process.hear().as_deref(), Some("opened after 1 events"));
    let refused = process.hear().unwrap_or_default();
    assert!(refused.contains("so it has not happened: cannot write to the database"), "{refused}");
    assert_eq!(process.hear().as_deref(), Some("in doubt: false"));
    process.end();
    assert_eq!(runs(), 1);
    drop(open);
    assert_eq!(database.record("import").unwrap().events(), 1);
    drop(database.begin("import").start(Extract).unwrap().complete(()).unwrap());
    assert_eq!(database.record("import").unwrap().events(), 3);
}

#[test]
fn a_new_database_is_refused() {
    let database = DatabaseFile::new();
    let mut process = process(&database);
    let refused = process.hear().unwrap_or_default();
    assert!(refused.contains("cannot open the database"), "{refused}");
    process.end();
    assert_eq!(database.record("import"), None);
}
