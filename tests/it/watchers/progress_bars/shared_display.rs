//! What else is on a display: the log of the program, and other runs.

use std::io::Write;
use std::panic::{self, AssertUnwindSafe, catch_unwind};

use etl_context::{Context, Counts, Etl, Extract, Idle, ProgressBars, ProgressWriter, Run, Transform};
use indicatif::{InMemoryTerm, MultiProgress, ProgressDrawTarget};

use super::{frame_with, without_durations};

const ONE: Counts = Counts { conversations: 1, messages: 0 };

fn display() -> (InMemoryTerm, MultiProgress) {
    let terminal = InMemoryTerm::new(20, 80);
    (terminal.clone(), MultiProgress::with_draw_target(ProgressDrawTarget::term_like(Box::new(terminal))))
}

fn begin(name: &str, bars: &ProgressBars) -> Context<Idle, Etl> {
    Run::builder(name).observe(bars.clone().columns(80)).begin().unwrap()
}

fn lines(terminal: &InMemoryTerm) -> Vec<String> {
    terminal.contents().lines().map(str::to_owned).collect()
}

#[test]
fn lines_of_a_log_stand_above_the_bars() {
    let (terminal, all) = display();
    let mut log = ProgressWriter::within(all.clone());
    let mut extract = begin("import", &ProgressBars::within(all)).start(Extract).unwrap();
    extract.update_progress(ONE);
    frame_with(&terminal, "1 conversations");
    writeln!(log, "reading\tthe export").unwrap();
    writeln!(log, "a name with an {}", "ä".repeat(100)).unwrap();
    let frame = lines(&terminal);
    assert_eq!(frame.len(), 4, "{frame:#?}");
    assert_eq!(frame[0], "reading    the export");
    assert!(frame[1].starts_with("a name with an ä") && frame[2].starts_with('ä'), "{frame:#?}");
    assert!(frame[3].contains("extract          1 conversations"), "{frame:#?}");
    drop(extract.complete(()).unwrap());
}

#[test]
fn a_line_is_written_when_it_is_complete() {
    let (terminal, all) = display();
    let mut log = ProgressWriter::within(all.clone());
    let extract = begin("import", &ProgressBars::within(all)).start(Extract).unwrap();
    frame_with(&terminal, "extract          0:0");
    for piece in ["one ", "line", "\nanother", " line\nhalf a line"] {
        log.write_all(piece.as_bytes()).unwrap();
    }
    log.flush().unwrap();
    assert_eq!(lines(&terminal)[..2], ["one line", "another line"]);
    drop(log);
    assert_eq!(lines(&terminal)[2], "half a line");
    drop(extract.complete(()).unwrap());
}

#[test]
fn finished_lines_stay_when_more_is_written() {
    let (terminal, all) = display();
    let mut log = ProgressWriter::within(all.clone());
    let bars = ProgressBars::within(all);
    drop(begin("import", &bars).start(Extract).unwrap().complete(()).unwrap());
    writeln!(log, "the import is over").unwrap();
    assert_eq!(without_durations(&lines(&terminal)), ["✓ extract          done", "the import is over"]);
}

struct SaysGoodbye(ProgressWriter);

impl Drop for SaysGoodbye {
    fn drop(&mut self) {
        writeln!(self.0, "goodbye").unwrap();
    }
}

#[test]
fn a_log_is_written_also_while_a_panic_unwinds() {
    let (terminal, all) = display();
    let bars = ProgressBars::within(all.clone());
    let extract = begin("import", &bars).start(Extract).unwrap();
    frame_with(&terminal, "extract          0:0");
    let log = SaysGoodbye(ProgressWriter::within(all));
    let panicking = || -> () {
        let _log = log;
        panic::resume_unwind(Box::new("a bug"))
    };
    drop(catch_unwind(AssertUnwindSafe(panicking)).unwrap_err());
    assert_eq!(lines(&terminal)[0], "goodbye");
    drop(extract.complete(()).unwrap());
}

#[test]
fn runs_that_share_a_display_stand_below_their_names() {
    let (terminal, all) = display();
    let bars = ProgressBars::within(all);
    let monday = begin("monday", &bars).start(Extract).unwrap();
    let tuesday = begin("tuesday", &bars).start(Extract).unwrap().fail("no file").unwrap();
    let monday = monday.complete(()).unwrap().start(Transform).unwrap().complete(()).unwrap();
    let expected =
        ["monday", "✓ extract          done", "✓ transform        done", "tuesday", "✗ extract          failed (error)"];
    assert_eq!(without_durations(&frame_with(&terminal, "failed")), expected);
    drop(tuesday);
    // What is over stands above what is not.
    let expected =
        ["tuesday", "✗ extract          failed (error)", "monday", "✓ extract          done", "✓ transform        done"];
    assert_eq!(without_durations(&lines(&terminal)), expected);
    drop(monday);
    assert_eq!(without_durations(&lines(&terminal)), expected);
}

#[test]
fn a_run_that_is_alone_needs_no_name() {
    let (terminal, all) = display();
    let bars = ProgressBars::within(all);
    drop(begin("monday", &bars).start(Extract).unwrap().complete(()).unwrap());
    assert_eq!(without_durations(&lines(&terminal)), ["✓ extract          done"]);
    drop(begin("tuesday", &bars).start(Extract).unwrap().complete(()).unwrap());
    let expected = ["✓ extract          done", "tuesday", "✓ extract          done"];
    assert_eq!(without_durations(&lines(&terminal)), expected, "the next one says that it is another");
}
