//! A file of rejected rows has one owner at a time, and what was there before stays.

use std::fs;

use etl_context::{Error, Etl, Extract, Run, RunBuilder};
use serde_json::json;
use tempfile::TempDir;

use super::rejected_rows::Place;

fn run(folder: &TempDir) -> RunBuilder {
    Run::builder("import").rejects(folder.path().join("rejects.jsonl"))
}

fn reject(builder: RunBuilder, row: u64) {
    let mut extract = builder.begin::<Etl>().unwrap().start(Extract).unwrap();
    extract.reject(&row, "odd").unwrap();
    drop(extract.complete(()).unwrap());
}

#[test]
fn two_runs_with_one_file_are_refused() {
    let folder = TempDir::new().unwrap();
    let context = run(&folder).begin::<Etl>().unwrap();
    let error = run(&folder).begin::<Etl>().unwrap_err();
    let Error::Journal { source, .. } = &error else { panic!("{error}") };
    assert!(source.is_owned());
    assert!(error.to_string().contains("run `import` cannot be opened: the file of rejected rows `"), "{error}");
    assert!(error.to_string().contains("is owned by process"), "{error}");
    let other_name = folder.path().join(".").join("rejects.jsonl");
    Run::builder("export").rejects(other_name).begin_dynamic().unwrap_err();
    drop(context);
    drop(run(&folder).begin::<Etl>().unwrap());
}

#[test]
fn a_run_that_is_refused_its_file_has_not_begun() {
    let place = Place::new();
    let other = Run::builder("other").rejects(place.rejects()).begin::<Etl>().unwrap();
    place.builder().begin::<Etl>().unwrap_err();
    assert_eq!(place.0.bytes(), b"");
    drop(other);
    drop(place.open().start(Extract).unwrap());
    let before = place.0.bytes();
    let other = Run::builder("other").rejects(place.rejects()).begin::<Etl>().unwrap();
    place.builder().begin::<Etl>().unwrap_err();
    assert_eq!(place.0.bytes(), before);
    drop(other);
}

#[test]
fn the_rows_of_earlier_runs_stay() {
    let folder = TempDir::new().unwrap();
    reject(run(&folder), 1);
    reject(run(&folder), 2);
    let text = fs::read_to_string(folder.path().join("rejects.jsonl")).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!([&lines[0]["row"], &lines[1]["row"]], [&json!(1), &json!(2)]);
    assert_ne!(lines[0]["run"], lines[1]["run"]);
}

/// Whatever it is, it is somebody's. A run that goes on takes its own rows out from between.
#[test]
fn what_is_not_of_the_run_stays_as_it_is() {
    let place = Place::new();
    fs::write(place.rejects(), b"not JSON\n\xff\xfe\n{\"run\":\"torn").unwrap();
    let mut extract = place.open().start(Extract).unwrap();
    extract.reject(&1, "odd").unwrap();
    drop(extract.fail("no connection").unwrap());
    let ours = String::from_utf8_lossy(&fs::read(place.rejects()).unwrap()).lines().last().unwrap().to_owned();
    assert!(ours.ends_with("\"row\":1}"), "on a line of its own: {ours}");
    let foreign = [&fs::read(place.rejects()).unwrap()[..], b"{\"run\":\"later\"}\n"].concat();
    fs::write(place.rejects(), foreign).unwrap();

    let mut extract = place.open().start(Extract).unwrap();
    extract.reject(&2, "odd").unwrap();
    assert_eq!(fs::read(place.rejects()).unwrap(), b"not JSON\n\xff\xfe\n{\"run\":\"torn\n{\"run\":\"later\"}\n");
    drop(extract.complete(()).unwrap());
    assert!(fs::read(place.rejects()).unwrap().ends_with(b"\"row\":2}\n"));
    let files: Vec<_> = fs::read_dir(place.0.folder()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!files.iter().any(|name| name.to_string_lossy().contains(".new")), "{files:?}");
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let error = Run::builder("import").rejects(folder.path()).begin::<Etl>().unwrap_err();
    assert!(error.to_string().contains("it is no file"), "{error}");
    Run::builder("import").rejects(folder.path().join("none").join("rejects.jsonl")).begin::<Etl>().unwrap_err();
}

#[test]
fn a_journal_is_no_file_for_rows() {
    let place = Place::new();
    let error = Run::builder("import").journal(place.0.open()).rejects(place.0.path()).begin::<Etl>().unwrap_err();
    assert!(error.to_string().contains("is owned by process"), "{error}");
}
