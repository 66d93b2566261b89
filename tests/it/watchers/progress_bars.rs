//! What is seen on a terminal of 80 and of 120 columns.

use std::env;
use std::process::Command;
use std::thread;

use etl_context::{Context, Counts, Etl, Extract, Idle, ProgressBars, Run, Transform, counters, pipeline};
use indicatif::{InMemoryTerm, MultiProgress, ProgressDrawTarget};

pipeline! {
    /// A pipeline whose phases have hard names and many counters.
    pub Hard {
        Long = "a-phase-with-a-name-of-all-the-sixty-four-characters-it-can-have" counts Many after Idle;
    }
}

counters! {
    /// More than fits on a line.
    pub struct Many {
        /// Conversations.
        pub conversations: u64,
        /// Messages.
        pub messages: u64,
        /// Bytes.
        pub bytes: u64,
        /// Attachments.
        pub attachments: u64,
    }
}

const HUGE: Many = Many { conversations: u64::MAX, messages: u64::MAX, bytes: u64::MAX, attachments: u64::MAX };

fn terminal(columns: u16) -> (InMemoryTerm, ProgressBars) {
    let terminal = InMemoryTerm::new(20, columns);
    let all = MultiProgress::with_draw_target(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
    (terminal, ProgressBars::within(all).columns(columns))
}

fn begin(bars: ProgressBars) -> Context<Idle, Etl> {
    Run::builder("import").observe(bars).begin().unwrap()
}

/// The frame in which the last line has this; a bar is drawn anew all the time.
fn frame_with(terminal: &InMemoryTerm, text: &str) -> Vec<String> {
    loop {
        let frame: Vec<_> = terminal.contents().lines().map(str::to_owned).collect();
        if frame.last().is_some_and(|line| line.contains(text)) {
            return frame;
        }
        thread::yield_now();
    }
}

/// The lines up to the duration, which differs from run to run.
fn without_durations(frame: &[String]) -> Vec<&str> {
    let end = |line: &str| [" in ", " after "].iter().filter_map(|word| line.find(word)).min();
    frame.iter().map(|line| line[..end(line).unwrap_or(line.len())].trim_end()).collect()
}

#[test]
fn the_running_phase_has_bar_counts_rate_and_time() {
    for (columns, expected) in [(80, "███░░░░░ 40 % · 8,000 messages"), (120, "██████░░░░░░░░░░ 40 % · 8,000 of 20,000 messages")]
    {
        let (terminal, bars) = terminal(columns);
        let mut extract = begin(bars).start_with(Extract, Counts { conversations: 0, messages: 20_000 }).unwrap();
        extract.update_progress(Counts { conversations: 0, messages: 8_000 });
        let frame = frame_with(&terminal, "8,000");
        let [line] = &frame[..] else { panic!("{frame:#?}") };
        assert!(line.contains(&format!(" extract          {expected}")), "{line}");
        assert!(line.contains("/s · ") && line.ends_with(" left"), "{line}");
        assert!(line.chars().count() <= usize::from(columns), "{line}");
        drop(extract.complete(()).unwrap());
    }
}

#[test]
fn an_idle_phase_shows_that_time_passes() {
    let (terminal, bars) = terminal(80);
    let extract = begin(bars).start(Extract).unwrap();
    let frame = frame_with(&terminal, "extract          0:0");
    assert_eq!(frame.len(), 1);
    drop(extract.complete(()).unwrap());
}

#[test]
fn finished_phases_keep_a_line_with_mark_counts_and_errors() {
    let (terminal, bars) = terminal(80);
    let mut extract = begin(bars).start(Extract).unwrap();
    extract.update_progress(Counts { conversations: 12, messages: 1_234 });
    extract.record_error("no sender").unwrap();
    extract.record_error("no sender").unwrap();
    let transform = extract.complete(()).unwrap().start(Transform).unwrap();
    drop(transform.fail("no mapping").unwrap());

    let frame = frame_with(&terminal, "failed");
    let expected = ["✓ extract          12 conversations, 1,234 messages", "✗ transform        failed (error)"];
    assert_eq!(without_durations(&frame), expected);
    assert!(frame[0].ends_with(", 2 errors"), "{frame:#?}");
    assert!(frame[1].ends_with(", 1 error"), "{frame:#?}");
}

#[test]
fn a_retry_takes_the_line_of_the_attempt_before() {
    let (terminal, bars) = terminal(80);
    let failed = begin(bars).start(Extract).unwrap().fail("no file").unwrap();
    assert_eq!(without_durations(&frame_with(&terminal, "failed")), ["✗ extract          failed (error)"]);
    let extract = failed.retry().unwrap();
    assert_eq!(frame_with(&terminal, "extract, attempt 2 0:0").len(), 1);
    drop(extract.complete(()).unwrap());
    assert_eq!(without_durations(&frame_with(&terminal, "done")), ["✓ extract, attempt 2 done"]);
}

#[test]
fn no_name_and_no_count_makes_a_line_wrap() {
    for columns in [20, 80, 120] {
        let (terminal, bars) = terminal(columns);
        let context = Run::builder("import").observe(bars).begin::<Hard>().unwrap();
        let mut long = context.start_with(Long, HUGE).unwrap();
        long.update_progress(HUGE);
        let running = frame_with(&terminal, "a-phase-with-a-");
        let mut again = long.fail("too much").unwrap().retry().unwrap();
        again.update_progress(HUGE);
        drop(again.complete(()).unwrap());
        let finished = frame_with(&terminal, "✓ a-phase-with-a-");
        assert_eq!((running.len(), finished.len()), (1, 1), "{running:#?} {finished:#?}");
        assert!(finished[0].ends_with('…'), "{finished:#?}");
    }
}

/// Prints a finished line with its colours, for the test below.
#[test]
#[ignore = "the test below runs it, in processes of its own"]
fn a_finished_line() {
    let (terminal, bars) = terminal(80);
    drop(begin(bars).start(Extract).unwrap().complete(()).unwrap());
    frame_with(&terminal, "done");
    println!("{}", String::from_utf8_lossy(&terminal.contents_formatted()));
}

fn has_green(no_color: Option<&str>) -> bool {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["watchers::progress_bars::a_finished_line", "--exact", "--ignored", "--nocapture"]).env_remove("NO_COLOR");
    if let Some(value) = no_color {
        child.env("NO_COLOR", value);
    }
    let output = String::from_utf8(child.output().unwrap().stdout).unwrap();
    assert!(output.contains("extract"), "{output}");
    output.contains("\u{1b}[32m")
}

#[test]
fn no_color_is_respected_unless_it_is_empty() {
    assert_eq!([None, Some(""), Some("1")].map(has_green), [true, true, false]);
}
