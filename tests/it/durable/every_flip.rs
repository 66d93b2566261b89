//! No byte of a journal changes without anybody noticing.

use etl_context::{JournalError, RunRecord};

use super::every_event;
use super::journal_file::JournalFile;

/// Every byte that differs from this one in one bit, and the one that ends a line.
fn other_bytes(byte: u8) -> impl Iterator<Item = u8> {
    let flipped = (0..8).map(move |bit| byte ^ (1 << bit));
    flipped.chain([b'\n']).filter(move |other| *other != byte)
}

fn line_number(bytes: &[u8], index: usize) -> usize {
    bytes[..index].split(|byte| *byte == b'\n').count()
}

/// Every change of one byte from `start` on; `check` is given the index of the byte.
fn each_change(bytes: &[u8], start: usize, mut check: impl FnMut(&JournalFile, usize)) {
    let file = JournalFile::new();
    let mut changed = bytes.to_vec();
    for index in start..bytes.len() {
        for other in other_bytes(bytes[index]) {
            changed[index] = other;
            file.write(&changed);
            check(&file, index);
        }
        changed[index] = bytes[index];
    }
}

/// The refusal says where: by the number of the line, or that the header is not one this program knows.
fn names(error: &JournalError, line_number: usize) -> bool {
    let message = error.to_string();
    let in_header = message.contains("no journal header") || message.contains("format version");
    message.contains(&format!("line {line_number} ")) || (line_number == 1 && in_header)
}

/// The file holds these bytes, but for the one at `index`.
pub(super) fn is_refused_by_the_number_of_its_line(file: &JournalFile, bytes: &[u8], index: usize) {
    let error = RunRecord::read(file.path()).unwrap_err();
    assert!(names(&error, line_number(bytes, index)), "byte {index}: {error}");
}

#[test]
fn every_change_of_one_byte_is_refused_by_the_number_of_its_line() {
    let bytes = every_event::journal().bytes();
    each_change(&bytes, 0, |file, index| is_refused_by_the_number_of_its_line(file, &bytes, index));
}

/// The file holds these bytes, which were changed.
pub(super) fn is_refused_by_its_owner_and_not_touched(file: &JournalFile, changed: &[u8]) {
    let error = file.try_open().unwrap_err();
    assert_eq!(error.to_string(), RunRecord::read(file.path()).unwrap_err().to_string());
    assert_eq!(file.bytes(), changed);
}

#[test]
fn a_journal_that_was_changed_is_refused_by_its_owner_in_the_same_words_and_not_touched() {
    let bytes = every_event::journal().bytes();
    let file = JournalFile::new();
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 4;
        file.write(&changed);
        is_refused_by_its_owner_and_not_touched(&file, &changed);
    }
}

#[test]
fn a_change_at_a_torn_end_loses_nothing_that_was_recorded() {
    let whole = every_event::journal();
    let recorded = RunRecord::replay(&whole.events());
    let bytes = whole.bytes();
    for end in ["{", r#"{"seq":10,"event":"phase_ended","time":"20"#] {
        let torn = [&bytes, end.as_bytes()].concat();
        each_change(&torn, bytes.len() - 200, |file, index| match RunRecord::read(file.path()) {
            Ok(record) => assert_eq!(record, recorded, "byte {index}"),
            Err(error) => assert!(names(&error, line_number(&torn, index)), "byte {index}: {error}"),
        });
    }
}

#[test]
fn lines_that_were_moved_doubled_or_removed_are_refused() {
    let bytes = every_event::journal().bytes();
    let lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let refused = |lines: &[&[u8]], number: usize| {
        let error = RunRecord::read(JournalFile::with(lines.concat()).path()).unwrap_err();
        assert!(names(&error, number), "{error}");
    };
    for index in 1..lines.len() - 1 {
        refused(&[&lines[..index], &lines[index + 1..]].concat(), index + 1);
        refused(&[&lines[..=index], &lines[index..]].concat(), index + 2);
        let mut moved = lines.clone();
        moved.swap(index, index + 1);
        refused(&moved, index + 1);
    }
}
