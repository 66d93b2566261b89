//! Manage the phases of an ETL run: start a phase, count progress, end it with a result, ask for statuses, record errors.
mod clock;
mod compile_message;
mod context;
mod counters;
mod engine;
mod error;
mod etl_context;
mod event;
pub mod guide;
mod journal;
mod lossless_json;
mod observe;
mod phase;
mod pipeline;
mod progress;
mod record;
mod recorded_error;
mod refused;
mod report;
mod result;
mod run;
mod run_id;
mod scope;
mod state;
mod summary;
mod table;

pub use clock::Timestamp;
pub use context::Context;
pub use counters::{CounterValues, Counters, Counts, MAX_COUNTERS, Tally};
pub use error::Error;
pub use etl_context::EtlContext;
pub use event::Event;
pub use journal::{Journal, JournalError, MemoryJournal};
pub use observe::{Observation, Observer};
pub use phase::{Extract, Load, Phase, PhaseName, PhaseStatus, Transform};
pub use pipeline::{Edge, Etl, Follows, PhaseDeclaration, Pipeline, Predecessor};
pub use progress::{PhaseHasEnded, Progress, ProgressReader, ProgressWorker};
pub use record::{PhaseRecord, Position, RunRecord, StatusOverride};
pub use recorded_error::{BoxedError, ErrorRecord, RecordedError, StandardError, TextError, WorkError};
pub use refused::{Refused, StateMismatch};
pub use report::{FailureCause, PhaseReport};
pub use result::{Dictionary, PhaseResult};
pub use run::{Run, RunBuilder};
pub use run_id::RunId;
pub use scope::{PhaseFailure, PhaseScope, RunningPhase};
pub use state::{AtRest, Completed, Failed, Idle, InProgress, Running, State};
pub use summary::RunSummary;

// What the macros need, and nobody else.
#[doc(hidden)]
pub use pipeline::{check as __check_pipeline, mermaid as __mermaid};
#[doc(hidden)]
pub use serde_json as __serde_json;
#[doc(hidden)]
pub mod __pipeline_words {
    pub use crate::state::{Failed, Idle};
}
