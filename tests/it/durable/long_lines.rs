//! A line is as long as somebody made it: its length alone decides how long it takes to read, and nothing in it how deep the stack is.

use std::fmt::Write;

use etl_context::Journal;

use super::checksum::line;
use super::every_event;
use super::journal_file::JournalFile;

/// The beginning of the end of a phase whose result names so many files, each with a checksum of its own.
fn names_files(files: usize) -> String {
    let mut torn = r#"{"seq":10,"event":"phase_ended","result":{"files":["#.to_owned();
    for file in 0..files {
        write!(torn, r#"{{"name":"{file}","crc":"{file:08x}"}},"#).unwrap();
    }
    torn
}

/// Were each checksum in it looked for in all that stands before, this would take hours.
#[test]
fn a_torn_end_with_a_hundred_thousand_checksums_in_it_is_cut_off() {
    let whole = every_event::journal().bytes();
    let torn = names_files(100_000);
    let file = JournalFile::with([&whole, torn.as_bytes()].concat());
    let mut journal = file.open();
    journal.load().unwrap();
    assert_eq!(file.bytes(), whole);
    assert_eq!(file.torn_ends(), [torn.as_bytes()]);
}

#[test]
fn a_whole_line_without_its_newline_is_found_whatever_it_names() {
    let whole = every_event::journal().bytes();
    for files in [0, 1, 2, 100] {
        let names = names_files(files);
        let joined = line(&format!("{}}}", names.trim_end_matches(','))).replace('\n', " and more");
        let error = JournalFile::with([&whole, joined.as_bytes()].concat()).try_open().unwrap_err().to_string();
        assert!(error.contains("line 11 does not end with a newline"), "{error}");
    }
}

/// Written by somebody else: this library writes no more than a hundred, and a word that there were more.
#[test]
fn a_chain_of_sources_is_read_with_the_bound_with_which_it_is_written() {
    let sources: Vec<String> = (1..=100_000).map(|number| format!("source {number}")).collect();
    let sources = serde_json::to_string(&sources).unwrap();
    let error = format!(r#"{{"message":"no sender","sources":{sources}}}"#);
    let events = [
        format!(r#"{{"seq":10,"event":"error_recorded","time":"2026-03-01T02:00:00Z","phase":"load","error":{error}}}"#),
        format!(
            r#"{{"seq":11,"event":"part_ended","time":"2026-03-01T02:00:00Z","phase":"transform","attempt":1,"status":"failed","duration_microseconds":1,"counts":{{}},"part":"a","error":{error}}}"#
        ),
    ];
    let recorded = JournalFile::with([every_event::journal().bytes(), line(&events[0]).into_bytes()].concat());
    let record = recorded.record();
    let error = record.errors().last().unwrap();
    assert_eq!(error.sources().count(), 101);
    assert_eq!(error.sources().nth(99), Some("source 100"));
    assert_eq!(error.sources().last(), Some("(the chain of sources goes on; 100 of them were kept)"));
    assert_eq!(error.error().clone(), *error.error());

    let registered =
        r#"{"seq":10,"event":"parts_registered","time":"2026-03-01T02:00:00Z","phase":"transform","attempt":1,"parts":["a"]}"#;
    let part = JournalFile::with([every_event::journal().bytes(), line(registered).into(), line(&events[1]).into()].concat());
    assert_eq!(part.record().errors().last().unwrap().sources().count(), 101);
    drop(every_event::open(&part).unwrap());
}

#[test]
fn a_chain_that_was_cut_is_read_as_it_was_written() {
    let sources = (0..200).fold(etl_context::JournalError::new("innermost"), |behind, number| {
        etl_context::JournalError::new(format!("source {number}")).with_source(behind)
    });
    let file = JournalFile::new();
    let mut run = every_event::open(&file).unwrap();
    run.record_error("load", &sources).unwrap();
    assert_eq!(file.record(), *run.record());
    assert_eq!(run.errors()[0].sources().count(), 101);
}
