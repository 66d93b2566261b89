//! How is work run inside a phase? As a closure, whose outcome ends the phase.

use std::fmt;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::failure::{PhaseFailure, not_completed, unrecorded};
use crate::context::refused::Refused;
use crate::context::{Context, marker};
use crate::counting::progress::Progress;
use crate::engine::Engine;
use crate::error::Error;
use crate::json::dictionary::PhaseResult;
use crate::parts::{Parts, part_names};
use crate::pipeline::phase::Phase;
use crate::pipeline::state::{AtRest, Completed, InProgress, Running, State};
use crate::pipeline::{Follows, Pipeline};
use crate::record::error::WorkError;
use crate::record::stored::{NotReadable, ReadBack, read_stored};
use crate::stopper::Stopped;

/// A phase that is about to run as a closure; [`Context::phase`] makes one, and [`run`](PhaseScope::run) runs it.
///
/// ```
/// use etl_context::{Context, Counts, Extract};
///
/// let expected = Counts { conversations: 1, messages: 0 };
/// let extract = Context::new("import").phase(Extract).with_totals(expected);
/// let (extracted, ()) = extract.run(|extract| {
///     extract.update_progress(Counts { conversations: 1, messages: 20 });
///     Ok::<_, std::io::Error>(())
/// })?;
/// assert_eq!(extracted.counts().messages, 20);
/// # Ok::<(), etl_context::Error>(())
/// ```
#[must_use = "nothing runs until `run` or `run_async` is called"]
pub struct PhaseScope<Ph: Phase, S, P> {
    context: Context<S, P>,
    totals: Ph::Counters,
    again: bool,
    /// How many attempts it may take, apart from what the run allows.
    allowed: Option<u32>,
}

impl<Ph: Phase, S: State, P: Pipeline> fmt::Debug for PhaseScope<Ph, S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("PhaseScope");
        fields.field("phase", &Ph::NAME).field("context", &self.context).field("totals", &self.totals);
        fields.field("again", &self.again).field("allowed", &self.allowed).finish()
    }
}

impl<S, P> Context<S, P> {
    /// A phase to be run as a closure: [`run`](PhaseScope::run) starts it, calls the closure, and ends it as the closure ended.
    pub fn phase<Ph, Last>(self, phase: Ph) -> PhaseScope<Ph, S, P>
    where
        S: AtRest<Last>,
        Ph: Phase + Follows<Last, P>,
    {
        marker(phase);
        PhaseScope::new(self)
    }

    /// The handle with which a closure works inside the running phase.
    pub(crate) fn handle<Ph: Phase>(&mut self) -> RunningPhase<'_, Ph>
    where
        S: InProgress<Ph>,
    {
        RunningPhase::new(&mut self.engine)
    }
}

/// What [`PhaseScope::run`] returns: the completed context and what the work returned, or why there is none.
pub(crate) type Outcome<Ph, R, E, S, P> = Result<(Context<Completed<Ph>, P>, R), PhaseFailure<Ph, E, S, P>>;

impl<Ph: Phase, S, P> PhaseScope<Ph, S, P> {
    pub(crate) fn new(context: Context<S, P>) -> Self {
        PhaseScope { context, totals: Ph::Counters::default(), again: false, allowed: None }
    }

    /// Says how much the phase expects to process; 0 is unknown.
    pub fn with_totals(mut self, totals: Ph::Counters) -> Self {
        self.totals = totals;
        self
    }

    /// Runs the phase even if an earlier process has completed it.
    pub fn again(mut self) -> Self {
        self.again = true;
        self
    }

    pub(crate) fn allowing(mut self, attempts: u32) -> Self {
        self.allowed = Some(attempts);
        self
    }

    /// Starts the phase, for work that is no closure.
    ///
    /// # Errors
    ///
    /// [`Refused`] with [`Error::TooManyAttempts`], [`Error::Stopped`] or [`Error::Journal`].
    #[allow(clippy::type_complexity, reason = "the states are the message")]
    pub fn start(mut self) -> Result<Context<Running<Ph>, P>, Refused<Context<S, P>>> {
        match self.allowed.map_or(Ok(()), |allowed| self.context.engine.admit_again(&Ph::NAME, allowed)) {
            Ok(()) => self.context.start_unchecked(self.totals),
            Err(error) => Err(Refused::new(self.context, error)),
        }
    }

    /// Starts the phase, does the work, and ends the phase as the work ended.
    ///
    /// In a run that goes on from its journal, a phase that an earlier process completed is not run again: its stored result
    /// is read back. From the first phase on that has to run, all that follow run too.
    ///
    /// `Ok(result)` completes it, with the result, and gives the result back. `Err(error)` fails it, with the error and its
    /// sources, and gives the error back beside the failed context. A panic fails it with the cause `panicked` and goes on.
    ///
    /// The work gets a handle with the methods of the running context, not the context itself: two contexts could be swapped.
    ///
    /// ```
    /// use etl_context::{Context, Counts, Dictionary, Extract, dict};
    ///
    /// fn read_export(path: &str) -> Result<u64, std::io::Error> {
    ///     Ok(path.len() as u64)
    /// }
    ///
    /// let extract = Context::new("import").phase(Extract);
    /// let (extracted, result) = extract.run(|extract| -> Result<Dictionary, std::io::Error> {
    ///     let messages = read_export("export.tar")?;
    ///     extract.update_progress(Counts { conversations: 1, messages });
    ///     Ok(dict! { "source": "export.tar" })
    /// })?;
    /// assert_eq!(extracted.counts().messages, 10);
    /// assert_eq!(result["source"], "export.tar");
    /// # Ok::<(), etl_context::Error>(())
    /// ```
    ///
    /// The result is what a journal keeps of the phase, so that a later run can read it back; that is why it is
    /// `DeserializeOwned`. It is read back once before the end is recorded: what no later run could read, such as a struct that skips
    /// a field when it is written, is refused, and the phase stays open. Large data belongs into a file, and the file's name into
    /// the result.
    ///
    /// # Errors
    ///
    /// [`PhaseFailure`], which turns into an [`Error`] or a boxed error under `?`.
    pub fn run<R, E, Kind>(self, work: impl FnOnce(&mut RunningPhase<'_, Ph>) -> Result<R, E>) -> Outcome<Ph, R, E, S, P>
    where
        R: PhaseResult + DeserializeOwned,
        E: WorkError<Kind>,
    {
        match self.done_or_running()? {
            Done::Earlier(context, result) => Ok((context, result)),
            Done::NotYet(mut running) => {
                let outcome = work(&mut running.handle());
                end(running, outcome)
            }
        }
    }

    /// The same for work that awaits. A future that is dropped before it is done leaves the phase failed, as `abandoned`.
    ///
    /// ```
    /// use etl_context::{Context, Counts, Extract};
    ///
    /// async fn fetch_page(page: u64) -> Result<u64, std::io::Error> {
    ///     Ok(page * 50)
    /// }
    ///
    /// async fn import() -> Result<(), etl_context::Error> {
    ///     let context = Context::new("import");
    ///     let extract = context.phase(Extract);
    ///     let (extracted, ()) = extract.run_async(async |extract| -> Result<(), std::io::Error> {
    ///         let messages = fetch_page(1).await?;
    ///         extract.update_progress(Counts { conversations: 1, messages });
    ///         Ok(())
    ///     }).await?;
    ///     assert_eq!(extracted.counts().messages, 50);
    ///     Ok(())
    /// }
    /// # futures::executor::block_on(import()).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run`](PhaseScope::run).
    pub async fn run_async<R, E, Kind>(
        self,
        work: impl AsyncFnOnce(&mut RunningPhase<'_, Ph>) -> Result<R, E>,
    ) -> Outcome<Ph, R, E, S, P>
    where
        R: PhaseResult + DeserializeOwned,
        E: WorkError<Kind>,
    {
        match self.done_or_running()? {
            Done::Earlier(context, result) => Ok((context, result)),
            Done::NotYet(mut running) => {
                let outcome = work(&mut running.handle()).await;
                end(running, outcome)
            }
        }
    }

    #[allow(clippy::type_complexity, reason = "the states are the message")]
    pub(crate) fn done_or_running<R: DeserializeOwned, E>(self) -> Result<Done<Ph, R, P>, PhaseFailure<Ph, E, S, P>> {
        match self.earlier_result() {
            Ok(Some(result)) => Ok(Done::Earlier(self.context.go_past(), result)),
            Ok(None) => self.start().map(Done::NotYet).map_err(PhaseFailure::NotStarted),
            Err(error) => Err(PhaseFailure::NotStarted(Refused::new(self.context, error.into()))),
        }
    }

    /// What an earlier process returned that completed the phase, unless it is to run again.
    fn earlier_result<R: DeserializeOwned>(&self) -> Result<Option<R>, NotReadable> {
        if self.again {
            return Ok(None);
        }
        let Some(report) = self.context.completed_earlier::<Ph>()? else { return Ok(None) };
        let stored = report.result().cloned().map_or(Value::Null, Value::Object);
        read_stored(&Ph::NAME, "the result", &stored).map(Some)
    }
}

/// Whether an earlier process has done the work.
pub(crate) enum Done<Ph, R, P> {
    Earlier(Context<Completed<Ph>, P>, R),
    NotYet(Context<Running<Ph>, P>),
}

/// Ends the phase as the work ended.
pub(crate) fn end<Ph, R, E, Kind, S, P>(running: Context<Running<Ph>, P>, outcome: Result<R, E>) -> Outcome<Ph, R, E, S, P>
where
    Ph: Phase,
    R: PhaseResult + DeserializeOwned,
    E: WorkError<Kind>,
{
    match outcome {
        Ok(result) => match running.complete(ReadBack(&result)) {
            Ok(context) => Ok((context, result)),
            Err(refused) => Err(not_completed(refused)),
        },
        Err(error) => Err(match running.fail(&error) {
            Ok(context) => PhaseFailure::Failed { context, error },
            Err(refused) => PhaseFailure::NotEnded {
                refused: refused.saying(|refusal| unrecorded(refusal, &error.recorded())),
                error: Some(error),
            },
        }),
    }
}

/// The running phase, as the work inside it sees it: the methods of a running [`Context`], and no way to end it.
///
/// Work that is a function of its own takes it by `&mut`:
///
/// ```
/// use etl_context::{Context, Counts, Error, Extract, RunningPhase};
///
/// fn read(rows: &[&str], extract: &mut RunningPhase<'_, Extract>) -> Result<(), Error> {
///     let done: usize = extract.resume_point()?.unwrap_or(0);
///     for (number, _row) in (1..).zip(rows).skip(done) {
///         extract.update_progress(Counts { conversations: 0, messages: 1 });
///         extract.checkpoint(&number)?;
///     }
///     Ok(())
/// }
///
/// let (extracted, ()) = Context::new("import").phase(Extract).run(|extract| read(&["a", "b"], extract))?;
/// assert_eq!(extracted.counts().messages, 2);
/// # Ok::<(), Error>(())
/// ```
pub struct RunningPhase<'a, Ph> {
    pub(super) engine: &'a mut Engine,
    phase: PhantomData<fn() -> Ph>,
}

impl<'a, Ph: Phase> RunningPhase<'a, Ph> {
    pub(crate) fn new(engine: &'a mut Engine) -> Self {
        RunningPhase { engine, phase: PhantomData }
    }

    /// Adds to the counters of the phase. This costs an addition; the counters saturate.
    #[inline]
    pub fn update_progress(&mut self, counts: Ph::Counters) {
        self.engine.meter.add(counts);
    }

    /// Says how much the phase expects to process, now that this is known; 0 is unknown.
    pub fn set_totals(&mut self, totals: Ph::Counters) {
        self.engine.meter.set_totals(totals);
    }

    /// The counters for reading, and for counting by several threads.
    #[must_use]
    #[inline]
    pub fn progress(&self) -> Progress<'_, Ph::Counters> {
        self.engine.meter.progress()
    }

    /// Records an error under the phase, which goes on.
    ///
    /// # Errors
    ///
    /// [`Error::Journal`] if the journal cannot record it. [`Error::TooManyErrors`] if it was recorded and is one more than the
    /// run allows.
    pub fn record_error<E, Kind>(&mut self, error: &E) -> Result<(), Error>
    where
        E: WorkError<Kind> + ?Sized,
    {
        self.engine.record_error(Ph::NAME, error.recorded())
    }

    /// Records from where a later attempt at the phase can go on. With a journal, it is durable when this returns `Ok`.
    ///
    /// # Errors
    ///
    /// [`Error::NotSerializable`] for a cursor that JSON cannot hold, [`Error::Journal`] if the journal cannot record it.
    pub fn checkpoint<C: Serialize + ?Sized>(&mut self, cursor: &C) -> Result<(), Error> {
        self.engine.checkpoint(cursor)
    }

    /// The cursor of the phase's last checkpoint, by this attempt or one that failed before it; `None` if there is none since
    /// the phase last completed.
    ///
    /// # Errors
    ///
    /// [`Error::StoredShape`] if the cursor is no `C`.
    pub fn resume_point<C: DeserializeOwned>(&self) -> Result<Option<C>, Error> {
        self.engine.resume_point(&Ph::NAME)
    }
}

impl<Ph: Phase> RunningPhase<'_, Ph> {
    /// Divides the phase into parts, which any number of workers may take: see [`Parts`].
    ///
    /// In a later attempt the list may be another one; the parts in it that have completed are done.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParts`] for a name that is empty or there twice, or if other parts were registered in this attempt;
    /// [`Error::Journal`].
    pub fn parts(&mut self, names: impl IntoIterator<Item: Into<String>>) -> Result<Parts<'_, Ph::Counters>, Error> {
        Parts::register(self.engine, &part_names(names))
    }

    /// Whether the run was asked to stop, by a [`Stopper`](crate::Stopper) or because it now belongs to somebody else.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.engine.is_cancelled()
    }

    /// The same as an error, for `?`.
    ///
    /// # Errors
    ///
    /// [`Stopped`] if the run was asked to stop.
    pub fn check_cancelled(&self) -> Result<(), Stopped> {
        if self.is_cancelled() { Err(Stopped) } else { Ok(()) }
    }

    /// A key that is the same in every attempt at this phase of this run, for loading into systems that can tell a repeated
    /// request by its key: the run's id and the phase's name.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        self.engine.record().idempotency_key(&Ph::NAME)
    }
}

impl<Ph: Phase> fmt::Debug for RunningPhase<'_, Ph> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningPhase").field("phase", &Ph::NAME).field("counts", &self.progress().counts()).finish()
    }
}
