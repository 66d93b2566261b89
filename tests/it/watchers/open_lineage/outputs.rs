//! Files, writers and functions, and what happens when they fail.

use std::fs;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use etl_context::{Etl, Extract, Observer, OpenLineage, Run};
use serde_json::Value;

/// A run of four events.
fn run(lineage: impl Observer + 'static) -> u64 {
    let context = Run::builder("import").observe(lineage).begin::<Etl>().unwrap();
    context.start(Extract).unwrap().complete(()).unwrap().summary().observer_failures()
}

fn types(file: &str) -> Vec<Value> {
    file.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["eventType"].clone()).collect()
}

#[test]
fn a_file_gets_a_line_for_each_event_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    for runs in 1..=2 {
        assert_eq!(run(OpenLineage::to_file(&path).unwrap()), 0);
        let expected = ["START", "START", "COMPLETE", "ABORT"].repeat(runs);
        assert_eq!(types(&fs::read_to_string(&path).unwrap()), expected);
    }
}

#[test]
fn a_torn_line_stays_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    fs::write(&path, r#"{"eventType": "STA"#).unwrap();
    run(OpenLineage::to_file(&path).unwrap());
    let file = fs::read_to_string(&path).unwrap();
    let (torn, rest) = file.split_once('\n').unwrap();
    assert_eq!((torn, types(rest).len()), (r#"{"eventType": "STA"#, 4));
}

#[test]
fn a_file_that_cannot_be_opened_is_told_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    OpenLineage::to_file(folder.path().join("missing").join("events.jsonl")).unwrap_err();
    OpenLineage::to_file(folder.path()).unwrap_err();
}

/// A disk that is full.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn events_that_cannot_be_written_count_as_failures_of_an_observer() {
    assert_eq!(run(OpenLineage::to_writer(Full)), 3);
}

#[test]
#[cfg(target_os = "linux")]
fn so_do_those_of_a_file_on_a_full_disk() {
    assert_eq!(run(OpenLineage::to_file("/dev/full").unwrap()), 3);
}

#[test]
fn a_callback_that_panics_hurts_neither_the_run_nor_its_end() {
    let panicking = || OpenLineage::to_callback(|_| -> Result<(), String> { panic!("a bug in the callback") });
    assert_eq!(run(panicking()), 3);

    // It also panics while the panic of the phase unwinds, which would end the program if it came through.
    let phase = AssertUnwindSafe(|| {
        let _extract = Run::builder("import").observe(panicking()).begin::<Etl>().unwrap().start(Extract).unwrap();
        panic!("a bug in the phase");
    });
    let panic = catch_unwind(phase).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"a bug in the phase"));
}
