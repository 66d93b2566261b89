//! What happened? A run is the list of its events, and nothing else is ever recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::counting::counters::Tally;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::pipeline::shape::PipelineShape;
use crate::record::attempt::PhaseReport;
use crate::record::clock::Timestamp;
use crate::record::error::{ErrorRecord, RecordedError};
use crate::record::parameters::Parameters;
use crate::record::part::PartRecord;
use crate::record::rejected::Rejected;
use crate::record::run_id::RunId;

/// Something that happened in a run. Journals keep events, observers see them, and a
/// [`RunRecord`](crate::RunRecord) is what they add up to.
///
/// ```
/// use etl_context::{Etl, Event, Extract, Journal, MemoryJournal, PhaseStatus, Run};
///
/// let mut journal = MemoryJournal::new();
/// let context = Run::builder("import").journal(journal.clone()).begin::<Etl>()?;
/// let extracted = context.start(Extract)?.complete(())?;
///
/// for event in journal.load()? {
///     match event {
///         Event::PhaseStarted { phase, attempt, .. } => println!("{phase}, attempt {attempt}"),
///         Event::PhaseEnded { report, .. } => assert_eq!(report.status(), PhaseStatus::Completed),
///         other => println!("{} at {}", other.name(), other.time()),
///     }
/// }
/// # Ok::<(), etl_context::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The run began. Always the first event, and only that.
    RunBegan(Beginning),

    /// The run goes on with a pipeline of another shape: other phases, or other edges.
    #[non_exhaustive]
    PipelineChanged {
        /// What it keeps to from now on.
        pipeline: PipelineShape,
        /// When.
        time: Timestamp,
    },

    /// The run goes on with other parameters, which its author has allowed.
    #[non_exhaustive]
    ParametersChanged {
        /// What they are from now on.
        parameters: Parameters,
        /// When.
        time: Timestamp,
    },

    /// The run was asked to stop while no phase was running. An attempt that was stopped says so at its end.
    #[non_exhaustive]
    RunStopped {
        /// When it was noticed.
        time: Timestamp,
    },

    /// A phase started, or started again.
    #[non_exhaustive]
    PhaseStarted {
        /// The phase.
        phase: PhaseName,
        /// Which attempt, from 1.
        attempt: u32,
        /// Which visit of the phase by this process, from 1: in a pipeline with a loop, the round.
        visit: u32,
        /// What the phase expects to process; 0 is unknown.
        totals: Tally,
        /// When.
        time: Timestamp,
    },

    /// The running phase said from where a later attempt can go on.
    #[non_exhaustive]
    Checkpointed {
        /// The phase.
        phase: PhaseName,
        /// Which attempt, from 1.
        attempt: u32,
        /// The author's cursor.
        cursor: Arc<Value>,
        /// What was processed until then, by this attempt and by those from whose checkpoints it went on.
        counts: Tally,
        /// What the others did of that; `None` if the attempt began at zero.
        carried: Option<Tally>,
        /// The rows that the attempt has rejected since its last checkpoint; of its first one all of them, with those of the others.
        rejected: Option<Arc<Rejected>>,
        /// When.
        time: Timestamp,
    },

    /// The running phase was divided into parts. Those of them that an earlier attempt completed are done.
    #[non_exhaustive]
    PartsRegistered {
        /// The phase.
        phase: PhaseName,
        /// Which attempt, from 1.
        attempt: u32,
        /// The names of the parts.
        parts: Arc<[Arc<str>]>,
        /// When.
        time: Timestamp,
    },

    /// The worker of a part of the running phase said from where another one can go on with it.
    #[non_exhaustive]
    PartCheckpointed {
        /// The phase.
        phase: PhaseName,
        /// Which attempt at the phase, from 1.
        attempt: u32,
        /// The name of the part.
        part: Arc<str>,
        /// Which of those who had the part in this attempt and recorded something of it, from 1. Who goes on from a checkpoint of this
        /// attempt counts as the same one.
        claim: u32,
        /// The author's cursor.
        cursor: Arc<Value>,
        /// What was processed of the part until then.
        counts: Tally,
        /// What of that was done before this attempt at the phase.
        carried: Option<Box<Tally>>,
        /// The rows that were rejected since the last checkpoint of the claim; in its first one all of them, with those before it.
        rejected: Option<Arc<Rejected>>,
        /// The errors that were recorded since then.
        errors: Arc<[RecordedError]>,
        /// When.
        time: Timestamp,
    },

    /// A part of the running phase ended.
    #[non_exhaustive]
    PartEnded {
        /// The phase.
        phase: PhaseName,
        /// Which attempt at the phase, from 1.
        attempt: u32,
        /// The part, as it ended.
        part: Box<PartRecord>,
        /// Which of those who had the part in this attempt and recorded something of it, from 1.
        claim: u32,
        /// The errors that were recorded in it since its last checkpoint, but for the one with which it failed.
        errors: Arc<[RecordedError]>,
        /// When it was recorded.
        time: Timestamp,
    },

    /// Somebody overrode a status. This neither starts nor ends a phase.
    #[non_exhaustive]
    StatusSet {
        /// The phase.
        phase: PhaseName,
        /// Its status from now on.
        status: PhaseStatus,
        /// When.
        time: Timestamp,
    },

    /// An error was recorded under a phase. This alone changes no status.
    #[non_exhaustive]
    ErrorRecorded {
        /// The error.
        error: ErrorRecord,
    },

    /// The running phase ended.
    #[non_exhaustive]
    PhaseEnded {
        /// Everything about the attempt that ended.
        report: PhaseReport,
        /// The error with which it failed, if there is one.
        error: Option<ErrorRecord>,
    },
}

/// How a run began.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Beginning {
    /// The run's identity.
    pub run: RunId,
    /// The name that the author gave it.
    pub name: Arc<str>,
    /// When.
    pub time: Timestamp,
    /// The pipeline that the run keeps to; `None` if any phase may start at any time.
    pub pipeline: Option<PipelineShape>,
    /// What else the author wants to be known of the run.
    pub metadata: BTreeMap<String, String>,
    /// What makes it this run and not another.
    pub parameters: Parameters,
}

impl Event {
    /// The event's name: `run_began`, `pipeline_changed`, `parameters_changed`, `run_stopped`, `phase_started`, `checkpointed`, `parts_registered`, `part_checkpointed`, `part_ended`, `status_set`,
    /// `error_recorded`, `phase_ended`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Event::RunBegan(_) => "run_began",
            Event::PipelineChanged { .. } => "pipeline_changed",
            Event::ParametersChanged { .. } => "parameters_changed",
            Event::RunStopped { .. } => "run_stopped",
            Event::PhaseStarted { .. } => "phase_started",
            Event::Checkpointed { .. } => "checkpointed",
            Event::PartsRegistered { .. } => "parts_registered",
            Event::PartCheckpointed { .. } => "part_checkpointed",
            Event::PartEnded { .. } => "part_ended",
            Event::StatusSet { .. } => "status_set",
            Event::ErrorRecorded { .. } => "error_recorded",
            Event::PhaseEnded { .. } => "phase_ended",
        }
    }

    /// The phase that the event is about; `None` for one that is about the run.
    #[must_use]
    pub fn phase(&self) -> Option<&PhaseName> {
        match self {
            Event::RunBegan(_) | Event::PipelineChanged { .. } | Event::ParametersChanged { .. } | Event::RunStopped { .. } => {
                None
            }
            Event::PhaseStarted { phase, .. }
            | Event::Checkpointed { phase, .. }
            | Event::PartsRegistered { phase, .. }
            | Event::PartCheckpointed { phase, .. }
            | Event::PartEnded { phase, .. }
            | Event::StatusSet { phase, .. } => Some(phase),
            Event::ErrorRecorded { error } => Some(error.phase()),
            Event::PhaseEnded { report, .. } => Some(report.phase()),
        }
    }

    /// When it happened.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        match self {
            Event::RunBegan(beginning) => beginning.time,
            Event::PipelineChanged { time, .. }
            | Event::ParametersChanged { time, .. }
            | Event::RunStopped { time }
            | Event::PhaseStarted { time, .. }
            | Event::Checkpointed { time, .. }
            | Event::PartsRegistered { time, .. }
            | Event::PartCheckpointed { time, .. }
            | Event::PartEnded { time, .. }
            | Event::StatusSet { time, .. } => *time,
            Event::ErrorRecorded { error } => error.time(),
            Event::PhaseEnded { report, .. } => report.end_time(),
        }
    }
}
