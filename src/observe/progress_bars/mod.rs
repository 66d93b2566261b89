//! Who watches on a terminal? One line for each phase, with a bar for each one that runs; log lines where there is no terminal.

mod display;
mod line;
mod log;
pub(crate) mod writer;

use std::error::Error as StdError;
use std::fmt::Write;
use std::time::{Duration, Instant};

use console::Term;
use indicatif::style::TemplateError;
use indicatif::{MultiProgress, ProgressState, ProgressStyle};

use crate::counting::reader::ProgressReader;
use crate::observe::progress_bars::display::Display;
use crate::observe::progress_bars::line::{Marks, finished, pausing, running, title, uses_colour};
use crate::observe::progress_bars::log::Log;
use crate::observe::{Observation, Observer};
use crate::pipeline::phase::PhaseName;
use crate::pipeline::shape::PipelineShape;
use crate::record::RunRecord;
use crate::record::attempt::PhaseReport;
use crate::record::event::Event;
use crate::record::recovery::RecoveryReport;

/// Shows a run on a terminal, with a line for each phase.
///
/// The phases are in their order, the running one with a bar, counts, rate and time left; where several run side by side, each of
/// them. Finished ones keep their duration and a check mark or a cross. Where standard error is no terminal, it writes a line at
/// each transition, and for each running phase one every ten seconds. Colours are left out if the environment has `NO_COLOR`.
///
/// ```no_run
/// use etl_context::{Etl, ProgressBars, Run};
///
/// let context = Run::builder("import").observe(ProgressBars::stderr()).begin::<Etl>()?;
/// # Ok::<(), etl_context::Error>(())
/// ```
///
/// What the program itself prints in between belongs through [`ProgressBars::writer`], so that it is not drawn over.
///
/// Several runs of a process share the display of standard error, each under its name; on a display of your own, so do runs
/// that are watched by clones of one `ProgressBars`.
#[derive(Debug, Clone)]
pub struct ProgressBars(Shown);

#[derive(Debug)]
enum Shown {
    Bars(Bars),
    Lines(Log),
}

/// One run on a display.
#[derive(Debug)]
struct Bars {
    display: Display,
    /// As the caller says; None asks standard error.
    columns: Option<u16>,
    /// By which the display knows the run; `None` before it has heard of it.
    run: Option<u64>,
}

impl ProgressBars {
    /// Draws to standard error, or logs there if it is no terminal.
    #[must_use]
    pub fn stderr() -> Self {
        ProgressBars::on(Display::standard())
    }

    /// Draws within a display that the program has already, whatever it draws to; logs to standard error if the display is
    /// hidden, as it is where there is no terminal. A display does not tell how wide it is, so the lines are as wide as standard
    /// error's terminal; for another one, say so with [`columns`](ProgressBars::columns).
    #[must_use]
    pub fn within(all: MultiProgress) -> Self {
        ProgressBars::on(Display::within(all))
    }

    fn on(display: Display) -> Self {
        if display.is_hidden() {
            return ProgressBars::lines();
        }
        ProgressBars(Shown::Bars(Bars { display, columns: None, run: None }))
    }

    /// How wide the display is. Lines that are written where there is no terminal stay as they are.
    #[must_use]
    pub fn columns(mut self, width: u16) -> Self {
        if let Shown::Bars(bars) = &mut self.0 {
            bars.columns = Some(width);
        }
        self
    }

    /// Writes lines to standard error, as it does where there is no terminal. Where a process has several runs, the lines name
    /// theirs.
    #[must_use]
    pub fn lines() -> Self {
        ProgressBars(Shown::Lines(Log::default()))
    }
}

impl Observer for ProgressBars {
    fn observe(&mut self, event: &Event, run: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        match (&mut self.0, event) {
            (Shown::Bars(bars), Event::PhaseStarted { phase, attempt, .. }) => bars.start(run, phase, *attempt)?,
            (Shown::Bars(bars), Event::PhaseEnded { report, .. }) => bars.finish(run.record(), report),
            (Shown::Lines(log), Event::PhaseStarted { phase, attempt, .. }) => {
                log.start(run.record(), phase, *attempt, run.progress())?;
            }
            (Shown::Lines(log), Event::PhaseEnded { report, .. }) => log.finish(run.record(), report)?,
            _ => {}
        }
        Ok(())
    }

    fn pausing(&mut self, phase: &PhaseName, pause: Duration) -> Result<(), Box<dyn StdError + Send + Sync>> {
        match &mut self.0 {
            Shown::Bars(bars) => bars.pause(phase, pause)?,
            Shown::Lines(_) => Log::pause(phase, pause)?,
        }
        Ok(())
    }

    /// Bars show what is done now.
    fn resumed(&mut self, recovery: &RecoveryReport, run: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        match &mut self.0 {
            Shown::Bars(_) => Ok(()),
            Shown::Lines(log) => Ok(log.resumed(run.record(), recovery)?),
        }
    }

    fn closed(&mut self, run: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        match &self.0 {
            Shown::Bars(_) => Ok(()),
            Shown::Lines(_) => Ok(Log::closed(run.record(), run.observer_failures())?),
        }
    }
}

impl Bars {
    fn pause(&mut self, phase: &PhaseName, pause: Duration) -> Result<(), TemplateError> {
        let Some(run) = self.run else { return Ok(()) };
        let (name, began, columns) = (phase.clone(), Instant::now(), self.columns);
        let left = move || pause.saturating_sub(began.elapsed());
        let style = live_style(move || pausing(&name, left(), line_width(columns)))?;
        self.display.pause(run, phase, &style);
        Ok(())
    }

    fn start(&mut self, run: &Observation<'_>, phase: &PhaseName, attempt: u32) -> Result<(), TemplateError> {
        let style = running_style(title(phase, attempt), run.progress().clone(), self.columns)?;
        let number = self.number(run.record());
        self.display.start(number, phase, place(run.record(), phase), style);
        Ok(())
    }

    /// An attempt that an earlier process started has no line yet.
    fn finish(&mut self, run: &RunRecord, report: &PhaseReport) {
        let title = title(report.phase(), report.attempt());
        let text = finished(&title, report, run, Marks::Coloured, line_width(self.columns));
        let number = self.number(run);
        self.display.finish(number, report.phase(), place(run, report.phase()), text);
    }

    fn number(&mut self, run: &RunRecord) -> u64 {
        *self.run.get_or_insert_with(|| self.display.begin(run.name()))
    }
}

/// A clone shares the display, and shows another run on it.
impl Clone for Shown {
    fn clone(&self) -> Self {
        match self {
            Shown::Bars(bars) => Shown::Bars(Bars { display: bars.display.clone(), columns: bars.columns, run: None }),
            Shown::Lines(_) => Shown::Lines(Log::default()),
        }
    }
}

/// The run is over.
impl Drop for Bars {
    fn drop(&mut self) {
        if let Some(run) = self.run {
            self.display.end(run);
        }
    }
}

/// Where the phase stands in the pipeline; behind all of them if it is none of it.
fn place(run: &RunRecord, phase: &PhaseName) -> usize {
    let phases = run.pipeline().map(PipelineShape::phases).unwrap_or_default();
    phases.iter().position(|known| *known == phase).unwrap_or(usize::MAX)
}

/// The line of a running attempt, read from its counters whenever it is drawn.
fn running_style(title: String, progress: ProgressReader, columns: Option<u16>) -> Result<ProgressStyle, TemplateError> {
    live_style(move || running(&title, &progress.snapshot(), line_width(columns)))
}

/// A line that is told anew whenever it is drawn.
fn live_style(tell: impl Fn() -> String + Clone + Send + Sync + 'static) -> Result<ProgressStyle, TemplateError> {
    let template = if uses_colour() { "{spinner:.cyan} {progress}" } else { "{spinner} {progress}" };
    let style = ProgressStyle::with_template(template)?.tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ");
    Ok(style.with_key("progress", move |_: &ProgressState, line: &mut dyn Write| {
        // A line that cannot be written has nobody to read it.
        let _ = line.write_str(&tell());
    }))
}

/// What fits on a line beside the spinner or the mark.
fn line_width(columns: Option<u16>) -> usize {
    let columns = columns.unwrap_or_else(|| Term::stderr().size().1);
    usize::from(columns).saturating_sub(3)
}
