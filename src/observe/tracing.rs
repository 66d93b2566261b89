//! Who watches through `tracing`? A span for the run, one for each attempt, and an event for each transition.

use std::error::Error as StdError;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{DisplayValue, Empty, debug, display};
use tracing::{Level, Span, event, info_span};

use crate::observe::{Observation, Observer};
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::RunRecord;
use crate::record::attempt::{FailureCause, PhaseReport};
use crate::record::error::{ErrorRecord, RecordedError};
use crate::record::event::Event;
use crate::record::part::PartRecord;
use crate::record::phase::PhaseRecord;
use crate::record::run_id::RunId;

/// What filters such as `RUST_LOG=etl_context=debug` go by, wherever the code is.
const TARGET: &str = "etl_context";

/// Tells a run to whatever subscriber the program has: nothing is installed, and counting is not traced.
///
/// The span `etl_run` covers the run and has one child `etl_phase` for each attempt. Transitions are events inside them:
/// starts and completions at `INFO`, checkpoints at `DEBUG`, recorded errors, overridden statuses and attempts that were
/// stopped, abandoned or interrupted at `WARN`, failures at `ERROR`. The target of all of them is `etl_context`. Names, levels
/// and target are stable. Those at `WARN` and `ERROR` have `run.id` and `run.name` themselves, so that they name their run also
/// where a filter leaves out the spans.
///
/// `otel.name`, `otel.status_code` and `otel.status_description` are set as `tracing-opentelemetry` reads them, and
/// `error.type` has the cause of a failure. The run's span ends with its context, and has its status from then on.
///
/// Clones of one observer can watch several runs, one after the other or at once; each run has a span of its own.
///
/// What the phase itself logs belongs into its span if the phase enters it; keep a clone for that:
///
/// ```
/// use etl_context::{Etl, Extract, Run, Tracing};
///
/// let tracing = Tracing::new();
/// let context = Run::builder("import").observe(tracing.clone()).begin::<Etl>()?;
/// let (extracted, ()) = context.phase(Extract).run(|_| -> Result<(), std::io::Error> {
///     let _entered = tracing.phase_span().entered();
///     tracing::info!("reading the export"); // inside `etl_run:etl_phase`
///     Ok(())
/// })?;
/// # Ok::<(), etl_context::Error>(())
/// ```
///
/// In an async phase use `future.instrument(tracing.phase_span())`.
#[derive(Debug, Default)]
pub struct Tracing {
    /// Of the runs that its clones watch, in the order in which they began.
    watched: Arc<Mutex<Vec<Spans>>>,
    /// Which of them this clone watches. It ends with this clone, which belongs to the run.
    own: Option<RunId>,
}

#[derive(Debug)]
struct Spans {
    run_id: RunId,
    run_name: String,
    run: Span,
    phase: Span,
    /// Whether a phase of the run stands at `failed`; `None` before one has ended.
    has_failed: Option<bool>,
}

impl Tracing {
    /// An observer whose clones can watch any number of runs.
    #[must_use]
    pub fn new() -> Self {
        Tracing::default()
    }

    /// The span of the run, of several that of the one which began last; disabled before it has begun and when it is over.
    #[must_use]
    pub fn run_span(&self) -> Span {
        self.watched().last().map_or_else(Span::none, |spans| spans.run.clone())
    }

    /// The span of the attempt that is running in it; disabled if none is.
    #[must_use]
    pub fn phase_span(&self) -> Span {
        self.watched().last().map_or_else(Span::none, |spans| spans.phase.clone())
    }

    fn watched(&self) -> MutexGuard<'_, Vec<Spans>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clone watches no run before it is told of one.
impl Clone for Tracing {
    fn clone(&self) -> Self {
        Tracing { watched: Arc::clone(&self.watched), own: None }
    }
}

impl Observer for Tracing {
    fn observe(&mut self, event: &Event, run: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let record = run.record();
        self.own = Some(record.run_id());
        let mut watched = self.watched();
        let index = watched.iter().position(|spans| spans.run_id == record.run_id()).unwrap_or_else(|| {
            watched.push(Spans::of(record));
            watched.len() - 1
        });
        let spans = &mut watched[index];
        let is_running = event.phase().is_some() && event.phase() == record.current_phase();
        spans.tell(event, is_running);
        if let Event::PhaseEnded { .. } | Event::StatusSet { .. } = event {
            spans.has_failed = Some(record.phases().map(PhaseRecord::status).any(|status| status == PhaseStatus::Failed));
        }
        Ok(())
    }
}

/// The run is over.
impl Drop for Tracing {
    fn drop(&mut self) {
        let Some(own) = self.own else { return };
        let mut watched = self.watched();
        let over = watched.iter().position(|spans| spans.run_id == own).map(|index| watched.remove(index));
        // What hears of the end of a span may ask for another one.
        drop(watched);
        drop(over);
    }
}

/// A span takes a value once, so this waits until the run can change no more.
impl Drop for Spans {
    fn drop(&mut self) {
        if let Some(has_failed) = self.has_failed {
            self.run.record("otel.status_code", status_code(has_failed));
        }
    }
}

fn status_code(has_failed: bool) -> &'static str {
    if has_failed { "ERROR" } else { "OK" }
}

/// A run that goes on from its journal is first heard of in the middle, so its span is made from the record.
fn run_span(record: &RunRecord) -> Span {
    info_span!(
        target: TARGET,
        "etl_run",
        otel.name = format!("etl run {}", record.name()),
        run.id = %record.run_id(),
        run.name = record.name(),
        otel.status_code = Empty,
    )
}

impl Spans {
    fn of(record: &RunRecord) -> Self {
        let (run_id, run_name) = (record.run_id(), record.name().to_owned());
        Spans { run_id, run_name, run: run_span(record), phase: Span::none(), has_failed: None }
    }

    /// Events about the running phase belong into its span, all others into the run's.
    fn tell(&mut self, event: &Event, is_running: bool) {
        let here = if is_running { &self.phase } else { &self.run };
        let (id, name) = (display(self.run_id), self.run_name.as_str());
        match event {
            Event::RunBegan(_) => event!(target: TARGET, parent: &self.run, Level::INFO, "run began"),
            Event::PipelineChanged { pipeline, .. } => {
                event!(target: TARGET, parent: &self.run, Level::WARN, pipeline = pipeline.name(), "pipeline changed");
            }
            Event::ParametersChanged { .. } => {
                event!(target: TARGET, parent: &self.run, Level::WARN, "parameters changed");
            }
            Event::RunStopped { .. } => event!(target: TARGET, parent: &self.run, Level::WARN, "run stopped"),
            Event::PhaseStarted { phase, attempt, totals, .. } => {
                self.phase = self.phase_span(phase, *attempt);
                // A total of 0 is not known.
                let totals = totals.iter().any(|(_, total)| total > 0).then(|| debug(totals));
                event!(target: TARGET, parent: &self.phase, Level::INFO, %phase, attempt, totals, "phase started");
            }
            Event::Checkpointed { phase, attempt, counts, .. } => {
                event!(target: TARGET, parent: &self.phase, Level::DEBUG, %phase, attempt, ?counts, "phase checkpointed");
            }
            Event::PartsRegistered { phase, attempt, parts, .. } => {
                event!(target: TARGET, parent: &self.phase, Level::DEBUG, %phase, attempt, parts = parts.len(), "parts registered");
            }
            Event::PartEnded { phase, attempt, part, .. } => self.part_ended(phase, *attempt, part),
            Event::StatusSet { phase, status, .. } => {
                event!(target: TARGET, parent: here, Level::WARN, run.id = id, run.name = name, %phase, %status, "phase status set by hand");
            }
            Event::ErrorRecorded { error } => event!(
                target: TARGET,
                parent: here,
                Level::WARN,
                run.id = id,
                run.name = name,
                phase = %error.phase(),
                attempt = error.attempt(),
                error = error.error() as &(dyn StdError + 'static),
                "error recorded"
            ),
            Event::PhaseEnded { report, error } => self.end(report, error.as_ref().map(ErrorRecord::error)),
        }
    }

    /// What names the run in an event, unless all is well: then its span does, where it is not filtered out.
    fn named_unless(&self, all_is_well: bool) -> (Option<DisplayValue<RunId>>, Option<&str>) {
        if all_is_well { (None, None) } else { (Some(display(self.run_id)), Some(&self.run_name)) }
    }

    fn part_ended(&self, phase: &PhaseName, attempt: u32, part: &PartRecord) {
        let completed = part.status() == PhaseStatus::Completed;
        let (id, name) = self.named_unless(completed);
        macro_rules! ended {
            ($level:expr, $message:literal) => {
                event!(
                    target: TARGET,
                    parent: &self.phase,
                    $level,
                    run.id = id,
                    run.name = name,
                    %phase,
                    attempt,
                    part = part.name(),
                    duration_seconds = part.duration().as_secs_f64(),
                    counts = part.counts().map(debug),
                    worker = part.worker(),
                    error = part.error().map(|error| error as &(dyn StdError + 'static)),
                    $message
                )
            };
        }
        if completed {
            ended!(Level::DEBUG, "part completed");
        } else {
            ended!(Level::WARN, "part failed");
        }
    }

    fn phase_span(&self, phase: &PhaseName, attempt: u32) -> Span {
        info_span!(
            target: TARGET,
            parent: &self.run,
            "etl_phase",
            otel.name = format!("etl phase {phase}"),
            phase = %phase,
            attempt,
            phase.status = Empty,
            phase.duration_seconds = Empty,
            "error.type" = Empty,
            otel.status_code = Empty,
            otel.status_description = Empty,
        )
    }

    fn end(&mut self, report: &PhaseReport, error: Option<&RecordedError>) {
        // An attempt of an earlier process has no span here.
        let span = mem::replace(&mut self.phase, Span::none());
        let parent = if span.is_none() { &self.run } else { &span };
        span.record("phase.status", display(report.status()));
        span.record("phase.duration_seconds", report.duration().as_secs_f64());
        span.record("otel.status_code", status_code(report.status() == PhaseStatus::Failed));
        if let Some(cause) = report.cause() {
            span.record("error.type", display(cause));
            span.record("otel.status_description", error.map_or_else(|| cause.to_string(), ToString::to_string));
        }
        // The event itself comes when the run goes on.
        let interrupted = report.cause() == Some(FailureCause::Interrupted);
        let last_seen = interrupted.then(|| display(report.end_time()));
        let error = error.map(|error| error as &(dyn StdError + 'static));
        let (id, name) = self.named_unless(report.cause().is_none());
        macro_rules! ended {
            ($level:expr, $message:literal) => {
                event!(
                    target: TARGET,
                    parent: parent,
                    $level,
                    run.id = id,
                    run.name = name,
                    phase = %report.phase(),
                    attempt = report.attempt(),
                    duration_seconds = report.duration().as_secs_f64(),
                    counts = ?report.tally(),
                    cause = report.cause().map(display),
                    error,
                    last_seen,
                    $message
                )
            };
        }
        match report.cause() {
            None => ended!(Level::INFO, "phase completed"),
            Some(FailureCause::Stopped) => ended!(Level::WARN, "phase stopped"),
            Some(FailureCause::Abandoned) => ended!(Level::WARN, "phase abandoned"),
            Some(FailureCause::Interrupted) => ended!(Level::WARN, "phase interrupted"),
            Some(_) => ended!(Level::ERROR, "phase failed"),
        }
    }
}
