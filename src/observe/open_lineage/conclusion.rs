//! How did it end, in the words of `OpenLineage`?

use crate::observe::open_lineage::facets::Failure;
use crate::observe::open_lineage::run_event::EventType;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::pipeline::position::Position;
use crate::record::RunRecord;
use crate::record::attempt::{FailureCause, PhaseReport};
use crate::record::event::Event;
use crate::record::phase::PhaseRecord;
use crate::record::status::RunStatus;

/// How the run ends if nothing else happens in it.
pub(crate) struct Conclusion {
    pub(crate) event_type: EventType,
    pub(crate) failure: Option<Failure>,
}

impl Conclusion {
    pub(crate) fn of(record: &RunRecord) -> Self {
        match record.run_status() {
            RunStatus::Completed => Conclusion { event_type: EventType::Complete, failure: None },
            RunStatus::Failed => Conclusion::failed(record),
            RunStatus::Pending => Conclusion::abort("no phase was started".to_owned()),
            RunStatus::Stopped => Conclusion::abort(format!("the run was asked to stop{}", after(record))),
            // The context ends its phase before it goes, so the journal has refused that.
            RunStatus::Running => Conclusion::abort(format!("the end of {} was not recorded", running(record))),
            RunStatus::Unfinished => Conclusion::abort(format!("stopped{}", after(record))),
        }
    }

    fn abort(message: String) -> Self {
        Conclusion { event_type: EventType::Abort, failure: Some(Failure { message, sources: Vec::new() }) }
    }

    /// The run failed as the phase did that failed last.
    fn failed(record: &RunRecord) -> Self {
        let failed = record.failed_phases().max_by_key(|phase| phase.latest_report().map(PhaseReport::end_time));
        let failure = failed.map(failure_of);
        Conclusion { event_type: EventType::Fail, failure }
    }
}

fn failure_of(phase: &PhaseRecord) -> Failure {
    let report = phase.latest_report().filter(|report| report.status() == PhaseStatus::Failed);
    let Some(report) = report else {
        let message = format!("the status of phase `{}` was set to `failed`", phase.name());
        return Failure { message, sources: Vec::new() };
    };
    let failure = report.error().map_or_else(|| without_error(report.cause()), Failure::of);
    Failure { message: format!("phase `{}`: {}", phase.name(), failure.message), ..failure }
}

/// As in ` after extract`; nothing if no phase has ended.
fn after(record: &RunRecord) -> String {
    match record.position() {
        Position::Idle | Position::Any => String::new(),
        Position::Completed(phase) => format!(" after {phase}"),
        Position::Failed(phase) => format!(" in {phase}"),
        Position::Joined(phases) => format!(" after {}", phases.iter().map(PhaseName::as_str).collect::<Vec<_>>().join(", ")),
    }
}

fn running(record: &RunRecord) -> String {
    record.current_phase().map_or_else(|| "its phase".to_owned(), |phase| format!("phase `{phase}`"))
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
