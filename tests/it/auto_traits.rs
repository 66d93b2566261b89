//! What can cross threads and tasks, and how big the typed face is.

use std::mem::size_of;
use std::panic::{RefUnwindSafe, UnwindSafe};

use etl_context::{
    Beginning, Completed, Context, CounterProgress, CounterValues, Counts, Dictionary, Edge, Entry, Error, ErrorRecord, Etl,
    EtlContext, Event, Extract, Failed, FailureCause, FileJournal, Idle, JournalError, Load, MemoryJournal, NamedPhase,
    Observation, ObserverFailure, Parameters, PhaseDeclaration, PhaseFailure, PhaseHasEnded, PhaseName, PhaseRecord, PhaseReport,
    PhaseScope, PhaseStatus, PipelineShape, Position, Progress, ProgressReader, ProgressSnapshot, ProgressWorker, RecordedError,
    RecoveryReport, Refused, Run, RunBuilder, RunId, RunRecord, RunSummary, Running, RunningPhase, StateMismatch, StatusOverride,
    Stopped, Stopper, Tally, Timestamp, Transform,
};

use crate::layered_error::ImportError;
use crate::nightly::{LoadTables, Nightly, Rows};

fn crosses_threads<T: Send + Sync + Unpin>() {}
fn survives_a_panic<T: UnwindSafe + RefUnwindSafe>() {}

#[test]
fn contexts_cross_threads_and_survive_a_caught_panic() {
    crosses_threads::<Context>();
    crosses_threads::<Context<Running<Extract>>>();
    crosses_threads::<Context<Completed<LoadTables>, Nightly>>();
    crosses_threads::<Context<Failed<LoadTables>, Nightly>>();
    crosses_threads::<EtlContext>();
    survives_a_panic::<Context>();
    survives_a_panic::<Context<Running<Extract>>>();
    survives_a_panic::<EtlContext>();
}

#[test]
fn outcomes_and_errors_cross_threads() {
    crosses_threads::<Error>();
    crosses_threads::<JournalError>();
    crosses_threads::<Refused<Context<Running<Extract>>>>();
    crosses_threads::<StateMismatch>();
    crosses_threads::<PhaseFailure<Extract, ImportError, Idle, Etl>>();
    crosses_threads::<PhaseFailure<Extract, anyhow::Error, Idle, Etl>>();
    crosses_threads::<PhaseHasEnded>();
    crosses_threads::<RecordedError>();
    crosses_threads::<ErrorRecord>();
}

#[test]
fn scopes_and_counting_cross_threads() {
    crosses_threads::<PhaseScope<Extract, Idle, Etl>>();
    crosses_threads::<RunningPhase<'_, Extract>>();
    crosses_threads::<NamedPhase<'_>>();
    crosses_threads::<ObserverFailure>();
    crosses_threads::<Progress<'_, Counts>>();
    crosses_threads::<ProgressWorker<Rows>>();
    crosses_threads::<ProgressReader>();
    survives_a_panic::<ProgressReader>();
    survives_a_panic::<ProgressWorker<Rows>>();
}

#[test]
fn what_is_recorded_and_reported_crosses_threads() {
    crosses_threads::<Event>();
    crosses_threads::<RunRecord>();
    crosses_threads::<PhaseRecord>();
    crosses_threads::<PhaseReport>();
    crosses_threads::<RunSummary>();
    crosses_threads::<StatusOverride>();
    crosses_threads::<Position>();
    crosses_threads::<Observation<'_>>();
    crosses_threads::<MemoryJournal>();
    survives_a_panic::<RunRecord>();
    survives_a_panic::<PhaseReport>();
    survives_a_panic::<RunSummary>();
    survives_a_panic::<MemoryJournal>();
}

#[test]
fn plain_values_cross_threads() {
    crosses_threads::<(Counts, Rows, Tally, CounterValues, Dictionary)>();
    crosses_threads::<(PhaseName, PhaseStatus, FailureCause, RunId, Timestamp)>();
    crosses_threads::<(PhaseDeclaration, Edge)>();
    crosses_threads::<(Extract, Transform, Load, Etl, Nightly)>();
    crosses_threads::<(Idle, Running<Extract>, Completed<Extract>, Failed<Extract>)>();
    crosses_threads::<Run>();
    survives_a_panic::<(Counts, Tally, PhaseName, PhaseStatus, RunId, Timestamp)>();
}

#[test]
fn what_begins_and_resumes_a_run_crosses_threads() {
    crosses_threads::<RunBuilder>();
    crosses_threads::<FileJournal>();
    crosses_threads::<(RecoveryReport, Parameters, PipelineShape, Beginning, Event)>();
    crosses_threads::<(Stopper, Stopped, Entry<Extract, Idle, Etl>)>();
    crosses_threads::<(ProgressSnapshot, CounterProgress, JournalError)>();
}

#[cfg(all(feature = "open-lineage", feature = "progress", feature = "tracing"))]
#[test]
fn watchers_cross_threads() {
    crosses_threads::<(etl_context::ProgressBars, etl_context::ProgressWriter)>();
    crosses_threads::<etl_context::Tracing>();
    crosses_threads::<etl_context::OpenLineage>();
}

#[test]
fn a_context_is_one_pointer_in_every_state() {
    let pointer = size_of::<usize>();
    assert_eq!(size_of::<Context<Idle>>(), pointer);
    assert_eq!(size_of::<Context<Running<Extract>>>(), pointer);
    assert_eq!(size_of::<Context<Completed<Extract>>>(), pointer);
    assert_eq!(size_of::<Context<Failed<Extract>>>(), pointer);
    assert_eq!(size_of::<Context<Running<LoadTables>, Nightly>>(), pointer);
    assert_eq!(size_of::<Option<Context<Completed<LoadTables>, Nightly>>>(), pointer);
    assert_eq!(size_of::<EtlContext>(), pointer);
    assert_eq!(size_of::<Refused<Context>>(), pointer);
    assert_eq!(size_of::<StateMismatch>(), pointer);
    assert_eq!(size_of::<PhaseReport>(), pointer);
}

#[test]
fn markers_have_no_size() {
    assert_eq!(size_of::<(Extract, Transform, Load, LoadTables)>(), 0);
    assert_eq!(size_of::<(Etl, Nightly)>(), 0);
    assert_eq!(size_of::<(Idle, Running<Extract>, Completed<Extract>, Failed<Extract>)>(), 0);
}
