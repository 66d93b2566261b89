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

    /// The run failed as its phases did, in the order in which they failed.
    fn failed(record: &RunRecord) -> Self {
        let mut failed: Vec<_> = record.failed_phases().collect();
        failed.sort_by_key(|phase| phase.latest_report().map(PhaseReport::end_time));
        Conclusion { event_type: EventType::Fail, failure: together(failed.into_iter().map(failure_of).collect()) }
    }
}

/// So many failures are told of a run with each word.
const FAILURES_TOLD: usize = 10;

/// The failures as one; `None` if there are none.
fn together(mut failures: Vec<Failure>) -> Option<Failure> {
    let failed = failures.len();
    if failed < 2 {
        return failures.pop();
    }
    failures.truncate(FAILURES_TOLD);
    let messages = failures.iter().map(|failure| failure.message.as_str()).collect::<Vec<_>>().join("; ");
    let more = if failed > FAILURES_TOLD { format!("; and {} more", failed - FAILURES_TOLD) } else { String::new() };
    let sources = failures.iter().flat_map(|failure| failure.sources.iter().cloned()).collect();
    Some(Failure { message: format!("{failed} phases failed: {messages}{more}"), sources })
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

/// As in ` after extract`, or ` in orders, after users` where branches have ended so; nothing if no phase has ended.
fn after(record: &RunRecord) -> String {
    let (mut failed, mut completed) = (Vec::new(), Vec::new());
    for position in record.positions() {
        let ended = if matches!(position, Position::Failed(_)) { &mut failed } else { &mut completed };
        for phase in position.phases().iter().map(PhaseName::as_str) {
            // Those of a join stand at their own ends as well.
            if !ended.iter().any(|known| known == phase) {
                ended.push(phase.to_owned());
            }
        }
    }
    let words = [("in", failed), ("after", completed)].into_iter().filter(|(_, phases)| !phases.is_empty());
    let words = words.map(|(word, phases)| format!(" {word} {}", phases.join(", "))).collect::<Vec<_>>();
    words.join(",")
}

/// As in ``phase `users` ``, or ``phases `users`, `orders` ``.
fn running(record: &RunRecord) -> String {
    let running = record.running_phases().map(|phase| format!("`{phase}`")).collect::<Vec<_>>();
    let word = if running.len() > 1 { "phases" } else { "phase" };
    format!("{word} {}", running.join(", "))
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
