//! A journal that ends anywhere opens to what was recorded until there.

use etl_context::{Error, EtlContext, Event, FailureCause, Journal, RunRecord};

use super::every_event;
use super::journal_file::JournalFile;

/// The whole lines of the bytes, and where they end.
fn whole_lines(bytes: &[u8]) -> (usize, usize) {
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    lines.fold((0, 0), |(number, end), line| (number + 1, end + line.len()))
}

/// Reading a journal of these events that is cut to this length.
pub(super) fn is_read_up_to_its_last_whole_line(bytes: &[u8], events: &[Event], length: usize) {
    let file = JournalFile::with(&bytes[..length]);
    let (lines, _) = whole_lines(&bytes[..length]);
    assert_eq!(RunRecord::read(file.path()).unwrap(), RunRecord::replay(&events[..lines]), "cut to {length} bytes");
    assert_eq!(file.bytes(), bytes[..length], "reading changes nothing");
}

/// Opening it.
pub(super) fn loses_its_torn_end_and_tells(bytes: &[u8], events: &[Event], length: usize) {
    let file = JournalFile::with(&bytes[..length]);
    let (lines, committed) = whole_lines(&bytes[..length]);
    let mut journal = file.open();
    assert_eq!(journal.load().unwrap(), events[..lines], "cut to {length} bytes");
    assert_eq!(file.bytes(), bytes[..committed]);
    let repairs = journal.repairs();
    if committed == length {
        assert!(repairs.is_empty() && file.torn_ends().is_empty());
    } else {
        assert_eq!(file.torn_ends(), [&bytes[committed..length]]);
        assert!(repairs[0].contains(&format!("line {}", lines + 1)), "{repairs:?}");
    }
}

/// Going on with the run, which `open` opens.
pub(super) fn goes_on(bytes: &[u8], events: &[Event], length: usize, open: fn(&JournalFile) -> Result<EtlContext, Error>) {
    let file = JournalFile::with(&bytes[..length]);
    let (lines, _) = whole_lines(&bytes[..length]);
    let mut run = open(&file).unwrap();
    let found = file.events();
    if lines > 0 {
        assert_eq!(found[..lines], events[..lines], "cut to {length} bytes");
        // All that opening adds is the end of an attempt that was running.
        let was_running = RunRecord::replay(&events[..lines]).unwrap().current_phase().cloned();
        assert_eq!(found.len() - lines, usize::from(was_running.is_some()));
        if let Some(phase) = was_running {
            assert_eq!(run.report(phase.as_str()).unwrap().cause(), Some(FailureCause::Interrupted));
        }
    }
    run.set_phase_status("extract", "failed").unwrap();
    assert_eq!(*run.record(), file.record());
}

#[test]
fn a_journal_that_is_cut_anywhere_is_read_up_to_its_last_whole_line() {
    let whole = every_event::journal();
    let (bytes, events) = (whole.bytes(), whole.events());
    (0..=bytes.len()).for_each(|length| is_read_up_to_its_last_whole_line(&bytes, &events, length));
}

#[test]
fn a_torn_end_is_cut_off_kept_beside_the_file_and_told() {
    let whole = every_event::journal();
    let (bytes, events) = (whole.bytes(), whole.events());
    (0..=bytes.len()).for_each(|length| loses_its_torn_end_and_tells(&bytes, &events, length));
}

#[test]
fn a_run_goes_on_from_wherever_its_journal_was_cut() {
    let whole = every_event::journal();
    let (bytes, events) = (whole.bytes(), whole.events());
    (0..=bytes.len()).for_each(|length| goes_on(&bytes, &events, length, every_event::open));
}

#[test]
fn a_last_line_without_its_newline_does_not_count_even_if_it_is_whole() {
    let whole = every_event::journal();
    let (mut bytes, events) = (whole.bytes(), whole.events());
    bytes.pop();
    let file = JournalFile::with(&bytes);
    assert_eq!(file.open().load().unwrap(), events[..events.len() - 1]);
}

#[test]
fn every_torn_end_is_kept_even_of_two_at_the_same_place() {
    let whole = every_event::journal().bytes();
    let file = JournalFile::new();
    for torn in [&b"{\"seq\":10,\"ev"[..], b"{\"seq\":10,", b"{\"seq\":10,"] {
        file.write([&whole, torn].concat());
        file.open().load().unwrap();
        assert_eq!(file.bytes(), whole);
    }
    let mut kept = file.torn_ends();
    kept.sort();
    assert_eq!(kept, [&b"{\"seq\":10,"[..], b"{\"seq\":10,\"ev"]);
}

#[test]
fn a_torn_end_that_cannot_be_kept_is_not_cut_off() {
    let whole = every_event::journal();
    let torn = [&whole.bytes(), &b"{\"seq\":10,"[..]].concat();
    let file = JournalFile::with(&torn);
    let in_the_way = file.folder().join(format!("run.jsonl.torn-at-{}", whole.bytes().len()));
    std::fs::create_dir(&in_the_way).unwrap();
    let message = file.open().load().unwrap_err().to_string();
    assert!(message.contains("cannot keep the torn end") && message.contains(".torn-at-"), "{message}");
    assert_eq!(file.bytes(), torn);
    std::fs::remove_dir(in_the_way).unwrap();
    assert_eq!(file.open().load().unwrap(), whole.events());
}
