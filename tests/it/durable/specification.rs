//! The page that specifies the format says what is written, all of it, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use etl_context::{FailureCause, PhaseStatus};
use serde_json::Value;

use super::checksum::{crc32, line, without_checksum};
use super::golden;
use super::journal_file::JournalFile;

const PAGE: &str = include_str!("../../../docs/journal-format.md");

/// The lines of the page's example.
fn example() -> impl Iterator<Item = &'static str> {
    PAGE.lines().filter(|line| line.starts_with('{') && line.contains("\"crc\":"))
}

/// The rows of the table with this heading, as cells.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, section) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.split('|').map(str::trim).filter(|cell| !cell.is_empty()).collect()).collect()
}

/// The words in backticks.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The fields of every line in the golden moves' journal, by event.
fn written() -> Vec<(String, BTreeSet<String>)> {
    let text = String::from_utf8([golden::moves().bytes(), golden::later_moves().bytes()].concat()).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<BTreeMap<String, Value>>(line).unwrap());
    lines.map(|line| (line["event"].as_str().unwrap().to_owned(), line.into_keys().collect())).collect()
}

#[test]
fn the_example_is_a_journal() {
    let lines: Vec<_> = example().collect();
    let file = JournalFile::with(lines.join("\n") + "\n");
    let record = file.record();
    assert_eq!((record.name(), record.status("extract")), ("nightly", PhaseStatus::Completed));
    assert_eq!(record.phase("extract").unwrap().latest_report().unwrap().counts().messages, 140);
}

#[test]
fn the_checksums_of_the_example_follow_the_rule() {
    assert_eq!(crc32(b"123456789"), 0xcbf4_3926, "the check value of the standard");
    assert_eq!(example().count(), 4);
    for example in example() {
        assert_eq!(line(&without_checksum(example)), format!("{example}\n"));
    }
}

#[test]
fn the_worked_checksum_is_that_of_the_second_line() {
    let (_, worked) = PAGE.split_once("```text\n").unwrap();
    let covered = worked.lines().next().unwrap();
    let checksum = format!("{:08x}", crc32(covered.as_bytes()));
    assert!(PAGE.contains(&format!("these {} bytes, which is `{checksum}`", covered.len())));
    assert_eq!(example().nth(1).unwrap(), format!("{covered},\"crc\":\"{checksum}\"}}"));
}

#[test]
fn every_field_that_can_be_written_is_specified() {
    let source = include_str!("../../../src/journal/line.rs");
    let (_, fields) = source.split_once("struct Line {").unwrap();
    let fields = fields.split_once("\n}").unwrap().0.lines().map(str::trim).filter(|line| !line.starts_with(['#', '/']));
    let fields = fields.filter_map(|line| line.split_once(": ")).map(|(field, _)| field);
    // Two fields are looked at before the others are read.
    let fields: BTreeSet<_> = fields.chain(["crc", "format"]).collect();
    let specified: BTreeSet<_> = table("Fields").iter().flat_map(|row| words(row[0])).collect();
    assert_eq!(specified, fields);
}

#[test]
fn every_event_has_the_fields_that_are_specified_and_no_other() {
    let mut seen = BTreeMap::<_, BTreeSet<_>>::new();
    let specified: BTreeMap<_, _> = table("Events").into_iter().map(|row| (words(row[0]).next().unwrap(), row[2])).collect();
    for (event, fields) in written() {
        let specified = specified[event.as_str()];
        let always = specified.split(", ").filter(|field| !field.starts_with('(')).flat_map(words);
        let missing: Vec<_> = always.filter(|field| !fields.contains(*field)).collect();
        assert!(missing.is_empty(), "{event} lacks {missing:?}");
        seen.entry(event).or_default().extend(fields);
    }
    assert_eq!(seen.len(), specified.len(), "every event was written");
    for (event, mut fields) in seen {
        for field in ["seq", "event", "time", "crc"] {
            assert!(fields.remove(field), "{event} has no {field}");
        }
        assert_eq!(fields, words(specified[event.as_str()]).map(str::to_owned).collect(), "{event}");
    }
}

#[test]
fn every_cause_is_specified() {
    let (_, causes) = PAGE.split_once("The causes: ").unwrap();
    let causes = causes.split("\n\n").next().unwrap();
    for cause in [
        FailureCause::Error,
        FailureCause::Status,
        FailureCause::Abandoned,
        FailureCause::Panicked,
        FailureCause::Interrupted,
        FailureCause::Stopped,
        FailureCause::Errors,
    ] {
        assert!(words(causes).any(|word| word == cause.as_str()), "{cause}");
    }
}
