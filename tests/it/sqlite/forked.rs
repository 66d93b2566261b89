//! A process that is forked off has a copy of all that its parent has open, and is not the owner.

use etl_context::{Context, Extract, Journal, SqliteJournal};
use fork::Fork;

use super::database_file::DatabaseFile;
use crate::child::{self, Child};

/// Says what the calls of the copy said, and then what the owner's say.
#[test]
#[ignore = "the part of a process that forks"]
fn process_that_forks() {
    let Some(path) = child::given() else { return };
    let open = || SqliteJournal::open(&path).unwrap().key("import");
    let context = etl_context::Run::builder("import").journal(open()).begin::<etl_context::Etl>().unwrap();
    let mut extract = context.start(Extract).unwrap();
    match fork::fork().unwrap() {
        Fork::Child => {
            let checkpoint = extract.checkpoint(&1).unwrap_err();
            child::say(&checkpoint.to_string());
            child::say(&format!("cancelled: {}", extract.is_cancelled()));
            drop(extract);
            child::say(&open().load().unwrap_err().to_string());
            std::process::exit(0);
        }
        Fork::Parent(copy) => {
            fork::waitpid(copy).unwrap();
            child::say(&format!("owned: {}", open().load().unwrap_err().is_owned()));
            extract.checkpoint(&2).unwrap();
            let extracted: Context<_> = extract.complete(()).unwrap();
            child::say(&extracted.record().events().to_string());
        }
    }
}

#[test]
fn the_copy_records_nothing_and_the_owner_goes_on() {
    let database = DatabaseFile::new();
    let mut process = Child::start(module_path!(), "process_that_forks", database.given());
    let mut hear = || process.hear().unwrap_or_default();
    let refused = hear();
    assert!(refused.contains("by which this one was forked off"), "{refused}");
    assert_eq!(hear(), "cancelled: true");
    let owned = hear();
    assert!(owned.contains("is owned by process"), "{owned}");
    assert_eq!(hear(), "owned: true");
    assert_eq!(hear(), "4");
    process.end();
    assert_eq!(database.record("import").unwrap().events(), 4);
}
