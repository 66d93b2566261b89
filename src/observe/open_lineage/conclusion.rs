//! How did it end, in the words of `OpenLineage`?

use crate::observe::open_lineage::facets::Failure;
use crate::observe::open_lineage::run_event::EventType;
use crate::pipeline::phase::PhaseStatus;
use crate::record::RunRecord;
use crate::record::attempt::{FailureCause, PhaseReport};
use crate::record::error::ErrorRecord;
use crate::record::event::Event;
use crate::record::phase::PhaseRecord;

/// How the run ends if nothing else happens in it.
pub(crate) struct Conclusion {
    pub(crate) event_type: EventType,
    pub(crate) failure: Option<Failure>,
}

impl Conclusion {
    pub(crate) fn of(record: &RunRecord) -> Self {
        if let Some(phase) = record.current_phase() {
            // The context ends its phase before it goes, so the journal has refused that.
            return Conclusion::abort(format!("the end of phase `{phase}` was not recorded"));
        }
        let failed = record.phases().filter(|phase| phase.status() == PhaseStatus::Failed);
        if let Some(phase) = failed.max_by_key(|phase| phase.latest_report().map(PhaseReport::end_time)) {
            return Conclusion::failed(record, phase);
        }
        if record.phases().next().is_none() {
            return Conclusion::abort("no phase was started".to_owned());
        }
        match record.phases().find(|phase| phase.status() != PhaseStatus::Completed) {
            Some(phase) => Conclusion::abort(format!("phase `{}` is {}", phase.name(), phase.status())),
            None => Conclusion { event_type: EventType::Complete, failure: None },
        }
    }

    fn abort(message: String) -> Self {
        Conclusion { event_type: EventType::Abort, failure: Some(Failure { message, sources: Vec::new() }) }
    }

    /// The run ends as the phase did that failed last.
    fn failed(record: &RunRecord, phase: &PhaseRecord) -> Self {
        let report = phase.latest_report().filter(|report| report.status() == PhaseStatus::Failed);
        let Some(report) = report else {
            let message = format!("the status of phase `{}` was set to `failed`", phase.name());
            return Conclusion { event_type: EventType::Fail, failure: Some(Failure { message, sources: Vec::new() }) };
        };
        let ended_by = |error: &&_| ends(error, report);
        let failure = match record.errors_for(phase.name().as_str()).find(ended_by) {
            Some(error) => Failure::of(error.error()),
            None => without_error(report.cause()),
        };
        let message = format!("phase `{}`: {}", phase.name(), failure.message);
        Conclusion { event_type: attempt_type(report), failure: Some(Failure { message, ..failure }) }
    }
}

/// Whether the attempt failed with this error: it was recorded in the same moment.
fn ends(error: &ErrorRecord, report: &PhaseReport) -> bool {
    error.attempt() == Some(report.attempt()) && error.time() == report.end_time()
}

pub(crate) fn attempt_type(report: &PhaseReport) -> EventType {
    match report.cause() {
        None if report.status() == PhaseStatus::Completed => EventType::Complete,
        Some(FailureCause::Stopped | FailureCause::Abandoned | FailureCause::Interrupted) => EventType::Abort,
        _ => EventType::Fail,
    }
}

/// Why the attempt failed; `None` if the event is no failure.
pub(crate) fn attempt_failure(event: &Event) -> Option<Failure> {
    match event {
        Event::PhaseEnded { error: Some(error), .. } => Some(Failure::of(error.error())),
        Event::PhaseEnded { report, error: None } => report.cause().map(|cause| without_error(Some(cause))),
        _ => None,
    }
}

/// An attempt that failed without an error says what happened instead.
fn without_error(cause: Option<FailureCause>) -> Failure {
    let message = match cause {
        Some(FailureCause::Status) => "the phase ended with the status `failed`",
        Some(FailureCause::Abandoned) => "the phase was abandoned: its context was dropped while it was running",
        Some(FailureCause::Panicked) => "the phase panicked",
        Some(FailureCause::Interrupted) => "the process died while the phase was running",
        Some(FailureCause::Stopped) => "the run was asked to stop",
        Some(FailureCause::Errors) => "more errors were recorded than the run allows",
        Some(FailureCause::Error) | None => "the phase failed",
    };
    Failure { message: message.to_owned(), sources: Vec::new() }
}
