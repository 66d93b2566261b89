//! A journal is read while another process writes it, and neither disturbs the other.

use etl_context::{Etl, Extract, FileJournal, Run, RunRecord};

use super::every_event;
use super::journal_file::JournalFile;
use crate::child::{self, Child};

const BATCHES: u64 = 20;
const BATCH: u64 = 50;

#[test]
#[ignore = "the part of the process that writes"]
fn writing_process() {
    let Some(path) = child::given() else { return };
    let context = Run::builder("nightly").journal(FileJournal::open(path).unwrap()).begin::<Etl>().unwrap();
    let mut extract = context.start(Extract).unwrap();
    child::say("ready");
    let text = "a cursor of some length, so that its line takes a moment to write ".repeat(20);
    while child::listen().is_some() {
        (0..BATCH).for_each(|row| extract.checkpoint(&(row, &text)).unwrap());
    }
    drop(extract.complete(()).unwrap());
}

#[test]
fn a_run_is_read_while_another_process_writes_it() {
    let file = JournalFile::new();
    let mut writer = Child::start(module_path!(), "writing_process", file.given());
    assert_eq!(writer.hear().as_deref(), Some("ready"));
    let mut events = 2;
    for batch in 1..=BATCHES {
        writer.tell("write a batch");
        while events < 2 + batch * BATCH {
            let record = file.record();
            assert!(record.events() >= events, "a run never goes back");
            events = record.events();
        }
    }
    assert!(writer.end().success(), "the writer was not disturbed");
    assert_eq!(file.record().events(), events + 1);
}

#[test]
fn reading_needs_no_lock_and_leaves_no_trace() {
    let file = JournalFile::with(every_event::journal().bytes());
    file.record();
    let files: Vec<_> = std::fs::read_dir(file.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(files, ["run.jsonl"]);
}

#[test]
fn a_run_that_has_not_begun_is_no_record() {
    assert_eq!(RunRecord::read(JournalFile::with("").path()).unwrap(), None);
    let header = every_event::journal().bytes();
    assert_eq!(RunRecord::read(JournalFile::with(&header[..50]).path()).unwrap(), None);
}

#[test]
fn a_file_that_is_not_there_is_an_error_that_names_it() {
    let file = JournalFile::new();
    let message = RunRecord::read(file.path()).unwrap_err().to_string();
    assert!(message.contains("run.jsonl"), "{message}");
}
