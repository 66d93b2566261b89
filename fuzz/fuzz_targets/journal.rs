//! Whatever the bytes of a journal are, it is read or refused, and nothing panics. What is read can be written again, adds up to a
//! run that can be shown and goes on, and is the same for the reader that knows the usual lines by heart and the one that reads
//! any JSON.

#![no_main]

use std::fs;
use std::sync::LazyLock;

use etl_context::{Error, Event, FileJournal, Journal, Run, RunRecord};
use etl_context_fuzz::{Disk, Folder, check_record, mended, spaced};
use libfuzzer_sys::fuzz_target;

static FOLDER: LazyLock<Folder> = LazyLock::new(Folder::new);

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    let mended = mended(bytes);
    check(&mended);
    let (events, spaced) = (events(&mended), events(&spaced(&mended)));
    match (events, spaced) {
        (Ok(events), Ok(spaced)) => assert_eq!(events, spaced),
        (Err(_), Err(_)) => {}
        (events, spaced) => panic!("one reader gives {events:?}, the other one {spaced:?}"),
    }
    FOLDER.clear();
});

fn events(bytes: &[u8]) -> Result<Vec<Event>, String> {
    let mut journal = open(bytes).map_err(|error| error.to_string())?;
    journal.load().map_err(|error| error.to_string())
}

fn open(bytes: &[u8]) -> Result<FileJournal, etl_context::JournalError> {
    FileJournal::with_storage(FOLDER.journal(), Disk::holding(bytes))
}

fn check(bytes: &[u8]) {
    fs::write(FOLDER.journal(), bytes).expect("the file can be written");
    let read = RunRecord::read(FOLDER.journal());
    let events = match events(bytes) {
        Ok(events) => events,
        Err(refusal) => {
            assert_eq!(read.expect_err("both read the same file").to_string(), refusal);
            return;
        }
    };
    assert_eq!(written_again(&events), events);
    let Some(record) = RunRecord::replay(&events) else {
        assert!(events.is_empty() == matches!(read, Ok(None)), "{read:?}");
        return;
    };
    assert_eq!(read.expect("the events add up to a run").as_ref(), Some(&record));
    check_record(&record);
    show(&record);
    go_on(bytes, &record);
}

fn written_again(events: &[Event]) -> Vec<Event> {
    let mut journal = open(b"").expect("an empty file is a journal");
    for (sequence, event) in (0..).zip(events) {
        journal.append(sequence, event).expect("what was read can be written");
    }
    journal.load().expect("what was written can be read")
}

fn show(record: &RunRecord) {
    let summary = record.summary();
    serde_json::to_string(&summary).expect("a summary can be serialised");
    let _ = (summary.to_string(), summary.to_html(), summary.to_markdown());
}

fn go_on(bytes: &[u8], found: &RunRecord) {
    let journal = open(bytes).expect("it was opened before");
    let opened = Run::builder(found.name()).journal(journal).begin_dynamic();
    let mut run = match opened {
        Ok(run) => run,
        // It keeps to a pipeline, or to parameters, or one of its numbers is the last one there is.
        Err(Error::OtherRun { .. } | Error::Journal { .. }) => return,
        Err(error) => panic!("{error}"),
    };
    assert_eq!(run.current_phase(), None);
    assert_eq!(run.record().events(), found.events() + u64::from(found.current_phase().is_some()));
    if run.start_phase("extract", None).is_ok() {
        run.end_phase(()).expect("it is running");
    }
}
