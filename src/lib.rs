//! Manage the phases of an ETL run: a wrong move does not compile, and everything that happens is on record.
//!
//! An ETL job works in phases: it extracts, transforms, loads. Around the work, somebody has to start each phase, count its
//! progress, end it with a result, record what went wrong, and tell at the end what happened. APIs for this report a mistake
//! while the job runs, at night: `No phase is currently in progress`. Here the compiler reports it, in the same words.
//!
//! ```
//! use etl_context::{counters, dict, pipeline};
//!
//! counters! {
//!     struct Rides { rows: u64, bytes: u64 }
//! }
//!
//! pipeline! {
//!     Nightly {
//!         Fetch = "fetch" counts Rides after Idle;
//!         Load = "load" counts Rides after Fetch;
//!     }
//! }
//!
//! let context = Nightly::context("taxi-rides");
//!
//! let (fetched, result) = context.phase(Fetch).run(|fetch| {
//!     for ride in ["1,Harlem,900\n", "2,SoHo,1250\n", "3,Midtown,700\n"] {
//!         fetch.update_progress(Rides { rows: 1, bytes: ride.len() as u64 });
//!     }
//!     Ok::<_, std::io::Error>(dict! { "file": "rides.csv" })
//! })?;
//! assert_eq!(fetched.counts(), Rides { rows: 3, bytes: 39 });
//! assert_eq!(result["file"], "rides.csv");
//!
//! let load = fetched.start(Load)?; // the same by hand
//! let loaded = load.complete(())?;
//! println!("{}", loaded.summary());
//! # Ok::<(), etl_context::Error>(())
//! ```
//!
//! `Ok` completes the phase; `Err` and a panic fail it. Rejected rows, retries, and somebody who is told at the end:
#![cfg_attr(all(feature = "progress", feature = "tracing"), doc = "[a nightly import, step by step][guide::nightly].")]
#![cfg_attr(
    not(all(feature = "progress", feature = "tracing")),
    doc = "a page of the guide builds a nightly import step by step."
)]
//!
//! # What the compiler says
//!
//! | mistake | sentence |
//! |---|---|
//! | start a phase while one is running | `A phase is already in progress` |
//! | complete, fail or count without a phase | `No phase is currently in progress` |
//! | end a phase with something else than a dictionary | `Result must be a dictionary` |
//! | a phase in the wrong order | ``phase `Load` cannot start after `Extract` in pipeline `Etl` `` |
//! | an invalid name in a pipeline | `Phase name is invalid` |
//! | an invalid status in a constant | `Status is invalid` |
//!
//! Each says what to do instead. [The guide][guide::errors] has the code, the full message and the fix for every one; where
//! names are only known at run time, the messages of [`Error`] begin with the same words.
//!
//! # How it works
//!
//! ```text
//!  Context<State, Pipeline>                 EtlContext
//!  the compiler refuses a wrong move        returns an Error for a wrong move
//!             │                                  │
//!             └────────────────┬─────────────────┘
//!                              ▼
//!  1  decide   is the move legal?             no:  an error, and nothing has changed
//!  2  append   does the journal take it?      no:  an error, and nothing has changed
//!  3  apply    the record changes             this cannot fail
//!  4  notify   the observers are told         they cannot change anything
//! ```
//!
//! A run is the list of its [`Event`]s, and a [`RunRecord`] is what they add up to. Counting goes past all this: it is an
//! addition, which whoever shows progress reads.
//!
//! # From the top
//!
//! - [`Context`]: a run whose state is in its type. [`Context::phase`] runs a closure as a phase; inside, the closure has a
//!   [`RunningPhase`], and [`PhaseFailure`] is what comes of a failure.
//! - [`Extract`], [`Transform`], [`Load`] are the phases of the pipeline [`Etl`]; [`pipeline!`] declares others, and
//!   [`counters!`] what they count instead of [`Counts`].
//! - [`dict!`] builds a result; [`PhaseResult`] says what else may be one.
//! - [`EtlContext`]: the same run with phases by name, for programs that learn the names at run time; a [`PhaseOrder`] is their order.
//! - [`PhaseReport`] and [`RunSummary`] tell what happened, as a table and as JSON.
//! - [`Run::builder`] begins a run that has a [`Journal`] or an [`Observer`].
//! - [`Runs`] keeps the runs of a job, which know each other from night to night; [`Expect`] says what a phase should come to.
//! - [`Context::phases`] and [`Context::fork`] run phases [side by side][guide::side_by_side]; [`PhaseScope::retrying`] tries one again.
//! - [`Idle`], [`Running`], [`Completed`], [`Failed`], [`Joined`] are the states of a context; [`Context`] has a table of what each one
//!   can do. They are for signatures: `Context<Completed<Load>>`.
//!
//! The [`guide`] begins with a [tutorial][guide::tutorial]; [what is promised, and when][guide::guarantees] says what holds when a
//! disk is full, a process dies or a clock is set back.
//!
//! # Features
//!
//! Each one is off by default and only adds:
//!
//! | feature | what it adds |
//! |---|---|
//! | `progress` | `ProgressBars`: a line for each phase on a terminal, log lines elsewhere, and a writer for the program's log |
//! | `tracing` | `Tracing`: spans for the run and its attempts, events for its transitions |
//! | `open-lineage` | `OpenLineage`: run events for a lineage service, as JSON to a file, a writer or a function |
//! | `postgres` | `PostgresJournal`: the journal in a database, for runs that several machines may start |
//! | `sqlite` | `SqliteJournal`: the journal in an SQLite database, many runs in one file |
//! | `testing` | `journal::contract`: checks that a [`Journal`] of your own keeps its promises |
//!
//! Without them the dependencies are `serde`, `serde_json`, `thiserror` and `time`, and no other.
//!
//! # Scope
//!
//! This crate knows how far a run is and what happened in it. It does not decide when a run starts, move data or run
//! workers: it is no scheduler, no worker pool, and has no connectors. A run is kept in memory, unless it is given a [`Journal`], such as
//! a [`FileJournal`].
//!
//! # Minimum supported Rust version
//!
//! 1.89. Raising it is a minor release, never a patch, and never to a version that is less than six months old.

// docs.rs shows which feature an item needs.
#![cfg_attr(docsrs, feature(doc_cfg))]
// They panic where nobody reads, as when standard error is closed.
#![warn(clippy::print_stdout, clippy::print_stderr)]

// First, so that its methods come first on the page of `Context`.
mod context;

mod counting;
mod engine;
mod error;
mod etl_context;
pub mod guide;
pub mod journal;
mod json;
mod observe;
mod parts;
mod pipeline;
mod record;
mod report;
mod run;
mod runs;
mod stopper;
mod text;

// The public interface:

pub use context::Context;
pub use context::by_name::NamedPhase;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use context::complete_in::Uncommitted;
pub use context::entry::Entry;
pub use context::erased::StateMismatch;
pub use context::failure::PhaseFailure;
pub use context::phases_failure::{PhaseOutcomes, PhasesFailure};
pub use context::refused::Refused;
pub use context::retry::{Always, Decides, Pause, Retry, RetryingPhase, SleepingPhase};
pub use context::scope::{PhaseScope, RunningPhase};
pub use context::side_by_side::SideBySide;
pub use counting::counters::{CounterValues, Counters, Counts, MAX_COUNTERS, Tally};
pub use counting::progress::Progress;
pub use counting::reader::ProgressReader;
pub use counting::snapshot::{CounterProgress, ProgressSnapshot};
pub use counting::worker::{PhaseHasEnded, ProgressWorker};
pub use error::Error;
pub use etl_context::EtlContext;
pub use journal::file::FileJournal;
pub use journal::memory::MemoryJournal;
#[cfg(feature = "postgres")]
pub use journal::postgres::database::{Database, DbConfig};
#[cfg(feature = "postgres")]
pub use journal::postgres::runs::{ListedRun, PostgresRuns};
#[cfg(feature = "postgres")]
pub use journal::postgres::{LeaseLost, PostgresJournal};
#[cfg(feature = "sqlite")]
pub use journal::sqlite::SqliteJournal;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use journal::transaction::{JournalConnection, JournalTransaction, LentTransaction};
#[doc(inline)]
pub use journal::{Journal, JournalError};
pub use json::dictionary::{Dictionary, PhaseResult};
pub use observe::failure::ObserverFailure;
#[cfg(feature = "open-lineage")]
pub use observe::open_lineage::OpenLineage;
#[cfg(feature = "progress")]
pub use observe::progress_bars::ProgressBars;
#[cfg(feature = "progress")]
pub use observe::progress_bars::writer::ProgressWriter;
#[cfg(feature = "tracing")]
pub use observe::tracing::Tracing;
pub use observe::{Observation, Observer};
pub use parts::Parts;
#[cfg(feature = "postgres")]
pub use parts::elsewhere::PostgresWorker;
pub use parts::part::Part;
pub use pipeline::declare::Etl;
pub use pipeline::joined::{AllFollow, Joined, JoinedPhases, Joins};
pub use pipeline::phase::{Extract, Load, Phase, PhaseName, PhaseStatus, Transform};
pub use pipeline::phase_order::{InvalidOrder, PhaseOrder};
pub use pipeline::position::Position;
pub use pipeline::shape::PipelineShape;
pub use pipeline::state::{AtRest, Completed, Failed, Forks, Idle, InProgress, Running, State};
pub use pipeline::{Edge, Follows, PhaseDeclaration, Pipeline, Predecessor};
pub use record::RunRecord;
pub use record::attempt::{FailureCause, PhaseReport};
pub use record::clock::Timestamp;
pub use record::error::{BoxedError, ErrorRecord, RecordedError, StandardError, TextError, WorkError};
pub use record::event::{Beginning, Event};
pub use record::expect::{Expect, ExpectedAmount, Factors, TimesMedian};
pub use record::expectation::Expectation;
pub use record::parameters::Parameters;
pub use record::part::PartRecord;
pub use record::phase::{PhaseRecord, StatusOverride};
pub use record::recovery::RecoveryReport;
pub use record::rejected::{Rejected, RejectedReason};
pub use record::run_id::{InvalidRunId, RunId};
pub use record::share::{MaxRejected, Share};
pub use record::status::{InvalidRunStatus, RunStatus};
pub use report::summary::RunSummary;
pub use run::{Run, RunBuilder};
pub use runs::Runs;
pub use runs::compare::Comparison;
pub use runs::job_run::JobRun;
pub use runs::keep::{Keep, Pruned};
pub use runs::list::JobRuns;
pub use runs::missing::MissingRun;
pub use stopper::{Stopped, Stopper};

// What the macros need, and nobody else.
#[cfg(feature = "testing")]
pub use journal::storage::Storage;
#[doc(hidden)]
pub use json::lossless::or_refusal as __or_refusal;
#[doc(hidden)]
pub use pipeline::Anywhere as __Anywhere;
#[doc(hidden)]
pub use pipeline::{check::check as __check_pipeline, mermaid::mermaid as __mermaid};
#[doc(hidden)]
pub use serde_json as __serde_json;
#[doc(hidden)]
pub use text::identifier::plain_name as __plain_name;
#[doc(hidden)]
pub mod __pipeline_words {
    pub use crate::pipeline::state::{Failed, Idle};
}
