//! Who watches through `tracing`? A span for the run, one for each attempt, and an event for each transition.

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use tracing::dispatcher::with_default;
use tracing::field::{DisplayValue, Empty, debug, display};
use tracing::{Level, Span, event, info_span};

use crate::observe::{Observation, Observer};
use crate::pipeline::phase::{Phase, PhaseName, PhaseStatus};
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
///
/// Where phases run side by side, each has a span below that of the run, whichever thread it runs on, and what a phase logs is put
/// there with [`phase_span_of`](Tracing::phase_span_of). What a run tells goes to the subscriber that has seen it begin, also from
/// threads which have another one or none.
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
    /// Of the attempts that are running, in the order in which they started.
    phases: Vec<PhaseSpan>,
    /// Whether a phase of the run stands at `failed`; `None` before one has ended.
    has_failed: Option<bool>,
}

/// That of an attempt, and the thread that has started it.
#[derive(Debug)]
struct PhaseSpan {
    phase: PhaseName,
    span: Span,
    thread: ThreadId,
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
    ///
    /// Where several run side by side, it is that of the phase which the calling thread has started last, as at the beginning of a
    /// closure; on a thread that has started none, it is the span of the run. Anywhere else, as behind an `await`, ask for the phase
    /// by its name: [`phase_span_of`](Tracing::phase_span_of).
    #[must_use]
    pub fn phase_span(&self) -> Span {
        self.watched().last().map_or_else(Span::none, Spans::here)
    }

    /// The span of the attempt at this phase that is running in the same run; disabled if none is.
    ///
    /// ```
    /// use etl_context::{Error, Run, Tracing, pipeline};
    ///
    /// pipeline! {
    ///     Nightly {
    ///         Users = "users" after Idle;
    ///         Orders = "orders" after Idle;
    ///         Merge = "merge" after (Users, Orders);
    ///     }
    /// }
    ///
    /// let tracing = Tracing::new();
    /// let context = Run::builder("nightly").observe(tracing.clone()).begin::<Nightly>()?;
    /// let (fetched, _) = context.phases((Users, Orders)).run((
    ///     |_users| {
    ///         let _entered = tracing.phase_span_of(Users).entered();
    ///         Ok::<_, std::io::Error>(tracing::info!("fetching users")) // inside the span of `users`
    ///     },
    ///     |_orders| {
    ///         let _entered = tracing.phase_span_of(Orders).entered();
    ///         Ok::<_, std::io::Error>(tracing::info!("fetching orders")) // inside the span of `orders`
    ///     },
    /// ))?;
    /// # fetched.start(Merge)?.complete(())?;
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "a phase is a name, as in `start`")]
    pub fn phase_span_of<Ph: Phase>(&self, phase: Ph) -> Span {
        let _ = phase;
        self.watched().last().and_then(|spans| spans.of_phase(&Ph::NAME)).map_or_else(Span::none, |running| running.span.clone())
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
        // A branch may run on a thread that has no subscriber, or another one, which does not know the span of the run.
        let subscriber = spans.run.with_subscriber(|(_, subscriber)| subscriber.clone());
        match subscriber {
            Some(subscriber) => with_default(&subscriber, || spans.tell(event)),
            None => spans.tell(event),
        }
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
        Spans { run_id, run_name, run: run_span(record), phases: Vec::new(), has_failed: None }
    }

    fn of_phase(&self, phase: &PhaseName) -> Option<&PhaseSpan> {
        self.phases.iter().find(|running| running.phase == *phase)
    }

    /// That of the phase which the calling thread is most likely to run.
    fn here(&self) -> Span {
        let thread = thread::current().id();
        let own = self.phases.iter().rfind(|running| running.thread == thread);
        match (own, &self.phases[..]) {
            (Some(running), _) | (None, [running]) => running.span.clone(),
            (None, []) => Span::none(),
            (None, _) => self.run.clone(),
        }
    }

    /// An event about a running phase belongs into its span, any other one into the run's.
    fn place_of(&self, event: &Event) -> &Span {
        event.phase().and_then(|phase| self.of_phase(phase)).map_or(&self.run, |running| &running.span)
    }

    fn tell(&mut self, event: &Event) {
        if let Event::PhaseStarted { phase, attempt, .. } = event {
            let (span, thread) = (self.span_of_attempt(phase, *attempt), thread::current().id());
            self.phases.push(PhaseSpan { phase: phase.clone(), span, thread });
        }
        let here = self.place_of(event);
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
                // A total of 0 is not known.
                let totals = totals.iter().any(|(_, total)| total > 0).then(|| debug(totals));
                event!(target: TARGET, parent: here, Level::INFO, %phase, attempt, totals, "phase started");
            }
            Event::Checkpointed { phase, attempt, counts, .. } => {
                event!(target: TARGET, parent: here, Level::DEBUG, %phase, attempt, ?counts, "phase checkpointed");
            }
            Event::PartsRegistered { phase, attempt, parts, .. } => {
                event!(target: TARGET, parent: here, Level::DEBUG, %phase, attempt, parts = parts.len(), "parts registered");
            }
            Event::PartEnded { phase, attempt, part, .. } => self.part_ended(here, phase, *attempt, part),
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

    fn part_ended(&self, here: &Span, phase: &PhaseName, attempt: u32, part: &PartRecord) {
        let completed = part.status() == PhaseStatus::Completed;
        let (id, name) = self.named_unless(completed);
        macro_rules! ended {
            ($level:expr, $message:literal) => {
                event!(
                    target: TARGET,
                    parent: here,
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

    fn span_of_attempt(&self, phase: &PhaseName, attempt: u32) -> Span {
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
        let place = self.phases.iter().position(|running| running.phase == *report.phase());
        let span = place.map_or_else(Span::none, |place| self.phases.remove(place).span);
        let parent = if place.is_none() { &self.run } else { &span };
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
