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
