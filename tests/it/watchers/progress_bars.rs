//! What is seen on a terminal of 80 and of 120 columns.

mod pauses;
mod shared_display;
mod side_by_side;
mod without_a_terminal;

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::thread;

use etl_context::{Context, Counts, Etl, Expect, Extract, Idle, ProgressBars, Run, RunBuilder, Transform, counters, pipeline};
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
fn a_phase_that_is_not_as_expected_says_so_behind_what_it_did() {
    let told = |counters: &[&str]| {
        let (terminal, bars) = terminal(80);
        let expecting = |run: RunBuilder, counter: &&str| run.expect::<Extract>(Expect::counter(*counter).at_least(500));
        let run = counters.iter().fold(Run::builder("import").observe(bars), expecting);
        let mut extract = run.begin::<Etl>().unwrap().start(Extract).unwrap();
        extract.update_progress(Counts { conversations: 0, messages: 20 });
        drop(extract.complete(()).unwrap());
        terminal.contents()
    };
    assert!(told(&["messages"]).ends_with("s, messages not as expected"), "{}", told(&["messages"]));
    assert!(told(&["messages", "conversations"]).ends_with("s, 2 figures not as expected"));
}

#[test]
fn the_running_phase_has_bar_counts_rate_and_time() {
    let expected = [(80, "███░░░░░ 40 % · 8,000"), (120, "██████░░░░░░░░░░ 40 % · 8,000 of 20,000 messages")];
    for (columns, expected) in expected {
        let (terminal, bars) = terminal(columns);
        let mut extract = begin(bars).start_with(Extract, Counts { conversations: 0, messages: 20_000 }).unwrap();
        extract.update_progress(Counts { conversations: 0, messages: 8_000 });
        let frame = frame_with(&terminal, "8,000");
        let [line] = &frame[..] else { panic!("{frame:#?}") };
        assert!(line.contains(&format!(" extract          {expected}")), "{line}");
        assert!(line.contains(" messages/s · ") && line.ends_with(" left"), "{line}");
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
    }
}

#[test]
fn the_number_of_errors_is_not_what_is_cut() {
    for fails in [false, true] {
        let (terminal, bars) = terminal(80);
        let context = Run::builder("import").observe(bars).begin::<Hard>().unwrap();
        let mut long = context.start_with(Long, HUGE).unwrap().fail("no file").unwrap().retry().unwrap();
        long.update_progress(HUGE);
        (0..1_234).for_each(|_| long.record_error("no sender").unwrap());
        let mark = if fails {
            drop(long.fail("too many").unwrap());
            '✗'
        } else {
            drop(long.complete(()).unwrap());
            '✓'
        };
        let frame = frame_with(&terminal, &format!("{mark} a-phase-with-a-name-"));
        let errors = if fails { ", 1,235 errors" } else { ", 1,234 errors" };
        assert!(frame[0].ends_with(errors), "{frame:#?}");
    }
}

#[test]
fn counters_that_do_not_fit_are_left_out_of_a_finished_line() {
    let (terminal, bars) = terminal(80);
    let mut extract = begin(bars).start(Extract).unwrap();
    extract.update_progress(Counts { conversations: 1_234_567_890_123, messages: u64::MAX });
    extract.record_error("no sender").unwrap();
    drop(extract.complete(()).unwrap());
    let frame = frame_with(&terminal, "✓ extract");
    assert_eq!(without_durations(&frame), ["✓ extract          1,234,567,890,123 conversations, …"]);
    assert!(frame[0].ends_with(", 1 error"), "{frame:#?}");
}

#[test]
fn the_first_counter_leads_a_bar() {
    let (terminal, bars) = terminal(80);
    let mut extract = begin(bars).start(Extract).unwrap();
    extract.update_progress(Counts { conversations: 12, messages: 8_000 });
    let [line] = &frame_with(&terminal, " conversations/s · 0:0")[..] else { panic!("one line") };
    assert!(!line.contains("messages/s"), "{line}");
    drop(extract.complete(()).unwrap());
}

counters! {
    /// What a download counts.
    pub struct Download {
        /// Bytes.
        pub bytes_read: u64,
        /// Files.
        pub files: u64,
    }
}

pipeline! {
    /// A pipeline whose only phase counts bytes.
    pub Downloads {
        Fetch = "fetch" counts Download after Idle;
    }
}

#[test]
fn a_bar_shows_bytes_in_their_units() {
    let (terminal, bars) = terminal(120);
    let context = Run::builder("import").observe(bars).begin::<Downloads>().unwrap();
    let mut fetch = context.start_with(Fetch, Download { bytes_read: 48 << 20, files: 0 }).unwrap();
    fetch.update_progress(Download { bytes_read: 12 << 20, files: 0 });
    let [line] = &frame_with(&terminal, "25 % · 12.0 MiB of 48.0 MiB read · ")[..] else { panic!("one line") };
    assert!(line.contains("iB/s read · "), "{line}");
    drop(fetch.complete(()).unwrap());
    assert_eq!(without_durations(&frame_with(&terminal, "✓")), ["✓ fetch            12.0 MiB read"]);
}

#[test]
fn a_finished_line_tells_of_a_counter_that_was_expected_and_of_no_other() {
    let (terminal, bars) = terminal(80);
    drop(begin(bars).start_with(Extract, Counts { conversations: 0, messages: 20 }).unwrap().complete(()).unwrap());
    assert_eq!(without_durations(&frame_with(&terminal, "✓")), ["✓ extract          0 messages"]);
}

#[test]
fn a_phase_that_panics_gets_its_cross() {
    let (terminal, bars) = terminal(80);
    let context = begin(bars);
    let panicking = || context.phase(Extract).run(|_| -> Result<(), String> { panic!("a bug in the phase") });
    drop(catch_unwind(AssertUnwindSafe(panicking)).unwrap_err());
    // Whoever has caught the panic finds the line: nobody draws it again.
    let contents = terminal.contents();
    assert_eq!(
        without_durations(&contents.lines().map(str::to_owned).collect::<Vec<_>>()),
        ["✗ extract          failed (panicked)"]
    );
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
