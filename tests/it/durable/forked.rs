//! A process that is forked off has a copy of all that its parent has open, and is not the owner.

use etl_context::{Context, Etl, Extract, FileJournal, Run, RunRecord};
use fork::Fork;

use super::journal_file::JournalFile;
use crate::child::{self, Child};

/// Says what the calls of the copy said, and then what the owner's say.
#[test]
#[ignore = "the part of a process that forks"]
fn process_that_forks() {
    let Some(path) = child::given() else { return };
    let context = Run::builder("import").journal(FileJournal::open(&path).unwrap()).begin::<Etl>().unwrap();
    let mut extract = context.start(Extract).unwrap();
    match fork::fork().unwrap() {
        Fork::Child => {
            let checkpoint = extract.checkpoint(&1).unwrap_err();
            child::say(&checkpoint.to_string());
            child::say(&format!("cancelled: {}", extract.is_cancelled()));
            drop(extract);
            child::say(&FileJournal::open(&path).unwrap_err().to_string());
            std::process::exit(0);
        }
        Fork::Parent(copy) => {
            fork::waitpid(copy).unwrap();
            child::say(&format!("owned: {}", FileJournal::open(&path).unwrap_err().is_owned()));
            extract.checkpoint(&2).unwrap();
            let extracted: Context<_> = extract.complete(()).unwrap();
            child::say(&format!("{:?}", RunRecord::read(&path).unwrap().as_ref() == Some(extracted.record())));
        }
    }
}

#[test]
fn the_copy_records_nothing_and_the_owner_goes_on() {
    let file = JournalFile::new();
    let mut process = Child::start(module_path!(), "process_that_forks", file.given());
    let mut hear = || process.hear().unwrap_or_default();
    let refused = hear();
    assert!(refused.contains("by which this one was forked off"), "{refused}");
    assert_eq!(hear(), "cancelled: true");
    let owned = hear();
    assert!(owned.contains("is owned by process"), "{owned}");
    assert_eq!(hear(), "owned: true");
    assert_eq!(hear(), "true", "the journal holds what its owner has recorded");
    process.end();
    assert_eq!(file.record().status("extract"), etl_context::PhaseStatus::Completed);
    assert_eq!(file.record().events(), 4);
}
