//! Whatever stands in a file that somebody else wrote, what is said of it is one line of text that can be seen.

use std::fs;

use etl_context::{Etl, EtlContext, FileJournal, Run, RunRecord, dict};

use super::checksum::line;
use super::journal_file::JournalFile;

/// Clears a screen, turns the direction, ends a line, fills a place, and tags what follows.
const HOSTILE: &str = "\u{1b}[2J\u{1b}[31mred\u{202e}desrever\u{2066}\r\n\u{7}\u{0}\u{3164}\u{115f}\u{e0041}\u{feff}";

const HEADER: &str = r#"{"format":"etl-context-journal","version":1,"seq":0,"event":"run_began","time":"2026-03-01T02:00:00Z","run_id":"019ca71f-b900-7a3c-8f5e-6d2b41c09e17","name":"import"}"#;

fn assert_plain(told: &str) {
    let seen = |character: char| {
        !character.is_control() && !HOSTILE.contains(character) || character == ' ' || character.is_ascii_graphic()
    };
    assert!(told.chars().all(seen), "{told:?}");
}

/// A journal whose second line is this object, in which `HOSTILE` stands for such a text.
fn journal(object: &str) -> JournalFile {
    let object = object.replace("\"HOSTILE\"", &serde_json::to_string(HOSTILE).unwrap());
    JournalFile::with([line(HEADER), line(&object)].concat())
}

#[test]
fn a_refusal_shows_nothing_of_the_file_that_cannot_be_seen() {
    let objects = [
        r#"{"seq":1,"event":"status_set","time":"2026-03-01T02:00:01Z","phase":"load","status":"HOSTILE"}"#,
        r#"{"seq":1,"event":"HOSTILE","time":"2026-03-01T02:00:01Z"}"#,
        r#"{"seq":1,"event":"HOSTILE"}"#,
        r#"{"version":2,"seq":1,"event":"HOSTILE","time":"2026-03-01T02:00:01Z"}"#,
        r#"{"version":1,"seq":1,"event":"HOSTILE","time":"2026-03-01T02:00:01Z"}"#,
        r#"{"seq":1,"event":"status_set","time":"HOSTILE","phase":"load","status":"failed"}"#,
        r#"{"seq":1,"event":"status_set","time":"2026-03-01T02:00:01Z","phase":"HOSTILE","status":"failed"}"#,
        r#"{"seq":1,"event":"phase_started","time":"2026-03-01T02:00:01Z","phase":"load","attempt":"HOSTILE","totals":{}}"#,
        r#"{"seq":1,"event":"phase_started","time":"2026-03-01T02:00:01Z","phase":"load","attempt":1,"totals":{"a":"HOSTILE"}}"#,
    ];
    for object in objects {
        let file = journal(object);
        let refusal = file.try_open().unwrap_err().to_string();
        assert!(refusal.contains("line 2"), "{refusal:?}");
        assert_plain(&refusal);
        assert_plain(&RunRecord::read(file.path()).unwrap_err().to_string());
    }
}

#[test]
fn a_refusal_does_not_repeat_a_text_of_any_length() {
    let long = format!(
        r#"{{"seq":1,"event":"status_set","time":"2026-03-01T02:00:01Z","phase":"load","status":"{}"}}"#,
        "long".repeat(100_000)
    );
    assert!(journal(&long).try_open().unwrap_err().to_string().len() < 2_000);
}

#[test]
fn what_is_asked_of_a_run_and_is_not_so_is_told_in_texts_that_can_be_seen() {
    let named = journal(r#"{"seq":1,"event":"status_set","time":"2026-03-01T02:00:01Z","phase":"load","status":"failed"}"#);
    let open = |file: &JournalFile| Run::builder("import").parameters(&dict! { HOSTILE: 1 }).journal(file.open()).begin::<Etl>();
    assert_plain(&open(&named).unwrap_err().to_string());
    let other = JournalFile::with(line(&HEADER.replace("\"import\"", &serde_json::to_string(HOSTILE).unwrap())));
    assert_plain(&open(&other).unwrap_err().to_string());
}

#[test]
fn a_result_of_another_shape_is_told_in_texts_that_can_be_seen() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    context.checkpoint(&dict! { HOSTILE: HOSTILE }).unwrap();
    let extract = context.try_into_state::<etl_context::Running<etl_context::Extract>, Etl>().unwrap();
    let refusal = extract.resume_point::<std::collections::BTreeMap<String, u64>>().unwrap_err();
    assert_plain(&refusal.to_string());
    drop(extract);
}

#[test]
fn an_error_of_the_author_is_told_on_one_line_and_kept_as_it_is() {
    let failed = etl_context::Context::new("import").phase(etl_context::Extract).run(|_| Err::<(), _>(HOSTILE.to_owned()));
    let error = etl_context::Error::from(failed.unwrap_err());
    assert_plain(&error.to_string());
    assert!(matches!(error, etl_context::Error::PhaseFailed { message, .. } if message == HOSTILE));
}

#[cfg(unix)]
#[test]
fn the_name_of_a_file_is_shown_whole_and_escaped() {
    let file = JournalFile::new();
    let path = file.folder().join("run\u{1b}[31m\u{202e}\n.jsonl");
    fs::write(&path, "Dear diary,\n").unwrap();
    let refusal = FileJournal::open(&path).unwrap_err().to_string();
    assert_plain(&refusal);
    assert!(refusal.contains("run\\u{1b}[31m\\u{202e}\\n.jsonl"), "{refusal}");
    let missing = path.join("missing.jsonl");
    assert_plain(&FileJournal::open(&missing).unwrap_err().to_string());
    assert_plain(&RunRecord::read(&missing).unwrap_err().to_string());
}

#[test]
fn what_stands_in_the_lock_is_told_on_one_line() {
    let file = JournalFile::new();
    let _owner = file.open();
    fs::write(file.folder().join("run.jsonl.lock"), format!("process 1 {HOSTILE}{}", "long".repeat(100_000))).unwrap();
    let refusal = file.try_open().unwrap_err();
    assert!(refusal.is_owned());
    assert_plain(&refusal.to_string());
    assert!(refusal.to_string().len() < 2_000);
}
