//! On a disk without room a run is opened and read; nothing is recorded, nothing is lost, and nothing piles up.
//!
//! A process that may write nothing to files finds what it would find on a full disk.

use etl_context::{Error, RunRecord};

use super::every_event;
use super::journal_file::JournalFile;
use crate::child::{self, Child};

/// Opens the run, and says how that went, and what became of a call.
#[test]
#[ignore = "the part of a process that finds no room"]
fn process_without_room() {
    let Some(path) = child::given() else { return };
    match every_event::open_at(path.as_ref()) {
        Ok(mut run) => {
            child::say(&format!("opened after {} events", run.record().events()));
            let refused = matches!(run.set_phase_status("load", "failed"), Err(Error::Journal { .. }));
            child::say(&format!("refused: {refused}"));
        }
        Err(error) => child::say(&error.to_string()),
    }
}

fn process(file: &JournalFile) -> Child {
    Child::start_without_room(module_path!(), "process_without_room", file.given())
}

/// A run between two phases, whose process has gone.
fn at_rest() -> JournalFile {
    let file = JournalFile::new();
    let mut run = every_event::open(&file).unwrap();
    run.start_phase("extract", None).unwrap();
    run.end_phase(()).unwrap();
    drop(run);
    file
}

#[test]
fn a_run_is_opened_and_its_next_event_is_refused() {
    let file = at_rest();
    let before = file.bytes();
    let mut process = process(&file);
    assert_eq!(process.hear().as_deref(), Some("opened after 3 events"));
    assert_eq!(process.hear().as_deref(), Some("refused: true"));
    process.end();
    assert_eq!(file.bytes(), before);
    every_event::open(&file).unwrap().set_phase_status("load", "failed").unwrap();
}

#[test]
fn a_torn_end_is_kept_in_one_file_however_often_there_was_no_room_for_it() {
    let torn = b"{\"seq\":3,\"event\":\"phase_st";
    let whole = at_rest().bytes();
    let file = JournalFile::with([&whole, &torn[..]].concat());
    for _ in 0..3 {
        let mut process = process(&file);
        let refused = process.hear().unwrap_or_default();
        assert!(refused.contains("cannot keep the torn end"), "{refused}");
        process.end();
        assert!(file.torn_ends().len() <= 1);
        assert_eq!(RunRecord::read(file.path()).unwrap().unwrap().events(), 3);
    }
    drop(every_event::open(&file).unwrap());
    assert_eq!(file.bytes(), whole);
    assert_eq!(file.torn_ends(), [torn]);
}

/// It may have died in the middle of that, too.
#[test]
fn a_torn_end_that_was_kept_in_part_is_kept_whole_in_the_same_file() {
    let torn = b"{\"seq\":3,\"event\":\"phase_st";
    let whole = at_rest().bytes();
    for part in 0..=torn.len() {
        let file = JournalFile::with([&whole, &torn[..]].concat());
        let name = format!("run.jsonl.torn-at-{}", whole.len());
        std::fs::write(file.folder().join(name), &torn[..part]).unwrap();
        drop(every_event::open(&file).unwrap());
        assert_eq!(file.torn_ends(), [torn]);
    }
}
