//! Where on a display is the line of a phase, and of which run is it?
//!
//! Runs that share a display stand one below the other, each under its name, once there is more than one.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::observe::progress_bars::line::heading;
use crate::pipeline::phase::PhaseName;

/// How often a bar is drawn anew, so that an idle phase still shows that time passes.
const REDRAWN_EVERY: Duration = Duration::from_millis(100);

/// That of standard error, which all runs of the process share.
static STANDARD: LazyLock<Display> = LazyLock::new(|| Display { is_standard: true, ..Display::within(MultiProgress::new()) });

thread_local! {
    /// Whether the display was set below what this thread prints while it panics.
    static SET_BELOW: Cell<bool> = const { Cell::new(false) };
}

/// A display and the runs on it. Clones are the same display.
#[derive(Clone)]
pub(super) struct Display {
    all: MultiProgress,
    is_standard: bool,
    runs: Arc<Mutex<Runs>>,
}

#[derive(Default)]
struct Runs {
    /// How many there were, also those that are over.
    begun: u64,
    shown: Vec<Run>,
}

/// The lines of a run that is not over.
struct Run {
    number: u64,
    name: String,
    heading: Option<ProgressBar>,
    phases: Vec<Line>,
}

/// The line of a phase. Its place is that of the phase in the pipeline, behind which a phase stands that is none of it.
struct Line {
    phase: PhaseName,
    place: usize,
    bar: ProgressBar,
    finished: Option<String>,
}

impl Display {
    pub(super) fn standard() -> Self {
        STANDARD.clone()
    }

    pub(super) fn within(all: MultiProgress) -> Self {
        Display { all, is_standard: false, runs: Arc::default() }
    }

    /// Nothing that is drawn can be seen, as where standard error is no terminal.
    pub(super) fn is_hidden(&self) -> bool {
        self.all.is_hidden()
    }

    /// Gives a run a number, by which it is known here until it ends.
    pub(super) fn begin(&self, name: &str) -> u64 {
        let mut runs = self.runs();
        runs.begun += 1;
        let number = runs.begun;
        runs.shown.push(Run { number, name: heading(name), heading: None, phases: Vec::new() });
        number
    }

    pub(super) fn start(&self, run: u64, phase: &PhaseName, place: usize, style: ProgressStyle) {
        self.drawing(|| {
            let mut runs = self.runs();
            let Some(line) = runs.line(&self.all, run, phase, place) else { return };
            line.finished = None;
            line.bar.reset();
            line.bar.set_style(style);
            line.bar.enable_steady_tick(REDRAWN_EVERY);
        });
    }

    pub(super) fn finish(&self, run: u64, phase: &PhaseName, place: usize, text: String) {
        self.drawing(|| {
            let mut runs = self.runs();
            let Some(line) = runs.line(&self.all, run, phase, place) else { return };
            line.finished = Some(text.clone());
            line.bar.disable_steady_tick();
            line.bar.set_style(finished_style());
            line.bar.finish_with_message(text);
        });
    }

    /// Shows what is waited for on the line of a phase that has one. What it said stays, should the run end meanwhile.
    pub(super) fn pause(&self, run: u64, phase: &PhaseName, style: &ProgressStyle) {
        self.drawing(|| {
            let runs = self.runs();
            let phases = runs.shown.iter().filter(|shown| shown.number == run).flat_map(|shown| &shown.phases);
            for line in phases.filter(|line| line.phase == *phase) {
                line.bar.reset();
                line.bar.set_style(style.clone());
                line.bar.enable_steady_tick(REDRAWN_EVERY);
            }
        });
    }

    /// Makes text of the lines of a run that is over. Bars that nobody holds any more would be wiped out by the next text.
    pub(super) fn end(&self, run: u64) {
        self.drawing(|| {
            let mut runs = self.runs();
            let Some(index) = runs.shown.iter().position(|shown| shown.number == run) else { return };
            let over = runs.shown.remove(index);
            over.bars().for_each(|bar| self.all.remove(bar));
            let heading = over.heading.as_ref().map(ProgressBar::message);
            let finished = heading.into_iter().chain(over.phases.into_iter().filter_map(|line| line.finished));
            let text = finished.collect::<Vec<_>>().join("\n");
            if !text.is_empty() {
                // A display that is gone has nobody to read it.
                let _ = self.all.println(text);
            }
        });
    }

    /// Prints whole lines above the bars, or where they would be if there are none.
    pub(super) fn print(&self, lines: &[u8]) {
        // The hook of a panic may print while this thread draws, and must not wait for itself.
        let is_empty = self.is_standard && self.runs.try_lock().is_ok_and(|runs| runs.shown.is_empty());
        if is_empty || self.is_hidden() {
            // What cannot be written has nobody to read it.
            let _ = io::stderr().write_all(lines);
            return;
        }
        // A display knows no tabs, and so not how wide they are.
        let text = String::from_utf8_lossy(lines).replace('\t', "    ");
        self.drawing(|| drop(self.all.println(text)));
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A display draws nothing for a thread that panics, so another one does. What the panic itself has printed is below the
    /// bars, and would be drawn over; they go on below it.
    fn drawing(&self, work: impl FnOnce() + Send) {
        let panicking = thread::panicking();
        let was_set_below = SET_BELOW.replace(panicking);
        if !panicking {
            work();
            return;
        }
        if self.is_standard && !was_set_below {
            self.all.set_draw_target(ProgressDrawTarget::stderr());
        }
        // Where there is no thread to be had, the line stays as it is.
        thread::scope(|scope| drop(thread::Builder::new().spawn_scoped(scope, work).map(ScopedJoinHandle::join)));
    }
}

impl Runs {
    /// The line of a phase, which gets its place when it is first asked for.
    fn line(&mut self, all: &MultiProgress, run: u64, phase: &PhaseName, place: usize) -> Option<&mut Line> {
        if self.begun > 1 {
            self.shown.iter_mut().filter(|shown| shown.number == run || !shown.phases.is_empty()).for_each(|run| run.head(all));
        }
        let run = self.shown.iter_mut().find(|shown| shown.number == run)?;
        let index = run.phases.iter().position(|line| line.phase == *phase).unwrap_or_else(|| run.insert(all, phase, place));
        run.phases.get_mut(index)
    }
}

impl Run {
    /// From the upper to the lower.
    fn bars(&self) -> impl Iterator<Item = &ProgressBar> {
        self.heading.iter().chain(self.phases.iter().map(|line| &line.bar))
    }

    /// Gives a phase a line below those of the phases that come before it: which one starts first is chance where several run.
    fn insert(&mut self, all: &MultiProgress, phase: &PhaseName, place: usize) -> usize {
        let index = self.phases.partition_point(|line| line.place <= place);
        let bar = ProgressBar::no_length();
        let above = index.checked_sub(1).map_or(self.heading.as_ref(), |above| Some(&self.phases[above].bar));
        let bar = match (above, self.phases.get(index)) {
            (Some(above), _) => all.insert_after(above, bar),
            (None, Some(below)) => all.insert_before(&below.bar, bar),
            (None, None) => all.add(bar),
        };
        self.phases.insert(index, Line { phase: phase.clone(), place, bar, finished: None });
        index
    }

    /// Puts its name above its lines.
    fn head(&mut self, all: &MultiProgress) {
        if self.heading.is_none() {
            let heading = ProgressBar::no_length();
            let heading =
                self.bars().next().map_or_else(|| all.add(heading.clone()), |first| all.insert_before(first, heading.clone()));
            heading.set_style(finished_style());
            heading.finish_with_message(self.name.clone());
            self.heading = Some(heading);
        }
    }
}

/// A line that says what it was told, and no more.
fn finished_style() -> ProgressStyle {
    ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner())
}

impl fmt::Debug for Display {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Display").field("is_standard", &self.is_standard).finish_non_exhaustive()
    }
}
