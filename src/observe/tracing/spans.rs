//! What is told of a run inside its spans? Each transition as an event, in the span of the attempt that it is about.

use std::error::Error as StdError;
use std::thread::{self, ThreadId};

use tracing::field::{DisplayValue, Empty, debug, display};
use tracing::{Level, Span, event, info_span};

use crate::observe::failure::ObserverFailure;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::RunRecord;
use crate::record::attempt::{FailureCause, PhaseReport};
use crate::record::error::{ErrorRecord, RecordedError};
use crate::record::event::Event;
use crate::record::expectation::Expectation;
use crate::record::part::PartRecord;
use crate::record::phase::PhaseRecord;
use crate::record::recovery::RecoveryReport;
use crate::record::run_id::RunId;

/// What filters such as `RUST_LOG=etl_context=debug` go by, wherever the code is.
const TARGET: &str = "etl_context";

#[derive(Debug)]
pub(super) struct Spans {
    pub(super) run_id: RunId,
    run_name: String,
    pub(super) run: Span,
    /// Of the attempts that are running, in the order in which they started.
    phases: Vec<PhaseSpan>,
    /// Whether a phase of the run stands at `failed`; `None` before one has ended.
    has_failed: Option<bool>,
}

/// That of an attempt, and the thread that has started it.
#[derive(Debug)]
pub(super) struct PhaseSpan {
    phase: PhaseName,
    pub(super) span: Span,
    thread: ThreadId,
}

/// A span takes a value once, so this waits until the run can change no more.
impl Drop for Spans {
    fn drop(&mut self) {
        if let Some(has_failed) = self.has_failed {
            self.run.record("otel.status_code", status_code(has_failed));
        }
    }
}

fn has_failed(record: &RunRecord) -> bool {
    record.phases().map(PhaseRecord::status).any(|status| status == PhaseStatus::Failed)
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
    pub(super) fn of(record: &RunRecord) -> Self {
        let (run_id, run_name) = (record.run_id(), record.name().to_owned());
        Spans { run_id, run_name, run: run_span(record), phases: Vec::new(), has_failed: None }
    }

    pub(super) fn of_phase(&self, phase: &PhaseName) -> Option<&PhaseSpan> {
        self.phases.iter().find(|running| running.phase == *phase)
    }

    /// That of the phase which the calling thread is most likely to run.
    pub(super) fn here(&self) -> Span {
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

    pub(super) fn tell(&mut self, event: &Event, record: &RunRecord) {
        self.tell_transition(event);
        if let Event::PhaseEnded { .. } | Event::StatusSet { .. } = event {
            self.has_failed = Some(has_failed(record));
        }
    }

    pub(super) fn resumed(&mut self, recovery: &RecoveryReport, record: &RunRecord) {
        let (events, status) = (recovery.events, record.run_status());
        event!(target: TARGET, parent: &self.run, Level::INFO, events, %status, %recovery, "run resumed");
        let has_ended = record.phases().any(|phase| phase.latest_report().is_some());
        self.has_failed = has_ended.then(|| has_failed(record));
    }

    fn tell_transition(&mut self, event: &Event) {
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
            Event::PartCheckpointed { phase, attempt, part, counts, .. } => {
                event!(target: TARGET, parent: here, Level::DEBUG, %phase, attempt, part = &**part, ?counts, "part checkpointed");
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

    pub(super) fn observer_failed(&self, failure: &ObserverFailure) {
        let (id, name) = self.named_unless(false);
        let ObserverFailure { observer, event, message, times } = failure;
        event!(
            target: TARGET,
            parent: &self.run,
            Level::WARN,
            run.id = id,
            run.name = name,
            observer,
            event,
            times,
            error = message,
            "observer failed"
        );
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

    fn unexpected(&self, parent: &Span, report: &PhaseReport, expectation: &Expectation) {
        let (id, name) = self.named_unless(false);
        event!(
            target: TARGET,
            parent: parent,
            Level::WARN,
            run.id = id,
            run.name = name,
            phase = %report.phase(),
            attempt = report.attempt(),
            figure = expectation.figure(),
            found = expectation.found(),
            expected = expectation.expected(),
            "not as expected"
        );
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
        report.broken_expectations().for_each(|expectation| self.unexpected(parent, report, expectation));
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
