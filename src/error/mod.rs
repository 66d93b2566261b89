//! What went wrong? One sentence for each mistake, at compile time and at run time.
//!
//! [`Error`] has them all.
//!
//! Imports from `record`, `journal` and what is below them, whose refusals turn into it.

mod conversion;

use std::path::PathBuf;

use crate::journal::JournalError;
use crate::pipeline::phase::PhaseName;
use crate::pipeline::phase_order::InvalidOrder;
use crate::pipeline::position::Position;
use crate::record::attempt::FailureCause;
use crate::record::error::RecordedError;
use crate::record::expectation::Expectation;
use crate::record::run_id::RunId;
use crate::record::share::MaxRejected;
use crate::text::line::{shown, shown_path, told};
use crate::text::sentence;

/// Why a call was refused. The run is as it was before the call; only [`TooManyErrors`](Error::TooManyErrors),
/// [`TooManyRejected`](Error::TooManyRejected) and [`PhaseFailed`](Error::PhaseFailed) tell of something that was recorded, and so does
/// [`NotAsExpected`](Error::NotAsExpected) of a phase that ran as a closure. That
/// a phase was not started, because no attempt is left or because the run was asked to stop, is on record.
///
/// The first five begin with the words of the documentation's common errors, and the typed face says the same words at
/// compile time; [the guide](crate::guide::errors) has a section for each.
///
/// ```
/// use etl_context::{Error, EtlContext};
///
/// let mut context = EtlContext::new("import");
/// context.start_phase("extract", None)?;
/// match context.start_phase("transform", None) {
///     Err(Error::AlreadyInProgress { running, .. }) => assert_eq!(running.as_str(), "extract"),
///     other => panic!("{other:?}"),
/// }
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A phase was started while another one, or the same one, was running.
    #[error(
        "A phase is already in progress: `{running}` is running, so `{asked}` cannot start; \
         end `{running}` first, with end_phase or fail_phase"
    )]
    #[non_exhaustive]
    AlreadyInProgress {
        /// The phase that is running.
        running: PhaseName,
        /// The phase that was to start.
        asked: PhaseName,
    },

    /// Something that needs a running phase was called without one.
    #[error(
        "No phase is currently in progress: the context is `{state}`, so {asked} has no phase to act on; call start_phase first"
    )]
    #[non_exhaustive]
    NoneInProgress {
        /// The call.
        asked: &'static str,
        /// What has ended last.
        state: Position,
    },

    /// A result was a number, a text, a list: anything but a dictionary or nothing.
    #[error(
        "Result must be a dictionary: `{phase}` was ended with {found}; pass a map with string keys, a struct, or `()` for no result"
    )]
    #[non_exhaustive]
    ResultNotObject {
        /// The phase that was to end. It is still running.
        phase: PhaseName,
        /// What the result was, as in `a number`.
        found: &'static str,
    },

    /// A value cannot be recorded as JSON without loss.
    #[error("{what} of phase `{phase}` cannot be recorded: {}", told(.reason))]
    #[non_exhaustive]
    NotSerializable {
        /// The phase, which is as it was.
        phase: PhaseName,
        /// What was to be recorded: `the result`, `the checkpoint`.
        what: &'static str,
        /// Why it cannot.
        reason: String,
    },

    /// A phase name breaks the rule, or is not one of the pipeline's.
    #[error("{}: `{name}` {reason}", sentence::INVALID_PHASE_NAME)]
    #[non_exhaustive]
    InvalidPhaseName {
        /// The name that was given, shortened and with control characters escaped.
        name: String,
        /// What is wrong with it and how a name should be, as the end of a sentence.
        reason: String,
    },

    /// A status is not one of the known words, or not one that is allowed here.
    #[error("{}: `{status}` {reason}", sentence::INVALID_STATUS)]
    #[non_exhaustive]
    InvalidStatus {
        /// The word that was given, shortened and with control characters escaped.
        status: String,
        /// What is allowed, as the end of a sentence.
        reason: &'static str,
    },

    /// A result says of a counter of its phase what is no count.
    #[error(
        "the result of phase `{phase}` says `{key}: {value}`, which is no count; a count is a whole number from 0 to 2⁶⁴ - 1, or null to say nothing"
    )]
    #[non_exhaustive]
    InvalidCount {
        /// The phase that was to end. It is still running.
        phase: PhaseName,
        /// The key, as in `messages_processed`.
        key: String,
        /// Its value as JSON, shortened and with control characters escaped.
        value: String,
    },

    /// The pipeline does not allow this phase after what has ended last.
    #[error("phase `{phase}` cannot start after `{}` in pipeline `{}`; {allowed}", .after.in_pipeline(), shown(.pipeline))]
    #[non_exhaustive]
    OutOfOrder {
        /// The phase that was to start.
        phase: PhaseName,
        /// What has ended last.
        after: Position,
        /// The pipeline's name.
        pipeline: String,
        /// After what the phase may start.
        allowed: String,
    },

    /// An order of phases that no run could keep to: see [`PhaseOrder`](crate::PhaseOrder).
    #[error(transparent)]
    InvalidOrder(#[from] InvalidOrder),

    /// The running phase counts something else.
    #[error("phase `{phase}` counts {counts}, not {given}; count with the type that the phase declares")]
    #[non_exhaustive]
    WrongCounters {
        /// The running phase.
        phase: PhaseName,
        /// The names of its counters.
        counts: String,
        /// The names that were given.
        given: String,
    },

    /// Something recorded earlier does not fit the type that is asked for now.
    #[error("{what} of phase `{phase}` was recorded in another shape than the program asks for: {}", told(.reason))]
    #[non_exhaustive]
    StoredShape {
        /// The phase.
        phase: PhaseName,
        /// What was recorded: `the checkpoint`, `the result`.
        what: &'static str,
        /// Which part does not fit.
        reason: String,
    },

    /// The journal holds the run of other parameters, or of another name: another run.
    #[error("the journal holds another run: {}; {remedy}", told(.difference))]
    #[non_exhaustive]
    OtherRun {
        /// What is different, as in ``it is called `import`, not `export` ``.
        difference: String,
        /// What to do.
        remedy: &'static str,
    },

    /// The report of a run was to be written where it cannot be, or may not.
    #[error("the report cannot be written to `{}`: {reason}", shown_path(.path))]
    #[non_exhaustive]
    Report {
        /// Where it was to be written.
        path: PathBuf,
        /// Why it cannot, and what to do.
        reason: &'static str,
    },

    /// The parameters of a run cannot be turned into JSON.
    #[error("the parameters of the run cannot be taken: {}", told(.reason))]
    #[non_exhaustive]
    Parameters {
        /// Why they cannot.
        reason: String,
    },

    /// The phase has failed as often as the run allows.
    #[error(
        "phase `{phase}` has no attempt left: the run allows {allowed}, and {failures} failed: {history}; mend the cause and allow more attempts"
    )]
    #[non_exhaustive]
    TooManyAttempts {
        /// The phase that was to start.
        phase: PhaseName,
        /// How often it has failed since it last completed.
        failures: usize,
        /// How often it may.
        allowed: u32,
        /// How each of these attempts failed.
        history: String,
    },

    /// More errors were recorded under the running phase than the run allows, so the phase can no longer complete.
    #[error("phase `{phase}` has recorded more errors than it may ({errors}, at most {allowed}); end it as failed")]
    #[non_exhaustive]
    TooManyErrors {
        /// The running phase.
        phase: PhaseName,
        /// How many errors were recorded under it. The latest one is recorded too.
        errors: u64,
        /// How many may be.
        allowed: u64,
    },

    /// More rows were rejected by the running phase than the run allows, so the phase can no longer complete.
    #[error("phase `{phase}` has rejected more rows than it may ({rejected} of {rows}, at most {allowed}); end it as failed")]
    #[non_exhaustive]
    TooManyRejected {
        /// The running phase.
        phase: PhaseName,
        /// How many rows were rejected. The latest one is counted too.
        rejected: u64,
        /// How many rows there are.
        rows: u64,
        /// How many of them may be rejected.
        allowed: MaxRejected,
    },

    /// What is expected of a phase cannot be checked, so the run has not begun: see [`Expect`](crate::Expect).
    #[error("what is expected of phase `{phase}` cannot be checked: {reason}")]
    #[non_exhaustive]
    InvalidExpectation {
        /// The phase.
        phase: PhaseName,
        /// Why it cannot be, and what to do, as the end of a sentence.
        reason: String,
    },

    /// A phase has not come to what was expected of it with [`or_fail`](crate::Expect::or_fail), so it cannot complete.
    #[error("phase `{phase}` is not as expected: {}", told_all(.expectations))]
    #[non_exhaustive]
    NotAsExpected {
        /// The phase.
        phase: PhaseName,
        /// What was expected, and what was found.
        expectations: Vec<Expectation>,
    },

    /// The work of a phase failed; this is how a [`PhaseFailure`](crate::PhaseFailure) turns into an `Error` under `?`.
    #[error("phase `{phase}` failed in attempt {attempt}: {}", told(.message))]
    #[non_exhaustive]
    PhaseFailed {
        /// The phase, which is recorded as failed.
        phase: PhaseName,
        /// Which attempt, from 1.
        attempt: u32,
        /// Why it failed: `stopped` if the run was asked to stop.
        cause: FailureCause,
        /// The message of the author's error.
        message: String,
        /// The source of the author's error, as it was recorded.
        source: Option<RecordedError>,
    },

    /// Several phases that ran side by side failed; this is how a [`PhasesFailure`](crate::PhasesFailure) with more than one turns into
    /// an `Error` under `?`.
    #[error("{} phases failed: {}", .failures.len(), told_all(.failures))]
    #[non_exhaustive]
    PhasesFailed {
        /// Why each of them did, in the order in which the phases were given.
        failures: Vec<Error>,
    },

    /// The phase was started in another branch of the run, which has not been joined to this one.
    #[error(
        "phase `{phase}` was started in another branch of the run; let one branch go through it, and join the branches before another does"
    )]
    #[non_exhaustive]
    InOtherBranch {
        /// The phase that was to start.
        phase: PhaseName,
    },

    /// Two contexts were to be joined that are no branches of one run.
    #[error(
        "the branches are of different runs, {run} and {other}, and cannot be joined; join the contexts that one `fork` has made"
    )]
    #[non_exhaustive]
    NotJoined {
        /// The run of the context that was to go on.
        run: RunId,
        /// The run of the other one.
        other: RunId,
    },

    /// The parts of a phase cannot be registered.
    #[error("the parts of phase `{phase}` cannot be registered: {reason}")]
    #[non_exhaustive]
    InvalidParts {
        /// The running phase.
        phase: PhaseName,
        /// What is wrong with them.
        reason: String,
    },

    /// Parts of a phase failed, or were left.
    #[error("{failed} of {of} parts of phase `{phase}` have not completed: {failures}")]
    #[non_exhaustive]
    PartsFailed {
        /// The running phase.
        phase: PhaseName,
        /// How many parts have not completed.
        failed: usize,
        /// How many parts the phase has.
        of: usize,
        /// Which, and why.
        failures: String,
    },

    /// The part was given to another worker, because this one was not heard of. What it did there does not count.
    #[error("part `{}` of phase `{phase}` was given to another worker, because this one was not heard of for too long", shown(.part))]
    #[non_exhaustive]
    PartLost {
        /// The phase.
        phase: PhaseName,
        /// The part.
        part: String,
    },

    /// The run was asked to stop before this was done: a phase was to start, or parts were left.
    #[error("the run was asked to stop")]
    Stopped,

    /// The journal could not record the event; it has not happened, unless the journal itself does not know
    /// ([`JournalError::is_in_doubt`]).
    #[error("{refused}: {}", told(.source))]
    #[non_exhaustive]
    Journal {
        /// What was refused, as in ``the event `phase_started` of run `import` was not recorded, so it has not happened``.
        refused: String,
        /// What the journal said.
        source: JournalError,
    },
}

impl Error {
    pub(crate) fn invalid_status(status: &str, reason: &'static str) -> Self {
        Error::InvalidStatus { status: shown(status), reason }
    }
}

fn told_all(failures: &[impl ToString]) -> String {
    failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
