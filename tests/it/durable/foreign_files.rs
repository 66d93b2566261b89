//! What a journal may contain that this version does not know, and what is no journal.

use etl_context::{FileJournal, JournalError, RunRecord};

use super::checksum::{line, without_checksum};
use super::every_event;
use super::golden;
use super::journal_file::JournalFile;

/// The journal with one of its lines written in another way.
fn with_line(number: usize, change: impl Fn(&str) -> String) -> JournalFile {
    let text = String::from_utf8(every_event::journal().bytes()).unwrap();
    let lines = (1..).zip(text.split_inclusive('\n'));
    let lines: String = lines
        .map(|(index, text)| if index == number { line(&change(&without_checksum(text))) } else { text.to_owned() })
        .collect();
    JournalFile::with(lines)
}

/// The refusal of a file, which stays as it was, whoever opens it.
fn refusal(file: &JournalFile) -> JournalError {
    let before = file.bytes();
    let error = file.try_open().unwrap_err();
    assert_eq!(error.to_string(), RunRecord::read(file.path()).unwrap_err().to_string());
    assert_eq!(file.bytes(), before, "a file that is refused is not touched");
    assert!(!error.is_owned());
    error
}

fn assert_refused(file: &JournalFile, words: &[&str]) {
    let message = refusal(file).to_string();
    for word in ["run.jsonl"].iter().chain(words) {
        assert!(message.contains(word), "`{word}` is not in: {message}");
    }
}

#[test]
fn fields_that_are_not_known_are_ignored_wherever_they_are() {
    let known = every_event::journal();
    for number in 1..=known.events().len() {
        let file = with_line(number, |text| text.replace(",\"event\":", ",\"later\":{\"crc\":\"0\",\"x\":[1]},\"event\":"));
        assert_eq!(file.record().events(), known.record().events(), "line {number}");
    }
    let in_error = with_line(4, |text| text.replace("{\"message\":", "{\"kind\":7,\"message\":"));
    assert_eq!(in_error.record().errors()[0].message(), "row 7");
}

#[test]
fn the_order_of_fields_does_not_matter_but_for_the_start_of_the_header_and_the_checksum() {
    let file =
        with_line(2, |text| text.replacen("\"seq\":1,\"event\":\"phase_started\"", "\"event\":\"phase_started\",\"seq\":1", 1));
    assert_eq!(file.record().status("extract"), every_event::journal().record().status("extract"));
}

#[test]
fn a_journal_of_a_newer_version_is_refused_by_its_version() {
    for version in ["2", "3", "4294967296"] {
        let file = with_line(1, |text| text.replace("\"version\":1", &format!("\"version\":{version}")));
        assert_refused(&file, &[&format!("version {version}"), "newer"]);
    }
}

#[test]
fn a_newer_version_is_told_even_if_it_has_another_checksum() {
    let header = "{\"format\":\"etl-context-journal\",\"version\":2,\"sha\":\"whatever\"}\n";
    assert_refused(&JournalFile::with(header), &["version 2"]);
}

#[test]
fn a_version_that_is_no_version_is_refused_by_the_line() {
    for version in ["0", "-1", "1.5", "\"1\"", "null"] {
        let file = with_line(1, |text| text.replace("\"version\":1", &format!("\"version\":{version}")));
        assert_refused(&file, &["line 1"]);
    }
    assert_refused(&with_line(1, |text| text.replace("\"version\":1,", "")), &["line 1"]);
}

/// It could not be written again as it was read.
#[test]
fn a_header_with_another_event_than_the_first_is_refused() {
    let other = "\"event\":\"status_set\",\"phase\":\"load\",\"status\":\"failed\"";
    let file = with_line(1, |text| text.replace("\"event\":\"run_began\"", other));
    assert_refused(&file, &["line 1", "`status_set`", "`run_began` was expected"]);
    let header = "{\"format\":\"etl-context-journal\",\"version\":1,\"seq\":";
    assert_refused(&with_line(2, |text| text.replace("{\"seq\":", header)), &["line 2", "`phase_started`"]);
}

#[test]
fn an_event_or_a_value_that_is_not_known_is_refused_by_its_line() {
    assert_refused(&with_line(2, |text| text.replace("phase_started", "phase_paused")), &["line 2", "`phase_paused`"]);
    assert_refused(&with_line(5, |text| text.replace("\"cause\":\"error\"", "\"cause\":\"fate\"")), &["line 5", "`fate`"]);
    assert_refused(&with_line(6, |text| text.replace("completed", "postponed")), &["line 6", "`postponed`"]);
    assert_refused(&with_line(2, |text| text.replace("extract", "Extract")), &["line 2", "`Extract`"]);
    assert_refused(&with_line(2, |text| text.replace("\"time\":\"20", "\"time\":\"x20")), &["line 2"]);
}

#[test]
fn a_line_without_a_field_that_its_event_needs_is_refused() {
    assert_refused(&with_line(2, |text| text.replace("\"attempt\":1,", "")), &["line 2", "`phase_started`"]);
    assert_refused(&with_line(1, |text| text.replace("\"name\":\"import\",", "")), &["line 1"]);
}

#[test]
fn events_that_cannot_follow_one_another_are_refused() {
    let changes = [(3, "\"attempt\":1", "\"attempt\":2"), (5, "extract", "load"), (7, "\"attempt\":2", "\"attempt\":3")];
    for (number, from, to) in changes {
        let file = with_line(number, |text| text.replace(from, to));
        RunRecord::read(file.path()).unwrap_err();
        let before = file.bytes();
        every_event::open(&file).unwrap_err();
        assert_eq!(file.bytes(), before, "line {number}");
    }
}

/// With every checksum right, so that only the status is wrong.
#[test]
fn an_end_that_is_none_is_refused() {
    for status in ["pending", "running"] {
        let change = |text: &str| text.replace("\"status\":\"failed\"", &format!("\"status\":\"{status}\""));
        let phase = with_line(5, |text| change(text).replace("\"cause\":\"error\",", ""));
        let error = RunRecord::read(phase.path()).unwrap_err().to_string();
        assert!(error.contains(" is damaged: line 5 "), "{error}");
        FileJournal::open(phase.path()).unwrap_err();

        let moves = golden::moves();
        let text = String::from_utf8(moves.bytes()).unwrap();
        let lines = text.lines().map(|text| {
            let ends_a_part = text.contains("\"part_ended\"");
            if ends_a_part { line(&change(&without_checksum(text))) } else { format!("{text}\n") }
        });
        let part = JournalFile::with(lines.collect::<String>());
        assert_ne!(part.bytes(), moves.bytes());
        RunRecord::read(part.path()).unwrap_err();
    }
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_not_touched() {
    let others: [&[u8]; 10] = [
        b"Dear diary,\n",
        b"no newline",
        b"{}",
        b"{}\n",
        b"[]\n",
        b"\n",
        b"\x1f\x8b\x08\0\0\0",
        b"\xef\xbb\xbf{\"format\":\"etl-context-journal\",\"version\":1}\n",
        b"{ \"format\": \"etl-context-journal\", \"version\": 1 }\n",
        b"{\"seq\":0,\"event\":\"run_began\"}",
    ];
    for other in others {
        assert_refused(&JournalFile::with(other), &["no journal"]);
    }
}

#[test]
fn a_journal_without_its_first_line_is_no_journal() {
    let whole = every_event::journal().bytes();
    let first = whole.iter().position(|byte| *byte == b'\n').unwrap();
    assert_refused(&JournalFile::with(&whole[first + 1..]), &["no journal"]);
}

#[test]
fn a_journal_with_other_line_ends_is_refused() {
    let text = String::from_utf8(every_event::journal().bytes()).unwrap().replace('\n', "\r\n");
    assert_refused(&JournalFile::with(text), &["line 1"]);
}

#[test]
fn a_journal_that_was_edited_by_hand_is_refused_by_its_line() {
    let text = String::from_utf8(every_event::journal().bytes()).unwrap();
    assert_refused(&JournalFile::with(text.replace("\"offset\":512", "\"offset\":513")), &["line 3", "checksum"]);
}

#[test]
fn a_folder_is_no_journal() {
    let file = JournalFile::new();
    std::fs::create_dir(file.path()).unwrap();
    assert!(file.try_open().unwrap_err().to_string().contains("run.jsonl"));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let file = JournalFile::new();
    let path = file.folder().join("missing").join("run.jsonl");
    assert!(FileJournal::open(path).unwrap_err().to_string().contains("missing"));
}

#[test]
fn what_is_no_journal_gets_no_lock_beside_it() {
    let file = JournalFile::with("a letter\n");
    assert!(file.try_open().unwrap_err().to_string().contains("is no journal"));
    let error = FileJournal::open(file.folder()).unwrap_err();
    assert!(error.to_string().contains(file.folder().to_str().unwrap()), "{error}");
    let beside = file.folder().parent().unwrap().join(format!("{}.lock", file.folder().file_name().unwrap().to_str().unwrap()));
    assert!(!beside.exists(), "{}", beside.display());
    assert_eq!(std::fs::read_dir(file.folder()).unwrap().count(), 1, "only the letter is there");
}
