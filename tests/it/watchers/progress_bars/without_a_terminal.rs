//! What is written where standard error is no terminal, or is closed. Each case is a process of its own.

use std::env;
use std::error::Error;
use std::io::{self, Write};
use std::panic;
use std::process::{self, Command, Stdio};

use etl_context::{Etl, Event, Extract, MemoryJournal, Observation, Observer, ProgressBars, Run};
use indicatif::MultiProgress;

const CHILD: &str = "ETL_CONTEXT_TEST_WRITES_TO_STANDARD_ERROR";

/// Runs a child's part below; its success, and what it wrote to standard error if that is open.
fn run(part: &str, open: bool) -> (bool, String) {
    let (mut reader, writer) = io::pipe().unwrap();
    let (_, module) = module_path!().split_once("::").unwrap();
    let mut child = Command::new(env::current_exe().unwrap());
    child.args([&format!("{module}::{part}"), "--exact", "--ignored", "--nocapture"]);
    child.env(CHILD, part).stdout(Stdio::null()).stderr(writer);
    if !open {
        drop(reader);
        return (child.status().unwrap().success(), String::new());
    }
    let mut process = child.spawn().unwrap();
    // Its copy of the writer would keep the pipe open.
    drop(child);
    let written = io::read_to_string(&mut reader).unwrap();
    (process.wait().unwrap().success(), written)
}

/// The lines without their durations.
fn told(written: &str) -> Vec<&str> {
    written.lines().map(|line| line.split(" in ").next().unwrap()).collect()
}

fn import(name: &str, bars: ProgressBars) {
    let context = Run::builder(name).observe(bars).begin::<Etl>().unwrap();
    drop(context.start(Extract).unwrap().complete(()).unwrap());
}

fn is_child() -> bool {
    let is_child = env::var_os(CHILD).is_some();
    if is_child {
        // As where a panic aborts the process, for which no test can be built.
        panic::set_hook(Box::new(|_| process::abort()));
    }
    is_child
}

#[test]
#[ignore = "a child's part"]
fn logs_a_run_on_a_hidden_display() {
    if is_child() {
        import("monday", ProgressBars::within(MultiProgress::new()));
    }
}

#[test]
#[ignore = "a child's part"]
fn logs_two_runs() {
    if is_child() {
        import("monday", ProgressBars::lines());
        import("tuesday", ProgressBars::stderr());
    }
}

#[test]
#[ignore = "a child's part"]
fn writes_a_log() {
    if is_child() {
        let mut log = ProgressBars::writer();
        import("monday", ProgressBars::stderr());
        writeln!(log, "the import\tis over").unwrap();
    }
}

/// Fails when the run is over, before the lines hear of that.
struct Unfinished;

impl Observer for Unfinished {
    fn observe(&mut self, _: &Event, _: &Observation<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(())
    }

    fn closed(&mut self, _: &Observation<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        Err("the archive is full".into())
    }
}

#[test]
#[ignore = "a child's part"]
fn opens_a_run_again() {
    if is_child() {
        let journal = MemoryJournal::new();
        let run = || Run::builder("monday").journal(journal.clone());
        drop(run().begin::<Etl>().unwrap().start(Extract).unwrap().complete(()).unwrap());
        drop(run().observe(ProgressBars::lines()).observe(Unfinished).begin::<Etl>().unwrap());
    }
}

const STARTED: &str = "▸ extract          started";
const DONE: &str = "✓ extract          done";

#[test]
fn a_display_that_is_hidden_has_lines_instead() {
    let (_, written) = run("logs_a_run_on_a_hidden_display", true);
    assert_eq!(told(&written), [STARTED, DONE]);
}

#[test]
fn a_run_that_is_opened_again_has_a_line_and_so_has_an_observer_that_fails() {
    let (_, written) = run("opens_a_run_again", true);
    let resumed = "▸ monday: unfinished, resumed after 3 events; completed: extract";
    assert_eq!(told(&written), [resumed, "! monday: Unfinished at closed: the archive is full"]);
}

#[test]
fn lines_of_several_runs_name_theirs() {
    let (_, written) = run("logs_two_runs", true);
    assert_eq!(told(&written), [STARTED, DONE, "▸ tuesday: extract started", "✓ tuesday: extract done"]);
}

#[test]
fn the_log_of_the_program_is_written_as_it_is() {
    let (_, written) = run("writes_a_log", true);
    assert_eq!(told(&written), [STARTED, DONE, "the import\tis over"]);
}

/// A panic would be contained, but not where it aborts the process.
#[test]
fn a_standard_error_that_is_closed_makes_nothing_panic() {
    for part in ["logs_a_run_on_a_hidden_display", "logs_two_runs", "writes_a_log", "opens_a_run_again"] {
        let (success, _) = run(part, false);
        assert!(success, "{part}");
    }
}
