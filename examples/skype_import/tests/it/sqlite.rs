//! Imports into a `SQLite` database.

use std::fs;
use std::path::Path;
use std::process::Output;

use etl_context::RunRecord;
use rusqlite::Connection;
use serde_json::Value;

use crate::place::{Place, text};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sample/messages.json");

/// How many conversations, people and messages the database has.
fn row_counts(database: &Path) -> [i64; 3] {
    let connection = Connection::open(database).unwrap();
    ["conversations", "people", "messages"]
        .map(|table| connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap())
}

/// Every row of the database as text.
fn rows(database: &Path) -> Vec<String> {
    let connection = Connection::open(database).unwrap();
    let rows_of = |table| {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = 0..statement.column_count();
        let row_text =
            |row: &rusqlite::Row<'_>| Ok(format!("{:?}", columns.clone().map(|column| row.get_ref(column)).collect::<Vec<_>>()));
        statement.query_map([], row_text).unwrap().collect::<Result<Vec<_>, _>>().unwrap()
    };
    ["conversations", "people", "messages"].into_iter().flat_map(rows_of).collect()
}

/// The import failed, said so in one line with these parts, and left these files.
#[track_caller]
fn assert_failed(place: &Place, output: &Output, left: &[&str], parts: &[&str]) {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let message = text(&output.stderr);
    assert_eq!(message.lines().count(), 1, "{message}");
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message}");
    }
    assert_eq!(text(&output.stdout), "");
    assert_eq!(place.names(), left);
}

#[test]
fn without_arguments_the_sample_fills_a_temporary_database() {
    let place = Place::new();
    let printed = place.import_well(&[]);

    let ended: Vec<Vec<&str>> = printed.lines().map(|line| line.split_whitespace().take(3).collect()).collect();
    for phase in ["extract", "transform", "load"] {
        assert!(ended.contains(&vec![phase, "completed", "1"]), "{printed}");
    }
    let last: Vec<&str> = printed.lines().rev().take(6).collect();
    let (database, counts) = last[5].strip_prefix("Database: ").unwrap().split_once(" has ").unwrap();
    assert_eq!(counts, "12 conversations, 15 people, 400 messages");
    assert_eq!(row_counts(Path::new(database)), [12, 15, 400]);
    let directory = Path::new(database).parent().unwrap();
    assert_eq!(last[1], format!("Report: open {database}.html in a browser"));
    assert!(fs::read_to_string(format!("{database}.html")).unwrap().contains("skype-import"));
    assert!(last[0].starts_with("Your own export: cargo run --release -p skype_import -- "), "{printed}");
    assert_eq!(fs::read_dir(directory).unwrap().count(), 2, "nothing else is left beside the database");
    assert_eq!(place.names(), [directory.file_name().unwrap().to_str().unwrap()]);
}

#[test]
fn the_extraction_counts_bytes_up_to_the_size_of_the_export() {
    let place = Place::new();
    place.import_well(&[SAMPLE, "--db", "skype.db", "--journal", "run.jsonl"]);
    let record = RunRecord::read(place.path("run.jsonl")).unwrap().unwrap();
    let counted = serde_json::to_value(record.phase("extract").unwrap().latest_report().unwrap()).unwrap();
    let size = fs::metadata(SAMPLE).unwrap().len();
    for (name, expected) in [("messages_processed", 400), ("bytes_processed", size), ("total_bytes", size)] {
        assert_eq!(counted[name], expected, "{name}");
    }
}

#[test]
fn importing_again_changes_no_row() {
    let place = Place::new();
    place.import_well(&[SAMPLE, "--db", "skype.db"]);
    let first = rows(&place.path("skype.db"));
    let printed = text(&place.import(&["--db", "skype.db", SAMPLE]).stdout);
    assert!(printed.starts_with("Nothing to do: "), "{printed}");
    let printed = place.import_well(&["--db", "skype.db", SAMPLE, "--again"]);
    assert!(!printed.contains("Nothing to do"), "{printed}");

    assert_eq!(first.len(), 12 + 15 + 400);
    assert_eq!(rows(&place.path("skype.db")), first);
    assert!(printed.contains("skype.db has 12 conversations, 15 people, 400 messages\n"), "{printed}");
    assert!(printed.ends_with("skype.db.html in a browser\n"), "{printed}");
    assert_eq!(place.names(), ["skype.db", "skype.db.html"]);
}

#[test]
fn the_report_is_where_it_is_asked_for_and_else_beside_the_database() {
    let place = Place::new();
    let arguments = [SAMPLE, "--db", "skype.db", "--journal", "run.jsonl"];
    let printed = place.import_well(&arguments);
    assert!(printed.ends_with("skype.db.html in a browser\n"), "{printed}");

    // No phase runs any more, and the page tells of all that ran before.
    let printed = text(&place.import(&[&arguments[..], &["--report", "asked.html"]].concat()).stdout);
    assert!(printed.ends_with("asked.html in a browser\n"), "{printed}");
    let [beside, asked] = ["skype.db.html", "asked.html"].map(|page| fs::read_to_string(place.path(page)).unwrap());
    assert!(asked.contains("400") && asked == beside, "{asked}");
}

#[test]
fn what_cannot_be_written_is_told_before_anything_is_done() {
    let place = Place::new();
    for (option, what) in [("--report", "the report"), ("--lineage", "the lineage file"), ("--journal", "the journal")] {
        let output = place.import(&["--db", "skype.db", option, "missing/file"]);
        assert_failed(&place, &output, &[], &[&format!("cannot write {what} missing/file: ")]);
    }
}

#[test]
fn a_failed_import_tells_why_in_the_report_that_was_asked_for() {
    let place = Place::new();
    place.write("cut.json", "{");
    let output = place.import(&["cut.json", "--db", "skype.db", "--report", "run.html"]);
    assert_failed(&place, &output, &["cut.json", "run.html", "skype.db"], &["cut.json"]);
    assert!(fs::read_to_string(place.path("run.html")).unwrap().contains("is no readable Skype export"));
}

#[test]
fn the_log_is_what_rust_log_asks_for() {
    let place = Place::new();
    let logged = |asked: &str| text(&place.command("skype_import", &[]).env("RUST_LOG", asked).output().unwrap().stderr);
    assert!(logged("etl_context=info").contains("extract"));
    assert_eq!(logged("off"), "");
    assert!(logged("a=b=c").starts_with("skype_import: RUST_LOG is left out: "));
}

#[test]
fn a_tar_archive_gives_the_rows_of_the_export_in_it() {
    let place = Place::new();
    let mut archive = tar::Builder::new(fs::File::create(place.path("export.tar")).unwrap());
    archive.append_path_with_name(SAMPLE, "8_live_robin/messages.json").unwrap();
    archive.finish().unwrap();

    place.import_well(&["export.tar", "--db", "of_tar.db"]);
    place.import_well(&[SAMPLE, "--db", "of_json.db"]);
    assert_eq!(rows(&place.path("of_tar.db")), rows(&place.path("of_json.db")));
}

#[test]
fn the_sample_is_what_the_generator_makes() {
    let place = Place::new();
    place.generate("--conversations 12 --messages 400 --seed 135 --output messages.json");
    assert!(fs::read(place.path("messages.json")).unwrap() == fs::read(SAMPLE).unwrap());
}

#[test]
fn a_file_that_is_no_export_fails_the_extract_phase_by_file_and_line() {
    let sample = fs::read(SAMPLE).unwrap();
    let (half, _) = sample.split_at(sample.len() / 2);
    let last_line = half.split(|byte| *byte == b'\n').count();
    let cases: [(&[u8], &str, usize); 5] = [
        (b"", "EOF while parsing", 1),
        (b"\n<html></html>", "expected value", 2),
        (b"{\n\"users\": []\n}", "missing field `conversations`", 3),
        (b"{\"conversations\":\n{}}", "expected the list `conversations`", 2),
        (half, "EOF while parsing", last_line),
    ];
    for (content, problem, line) in cases {
        let place = Place::new();
        place.write("notes.txt", content);
        let output = place.import(&["notes.txt", "--db", "skype.db"]);

        let expected = "expected the messages.json of a Skype export, or the archive around it";
        let line = format!("at line {line} column");
        assert_failed(
            &place,
            &output,
            &["notes.txt", "skype.db"],
            &["phase `extract` failed", "notes.txt", problem, &line, expected],
        );
    }
}

#[test]
fn a_missing_export_is_named() {
    let place = Place::new();
    let output = place.import(&["missing.json"]);
    assert_failed(&place, &output, &[], &["cannot read the export", "missing.json"]);
}

#[test]
fn a_failed_import_leaves_the_rows_of_an_earlier_one() {
    let place = Place::new();
    place.import_well(&["--db", "skype.db"]);
    let before = rows(&place.path("skype.db"));
    place.write("cut.json", &fs::read(SAMPLE).unwrap()[..100_000]);

    let output = place.import(&["cut.json", "--db", "skype.db"]);
    assert_failed(&place, &output, &["cut.json", "skype.db", "skype.db.html"], &["cut.json"]);
    assert!(rows(&place.path("skype.db")) == before);
}

#[test]
fn bad_messages_are_left_out_and_recorded_with_both_ids() {
    let place = Place::new();
    place.generate("--conversations 2 --messages 500 --seed 7 --bad 10 --output messages.json");
    let printed = place.import_well(&["messages.json", "--db", "skype.db"]);

    let bad = bad_messages(&place.path("messages.json"));
    assert_eq!(bad.len(), 10);
    // The first three of each kind.
    for message in &bad[..6] {
        assert!(printed.contains(&format!("\n  transform, attempt 1: {message}")), "{message} is not in {printed}");
    }
    assert!(printed.contains("\n6 errors\n"), "{printed}");
    let told = "\nLeft out: 10 messages, 0 conversations\n  messages without a readable time: 5\n  messages without an id: 5\n";
    assert!(printed.contains(told), "{printed}");
    assert_eq!(row_counts(&place.path("skype.db"))[2], 490);
}

/// What must be said of each message that has no id or no time.
fn bad_messages(export: &Path) -> Vec<String> {
    let export: Value = serde_json::from_slice(&fs::read(export).unwrap()).unwrap();
    let conversations = export["conversations"].as_array().unwrap();
    let messages = conversations.iter().flat_map(|chat| chat["MessageList"].as_array().unwrap().iter().enumerate());
    let said = |(index, message): (usize, &Value)| {
        let conversation = message["conversationid"].as_str().unwrap();
        match (message["id"].as_str(), message["originalarrivaltime"].as_str()) {
            (None, _) => Some(format!("message number {} of conversation {conversation} has no id", index + 1)),
            (Some(id), Some("not a time")) => Some(format!("message {id} of conversation {conversation} has no")),
            _ => None,
        }
    };
    messages.filter_map(said).collect()
}

#[test]
fn of_many_bad_messages_some_are_recorded_and_all_are_counted() {
    let place = Place::new();
    place.generate("--conversations 3 --messages 2000 --seed 7 --bad 1500 --output messages.json");
    let printed = place.import_well(&["messages.json", "--db", "skype.db"]);

    assert!(printed.contains("\n6 errors\n"), "{printed}");
    assert!(printed.contains("\nLeft out: 1500 messages, 0 conversations\n"), "{printed}");
    assert_eq!(row_counts(&place.path("skype.db"))[2], 500);
}

#[test]
fn a_database_that_cannot_be_written_is_named() {
    let place = Place::new();
    let output = place.import(&["--db", "missing/skype.db"]);
    assert_failed(&place, &output, &[], &["cannot write the database", "missing/skype.db"]);

    place.write("notes.txt", "no database, ".repeat(100));
    let output = place.import(&["--db", "notes.txt"]);
    assert_failed(&place, &output, &["notes.txt"], &["cannot open the database", "notes.txt"]);
    assert_eq!(fs::read_to_string(place.path("notes.txt")).unwrap(), "no database, ".repeat(100));
}

#[cfg(unix)] // Elsewhere, no file can have these names.
#[test]
fn names_that_are_special_to_sqlite_are_files_like_any_other() {
    for name in [":memory:", "file:skype.db?mode=memory"] {
        let place = Place::new();
        place.import_well(&["--db", name]);
        assert_eq!(row_counts(&place.path(name)), [12, 15, 400]);
    }
}

#[test]
fn a_wrong_command_line_is_refused_with_status_2() {
    let place = Place::new();
    for (arguments, mistake) in [(vec!["--fast"], "there is no option --fast"), (vec!["--db"], "--db needs a file after it")] {
        let output = place.import(&arguments);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert_eq!(text(&output.stderr), format!("skype_import: {mistake}; see skype_import --help\n"));
    }
    assert!(place.names().is_empty());
}

#[test]
fn help_shows_the_usage() {
    let help = Place::new().import_well(&["--help"]);
    assert!(help.contains("Usage: skype_import [EXPORT] [--db FILE]"), "{help}");
}
