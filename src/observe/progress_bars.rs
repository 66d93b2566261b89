//! Who watches on a terminal? One line for each phase, with a bar for the one that runs; log lines where there is no terminal.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt::Write;
use std::io::{self, IsTerminal};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;
use std::{env, fmt};

use console::Term;
use indicatif::style::TemplateError;
use indicatif::{MultiProgress, ProgressBar, ProgressState, ProgressStyle};

use crate::counting::reader::ProgressReader;
use crate::counting::snapshot::{CounterProgress, ProgressSnapshot};
use crate::observe::{Observation, Observer};
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::RunRecord;
use crate::record::attempt::PhaseReport;
use crate::record::event::Event;
use crate::record::phase::PhaseRecord;
use crate::text::line::shortened;
use crate::text::number::{duration, grouped, rate as rate_text};
use crate::text::table::WIDTH;

/// How often a bar is drawn anew, so that an idle phase still shows that time passes.
const REDRAWN_EVERY: Duration = Duration::from_millis(100);

/// How often a line is written where there is no terminal.
const LOGGED_EVERY: Duration = Duration::from_secs(10);

/// How many characters the bar has, where there is room and where there is less.
const BAR_WIDTH: usize = 16;
const SHORT_BAR_WIDTH: usize = 8;

/// How many characters of a phase's name are shown, so that they leave room for what it does.
const NAME_WIDTH: usize = 24;

/// Shows a run on a terminal, with a line for each phase.
///
/// The phases are in their order, the running one with a bar, counts, rate and time left; finished ones keep their duration and a
/// check mark or a cross. Where standard error is no terminal, it writes a line at each transition and every ten seconds. Colours
/// are left out if the environment has `NO_COLOR`.
///
/// ```no_run
/// use etl_context::{Etl, ProgressBars, Run};
///
/// let context = Run::builder("import").observe(ProgressBars::stderr()).begin::<Etl>()?;
/// # Ok::<(), etl_context::Error>(())
/// ```
///
/// What the program itself prints in between belongs through [`indicatif::MultiProgress::println`] or `suspend`; hand in your
/// own `MultiProgress` with [`ProgressBars::within`].
#[derive(Debug)]
pub struct ProgressBars(Display);

enum Display {
    Bars {
        all: MultiProgress,
        /// As the caller says; None asks standard error.
        columns: Option<u16>,
        phases: HashMap<PhaseName, ProgressBar>,
    },
    /// Dropping the sender ends the thread that logs the running attempt.
    Lines { running: Option<Sender<()>> },
}

impl ProgressBars {
    /// Draws to standard error, or logs there if it is no terminal.
    #[must_use]
    pub fn stderr() -> Self {
        if io::stderr().is_terminal() { ProgressBars::within(MultiProgress::new()) } else { ProgressBars::lines() }
    }

    /// Draws within a display that the program has already, whatever it draws to. A display does not tell how wide it is, so
    /// the lines are as wide as standard error's terminal; for another one, say so with [`columns`](ProgressBars::columns).
    #[must_use]
    pub fn within(all: MultiProgress) -> Self {
        ProgressBars(Display::Bars { all, columns: None, phases: HashMap::new() })
    }

    /// How wide the display is. Lines that are written where there is no terminal stay as they are.
    #[must_use]
    pub fn columns(mut self, width: u16) -> Self {
        if let Display::Bars { columns, .. } = &mut self.0 {
            *columns = Some(width);
        }
        self
    }

    /// Writes lines to standard error, as it does where there is no terminal.
    #[must_use]
    pub fn lines() -> Self {
        ProgressBars(Display::Lines { running: None })
    }
}

impl Observer for ProgressBars {
    fn observe(&mut self, event: &Event, run: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        match (&mut self.0, event) {
            (Display::Bars { all, columns, phases }, Event::PhaseStarted { phase, attempt, .. }) => {
                let bar = phases.entry(phase.clone()).or_insert_with(|| all.add(ProgressBar::no_length()));
                bar.reset();
                bar.set_style(running_style(title(phase, *attempt), run.progress().clone(), *columns)?);
                bar.enable_steady_tick(REDRAWN_EVERY);
            }
            (Display::Bars { all, columns, phases }, Event::PhaseEnded { report, .. }) => {
                // An attempt that an earlier process started has no bar yet.
                let bar = phases.entry(report.phase().clone()).or_insert_with(|| all.add(ProgressBar::no_length()));
                bar.disable_steady_tick();
                bar.set_style(ProgressStyle::with_template("{msg}")?);
                bar.finish_with_message(finished(report, run.record(), Marks::Coloured, line_width(*columns)));
            }
            (Display::Lines { running }, Event::PhaseStarted { phase, attempt, .. }) => {
                let title = title(phase, *attempt);
                eprintln!("▸ {title:<16} started");
                *running = Some(log_from_time_to_time(title, run.progress().clone())?);
            }
            (Display::Lines { running }, Event::PhaseEnded { report, .. }) => {
                *running = None;
                eprintln!("{}", finished(report, run.record(), Marks::Plain, WIDTH));
            }
            _ => {}
        }
        Ok(())
    }
}

/// As in `extract`, or `extract, attempt 2`.
fn title(phase: &PhaseName, attempt: u32) -> String {
    let name = shortened(phase.as_str(), NAME_WIDTH);
    if attempt > 1 { format!("{name}, attempt {attempt}") } else { name }
}

/// The line of the running attempt, read from its counters whenever it is drawn.
fn running_style(title: String, progress: ProgressReader, columns: Option<u16>) -> Result<ProgressStyle, TemplateError> {
    let template = if uses_colour() { "{spinner:.cyan} {progress}" } else { "{spinner} {progress}" };
    let style = ProgressStyle::with_template(template)?.tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ");
    Ok(style.with_key("progress", move |_: &ProgressState, line: &mut dyn Write| {
        // A line that cannot be written has nobody to read it.
        let _ = line.write_str(&running(&title, &progress.snapshot(), line_width(columns)));
    }))
}

/// What fits on a line beside the spinner or the mark.
fn line_width(columns: Option<u16>) -> usize {
    let columns = columns.unwrap_or_else(|| Term::stderr().size().1);
    usize::from(columns).saturating_sub(3)
}

/// As in `extract  ████░░░░░░ 40 % · 400 of 1,000 messages · 120/s · 0:05 left`. What does not fit is left out: first the
/// counters that say least, then half of the bar, then the total (the percentage tells it), then the rate.
fn running(title: &str, snapshot: &ProgressSnapshot, width: usize) -> String {
    let leading = snapshot.counters.iter().max_by_key(|counter| (counter.total.is_some(), counter.count > 0));
    let percent = leading.and_then(CounterProgress::percent);
    let (long, short) = (percent.map(|percent| bar(percent, BAR_WIDTH)), percent.map(|percent| bar(percent, SHORT_BAR_WIDTH)));
    let all = Some(snapshot.counters.iter().filter_map(counted).collect::<Vec<_>>().join(", "));
    let count = leading.and_then(counted);
    let brief = leading.filter(|counter| counter.count > 0).map(|counter| format!("{} {}", grouped(counter.count), counter.name));
    let rate = leading.filter(|counter| counter.count > 0).and_then(|counter| counter.per_second);
    let rate = rate.map(|per_second| format!("{}/s", rate_text(per_second)));
    let time = leading.and_then(|counter| counter.time_left).map(|left| format!("{} left", clock(left)));
    let time = time.or_else(|| Some(clock(snapshot.elapsed)));
    let line = |parts: [&Option<String>; 4]| {
        let parts = parts.into_iter().flatten().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>();
        format!("{title:<16} {}", parts.join(" · "))
    };
    let lines = [
        line([&long, &all, &rate, &time]),
        line([&long, &count, &rate, &time]),
        line([&short, &count, &rate, &time]),
        line([&short, &brief, &rate, &time]),
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

/// As in `400 of 1,000 messages`; nothing for a counter that was not used.
fn counted(counter: &CounterProgress) -> Option<String> {
    match counter.total {
        Some(total) => Some(format!("{} of {} {}", grouped(counter.count), grouped(total), counter.name)),
        None if counter.count > 0 => Some(format!("{} {}", grouped(counter.count), counter.name)),
        None => None,
    }
}

#[derive(Clone, Copy)]
enum Marks {
    Coloured,
    Plain,
}

/// As in `✓ extract: 400 messages in 3.33 s`, or `✗ extract, attempt 2: failed (error) after 3.33 s, 1 error`.
fn finished(report: &PhaseReport, record: &RunRecord, marks: Marks, width: usize) -> String {
    let completed = report.status() == PhaseStatus::Completed;
    let (mark, colour) = if completed { ('✓', "32") } else { ('✗', "31") };
    let mark = match marks {
        Marks::Coloured if uses_colour() => format!("\u{1b}[{colour}m{mark}\u{1b}[0m"),
        _ => mark.to_string(),
    };
    let counts = report.processed().filter(|(_, count)| *count > 0).map(|(name, count)| format!("{} {name}", grouped(count)));
    let counts = counts.collect::<Vec<_>>().join(", ");
    let took = duration(report.duration());
    let outcome = match report.cause() {
        None if counts.is_empty() => format!("done in {took}"),
        None => format!("{counts} in {took}"),
        Some(cause) => format!("failed ({cause}) after {took}"),
    };
    let errors = match record.phase(report.phase().as_str()).map_or(0, PhaseRecord::attempt_errors) {
        0 => String::new(),
        1 => ", 1 error".to_owned(),
        errors => format!(", {} errors", grouped(errors)),
    };
    let line = format!("{:<16} {outcome}{errors}", title(report.phase(), report.attempt()));
    format!("{mark} {}", shortened(&line, width))
}

/// Logs the running attempt until the sender that this returns is dropped.
fn log_from_time_to_time(title: String, progress: ProgressReader) -> io::Result<Sender<()>> {
    let (sender, ended) = channel::<()>();
    thread::Builder::new().name("etl-progress".to_owned()).spawn(move || {
        while ended.recv_timeout(LOGGED_EVERY) == Err(RecvTimeoutError::Timeout) {
            eprintln!("… {}", running(&title, &progress.snapshot(), WIDTH));
        }
    })?;
    Ok(sender)
}

/// See <https://no-color.org>: any value but an empty one.
fn uses_colour() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

impl fmt::Debug for Display {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Display::Bars { phases, .. } => f.debug_struct("Bars").field("phases", phases).finish_non_exhaustive(),
            Display::Lines { running } => f.debug_struct("Lines").field("running", &running.is_some()).finish(),
        }
    }
}
