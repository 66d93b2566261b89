//! Which import is it, and what may it do? Identity, paths, and what a refused one leaves behind.

use std::fs;
use std::io::Write as _;
use std::process::{Output, Stdio};

use rusqlite::Connection;

use crate::place::{Place, text};

/// Writes an export with so many messages.
fn write_export(place: &Place, name: &str, messages: usize) {
    place.write(name, export(messages));
}

fn export(messages: usize) -> String {
    let message = |number| {
        format!(
            r#"{{"id": "{number}", "originalarrivaltime": "2021-03-04T05:06:07Z", "messagetype": "Text", "content": "x", "from": "8:bo"}}"#
        )
    };
    let messages: Vec<_> = (0..messages).map(message).collect();
    format!(r#"{{"conversations": [{{"id": "8:bo", "MessageList": [{}]}}]}}"#, messages.join(","))
}

fn messages(place: &Place, database: &str) -> i64 {
    let connection = Connection::open(place.path(database)).unwrap();
    connection.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).unwrap()
}

/// The import was refused with this status, in one line with these parts; gives that line.
#[track_caller]
fn assert_refused(output: &Output, status: i32, parts: &[&str]) {
    assert_eq!(output.status.code(), Some(status), "{output:?}");
    let message = text(&output.stderr);
    assert_eq!(message.lines().count(), 1, "{message}");
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message}");
    }
    assert_eq!(text(&output.stdout), "");
}

const COMMAND: [&str; 5] = ["messages.json", "--db", "skype.db", "--journal", "run.jsonl"];

#[test]
fn the_same_export_again_has_nothing_to_do_wherever_it_lies() {
    let place = Place::new();
    write_export(&place, "messages.json", 3);
    place.import_well(&COMMAND);
    fs::copy(place.path("messages.json"), place.path("copy.json")).unwrap();
    for export in ["messages.json", "copy.json"] {
        let output = place.import(&[&[export], &COMMAND[1..]].concat());
        let printed = text(&output.stdout);
        assert!(printed.starts_with(&format!("Nothing to do: {export} was imported on 20")), "{printed}");
        assert!(printed.contains("skype.db has 1 conversations, 1 people, 3 messages\n"), "{printed}");
    }
}

#[test]
fn a_newer_export_under_the_same_name_is_another_run() {
    let place = Place::new();
    write_export(&place, "messages.json", 3);
    place.import_well(&COMMAND);
    write_export(&place, "messages.json", 10);
    let output = place.import(&COMMAND);
    assert!(output.status.success(), "{output:?}");
    let said = text(&output.stderr);
    assert!(said.contains("messages.json is not what was imported on 20"), "{said}");
    let kept = said.rsplit("is kept as ").next().unwrap().trim();
    assert!(place.path(kept).exists(), "{said}");
    assert_eq!(messages(&place, "skype.db"), 10);
}

#[test]
fn many_exports_are_imported_into_one_database_and_each_of_them_once() {
    let place = Place::new();
    let import = || place.import(&["messages.json", "--db", "skype.db"]);
    for count in [3, 10, 3, 10] {
        write_export(&place, "messages.json", count);
        let output = import();
        assert!(output.status.success(), "{output:?}");
    }
    let printed = text(&import().stdout);
    assert!(printed.starts_with("Nothing to do: messages.json was imported on 20"), "{printed}");
    let runs = "SELECT count(*) FROM etl_context_runs WHERE status = 'completed'";
    let connection = Connection::open(place.path("skype.db")).unwrap();
    assert_eq!(connection.query_row(runs, [], |row| row.get::<_, i64>(0)), Ok(2));
    drop(connection);
    assert_eq!(messages(&place, "skype.db"), 10);
    assert_eq!(place.names(), ["messages.json", "skype.db", "skype.db.html"]);
}

#[test]
fn an_export_is_imported_anew_when_asked_and_the_earlier_record_is_kept() {
    let place = Place::new();
    write_export(&place, "messages.json", 3);
    place.import_well(&["messages.json", "--db", "skype.db"]);
    place.import_well(&["messages.json", "--db", "skype.db", "--again"]);
    let keys = "SELECT group_concat(substr(key, 30), ',') FROM (SELECT key FROM etl_context_runs ORDER BY key)";
    let connection = Connection::open(place.path("skype.db")).unwrap();
    assert_eq!(connection.query_row(keys, [], |row| row.get::<_, String>(0)), Ok(",/2".to_owned()));
}

#[test]
fn rows_that_are_gone_from_the_database_are_not_taken_for_imported() {
    let place = Place::new();
    write_export(&place, "messages.json", 3);
    let command = ["messages.json", "--db", "skype.db"];
    place.import_well(&command);
    Connection::open(place.path("skype.db")).unwrap().execute_batch("DROP TABLE messages").unwrap();
    assert_refused(&place.import(&command), 1, &["messages.json was imported on 20", "are gone; --again imports it anew"]);

    place.import_well(&[&command[..], &["--again"]].concat());
    assert_eq!(messages(&place, "skype.db"), 3);
}

#[test]
fn an_archive_leaves_nothing_beside_the_database() {
    let place = Place::new();
    let file = fs::File::create(place.path("export.json.gz")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    packed.write_all(export(3).as_bytes()).unwrap();
    packed.finish().unwrap();
    // As a process that was killed has left it.
    fs::create_dir(place.path("skype.db.staging")).unwrap();
    place.write("skype.db.staging/unpacked-left", "{}");
    place.import_well(&["export.json.gz", "--db", "skype.db"]);
    assert_eq!(messages(&place, "skype.db"), 3);
    assert_eq!(place.names(), ["export.json.gz", "skype.db", "skype.db.html"]);
}

#[test]
fn an_import_that_is_not_complete_is_not_given_up_unasked() {
    let place = Place::new();
    place.write("messages.json", "{");
    assert_refused(&place.import(&COMMAND), 1, &["is no readable Skype export"]);
    write_export(&place, "messages.json", 10);
    let parts = ["messages.json is not the export whose import the journal run.jsonl holds", "is not complete", "--again"];
    assert_refused(&place.import(&COMMAND), 1, &parts);

    place.import_well(&[&COMMAND[..], &["--again"]].concat());
    assert_eq!(messages(&place, "skype.db"), 10);
}

#[test]
fn an_import_whose_database_is_gone_says_so_and_begins_anew_when_asked() {
    let place = Place::new();
    write_export(&place, "messages.json", 3);
    place.import_well(&COMMAND);
    fs::remove_file(place.path("skype.db")).unwrap();
    assert_refused(
        &place.import(&COMMAND),
        1,
        &["messages.json was imported on 20", "skype.db is gone; --again imports it anew"],
    );
    assert!(!place.path("skype.db").exists());

    place.import_well(&[&COMMAND[..], &["--again"]].concat());
    assert_eq!(messages(&place, "skype.db"), 3);
}

#[test]
fn two_options_with_one_file_are_refused_and_the_file_is_as_it_was() {
    let place = Place::new();
    write_export(&place, "messages.json", 3);
    let before = fs::read(place.path("messages.json")).unwrap();
    for (arguments, same) in [
        (&["--report", "messages.json"][..], "the export and the report"),
        (&["--lineage", "./messages.json"], "the export and the lineage file"),
        (&["--journal", "messages.json"], "the export and the journal"),
        (&["--journal", "run.jsonl", "--report", "run.jsonl"], "the journal and the report"),
        (&["--lineage", "skype.db"], "the database and the lineage file"),
        (&["--journal", "skype.db.html"], "the journal and the report beside the database"),
    ] {
        let output = place.import(&[&["messages.json", "--db", "skype.db"], arguments].concat());
        assert_refused(&output, 2, &[&format!("{same} are the same file, ")]);
        assert!(fs::read(place.path("messages.json")).unwrap() == before);
        assert_eq!(place.names(), ["messages.json"]);
    }
}

#[test]
fn the_database_of_another_program_is_refused_and_not_touched() {
    let place = Place::new();
    write_export(&place, "messages.json", 3);
    let tables = "create table Messages (id text, convo text, body text, author text, kind text, ts text)";
    Connection::open(place.path("other.db")).unwrap().execute_batch(tables).unwrap();
    let before = fs::read(place.path("other.db")).unwrap();
    let output = place.import(&["messages.json", "--db", "other.db"]);
    assert_refused(&output, 1, &["other.db has a table `messages` that is not one of this import"]);
    assert!(fs::read(place.path("other.db")).unwrap() == before);
    assert_eq!(place.names(), ["messages.json", "other.db"]);
}

#[test]
fn a_file_that_is_no_journal_is_refused_and_nothing_is_left_beside_it() {
    let place = Place::new();
    write_export(&place, "messages.json", 3);
    place.write("notes.txt", "no journal\n");
    let output = place.import(&["messages.json", "--db", "skype.db", "--journal", "notes.txt"]);
    assert_refused(&output, 1, &["`notes.txt` is no journal"]);
    assert_eq!(place.names(), ["messages.json", "notes.txt"]);
}

#[test]
fn an_export_is_read_from_standard_input() {
    let place = Place::new();
    let mut command = place.command("skype_import", &["-", "--db", "skype.db"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(export(7).as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(messages(&place, "skype.db"), 7);
    assert_eq!(place.names(), ["skype.db", "skype.db.html"]);
}

#[cfg(target_os = "linux")] // Elsewhere there is no file that is always full.
#[test]
fn nobody_to_read_what_is_printed_is_no_reason_to_fail() {
    let place = Place::new();
    write_export(&place, "messages.json", 3);
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = place.command("skype_import", &COMMAND).stdout(full()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stderr), "");
    assert_eq!(messages(&place, "skype.db"), 3);
    assert!(!place.path("run.jsonl.staging").exists());
    assert!(place.command("skype_import", &["--help"]).stdout(full()).status().unwrap().success());
    let status = place.command("skype_import", &["--fast"]).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(2));
}
