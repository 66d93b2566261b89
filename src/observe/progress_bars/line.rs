//! What does the line of a phase say? While it runs and when it has ended, on as many columns as there are.

use std::env;
use std::time::Duration;

use crate::counting::snapshot::{CounterProgress, ProgressSnapshot, is_shown, leading};
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::RunRecord;
use crate::record::attempt::PhaseReport;
use crate::record::phase::PhaseRecord;
use crate::text::counter::{amount, counted, speed};
use crate::text::line::{one_line, shortened};
use crate::text::number::{duration, grouped};

/// How many characters the bar has, where there is room and where there is less.
const BAR_WIDTH: usize = 16;
const SHORT_BAR_WIDTH: usize = 8;

/// How many characters of a name are shown, so that they leave room for what the phase does.
const NAME_WIDTH: usize = 24;

/// To so many characters the names of phases are filled up, and to no fewer is one cut for what it did.
const TITLE_WIDTH: usize = 16;

/// As in `extract`, or `extract, attempt 2`.
pub(super) fn title(phase: &PhaseName, attempt: u32) -> String {
    let name = shortened(phase.as_str(), NAME_WIDTH);
    if attempt > 1 { format!("{name}, attempt {attempt}") } else { name }
}

/// The name of a run, where there are several.
pub(super) fn heading(run: &str) -> String {
    one_line(run, NAME_WIDTH)
}

/// As in `extract  ████░░░░░░ 40 % · 400 of 1,000 messages · 120 messages/s · 0:05 left`. What does not fit is left out: first
/// the counters that say least, then half of the bar, then the total (the percentage tells it) and the name that the rate has
/// too, then the rate.
pub(super) fn running(title: &str, snapshot: &ProgressSnapshot, width: usize) -> String {
    let counters = &snapshot.counters;
    let leading = leading(counters, |counter| (counter.count, counter.total));
    let percent = leading.and_then(CounterProgress::percent);
    let (long, short) = (percent.map(|percent| bar(percent, BAR_WIDTH)), percent.map(|percent| bar(percent, SHORT_BAR_WIDTH)));
    let all = Some(counters.iter().filter_map(so_far).collect::<Vec<_>>().join(", "));
    let count = leading.and_then(so_far);
    let moving = leading.filter(|counter| counter.count > 0);
    let brief = moving.map(|counter| counted(counter.name, counter.count));
    let bare = moving.map(|counter| amount(counter.name, counter.count));
    let rate = moving.and_then(|counter| Some(speed(counter.name, counter.per_second?)));
    let time = leading.and_then(|counter| counter.time_left).map(|left| format!("{} left", clock(left)));
    let time = time.or_else(|| Some(clock(snapshot.elapsed)));
    let line = |parts: [&Option<String>; 4]| {
        let parts = parts.into_iter().flatten().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>();
        format!("{title:<TITLE_WIDTH$} {}", parts.join(" · "))
    };
    let lines = [
        line([&long, &all, &rate, &time]),
        line([&long, &count, &rate, &time]),
        line([&short, &count, &rate, &time]),
        line([&short, &brief, &rate, &time]),
        line([&short, &bare, &rate, &time]),
        line([&short, &brief, &None, &time]),
        line([&None, &brief, &None, &time]),
    ];
    let [.., shortest] = &lines;
    let fitting = lines.iter().find(|line| line.chars().count() <= width);
    shortened(fitting.unwrap_or(shortest), width)
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a percentage of a few characters; the cast saturates"
)]
fn bar(percent: f64, width: usize) -> String {
    let full = ((percent / 100.0 * width as f64) as usize).min(width);
    format!("{}{} {percent:.0} %", "█".repeat(full), "░".repeat(width - full))
}

/// As in `2:05`, or `3:12:00`: it does not flicker.
fn clock(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// As in `400 of 1,000 messages`; nothing for a counter of which there is nothing to say.
fn so_far(counter: &CounterProgress) -> Option<String> {
    match counter.total {
        Some(total) => Some(format!("{} of {}", amount(counter.name, counter.count), counted(counter.name, total))),
        None => (counter.count > 0).then(|| counted(counter.name, counter.count)),
    }
}

/// As in `extract          next attempt in 0:12`, for a phase that has failed and is tried again.
pub(super) fn pausing(phase: &PhaseName, left: Duration, width: usize) -> String {
    let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
    let title = title(phase, 1);
    shortened(&format!("{title:<TITLE_WIDTH$} next attempt in {}", clock(Duration::from_secs(seconds))), width)
}

#[derive(Clone, Copy)]
pub(super) enum Marks {
    Coloured,
    Plain,
}

/// As in `✓ extract: 400 messages in 3.33 s`, or `✗ extract, attempt 2: failed (error) after 3.33 s, 1 error`. Where it is too
/// long, counters are left out, which the summary has; how it ended and how many errors there were stays.
pub(super) fn finished(title: &str, report: &PhaseReport, record: &RunRecord, marks: Marks, width: usize) -> String {
    let mark = mark(report.status() == PhaseStatus::Completed, marks);
    let end = format!("{}{}{}", duration(report.duration()), errors(record, report), unexpected(report));
    let outcomes = match report.cause() {
        Some(cause) => vec![format!("failed ({cause}) after {end}")],
        None => processed(report).into_iter().map(|processed| format!("{processed} in {end}")).collect(),
    };
    let lines = outcomes.iter().map(|outcome| format!("{title:<TITLE_WIDTH$} {outcome}"));
    let line = lines.into_iter().find(|line| line.chars().count() <= width).unwrap_or_else(|| {
        let shortest = outcomes.last().map_or("", String::as_str);
        let left = width.saturating_sub(shortest.chars().count() + 1).max(TITLE_WIDTH);
        format!("{} {shortest}", shortened(title, left))
    });
    format!("{mark} {}", shortened(&line, width))
}

fn mark(completed: bool, marks: Marks) -> String {
    let (mark, colour) = if completed { ('✓', "32") } else { ('✗', "31") };
    match marks {
        Marks::Coloured if uses_colour() => format!("\u{1b}[{colour}m{mark}\u{1b}[0m"),
        _ => mark.to_string(),
    }
}

/// What was processed, from all that there is to say of it to nothing.
fn processed(report: &PhaseReport) -> Vec<String> {
    let shown = report.counted().filter(|counter| is_shown((counter.count, counter.total))).collect::<Vec<_>>();
    let all = shown.iter().map(|counter| counted(counter.name, counter.count)).collect::<Vec<_>>().join(", ");
    let leading = leading(&shown, |counter| (counter.count, counter.total));
    let brief = leading.map(|counter| format!("{}, …", counted(counter.name, counter.count)));
    [Some(all).filter(|all| !all.is_empty()), brief, Some("done".to_owned())].into_iter().flatten().collect()
}

/// As in `, 2 errors`.
fn errors(record: &RunRecord, report: &PhaseReport) -> String {
    match record.phase(report.phase().as_str()).map_or(0, PhaseRecord::attempt_errors) {
        0 => String::new(),
        1 => ", 1 error".to_owned(),
        errors => format!(", {} errors", grouped(errors)),
    }
}

/// As in `, rows not as expected`, or `, 2 figures not as expected`.
fn unexpected(report: &PhaseReport) -> String {
    let broken = report.broken_expectations().collect::<Vec<_>>();
    match &broken[..] {
        [] => String::new(),
        [only] => format!(", {} not as expected", shortened(&only.figure(), NAME_WIDTH)),
        several => format!(", {} figures not as expected", several.len()),
    }
}

/// See <https://no-color.org>: any value but an empty one.
pub(super) fn uses_colour() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}
