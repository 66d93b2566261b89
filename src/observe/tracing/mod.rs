//! Who watches through `tracing`? A span for the run, one for each attempt, and an event for each transition.

mod spans;

use std::error::Error as StdError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::Span;
use tracing::dispatcher::with_default;

use crate::observe::tracing::spans::Spans;
use crate::observe::{Observation, Observer};
use crate::pipeline::phase::Phase;
use crate::record::RunRecord;
use crate::record::event::Event;
use crate::record::recovery::RecoveryReport;
use crate::record::run_id::RunId;

/// Tells a run to whatever subscriber the program has: nothing is installed, and counting is not traced.
///
/// The span `etl_run` covers the run and has one child `etl_phase` for each attempt. Transitions are events inside them:
/// starts and completions at `INFO`, checkpoints at `DEBUG`, recorded errors, overridden statuses, what is not as
/// expected, and attempts that were stopped, abandoned or interrupted at `WARN`, failures at `ERROR`; that a run was opened again at `INFO`, and when it is over at
/// `WARN` which observers failed. The target of all of them is `etl_context`. Names, levels
/// and target are stable. Those at `WARN` and `ERROR` have `run.id` and `run.name` themselves, so that they name their run also
/// where a filter leaves out the spans.
///
/// `otel.name`, `otel.status_code` and `otel.status_description` are set as `tracing-opentelemetry` reads them, and
/// `error.type` has the cause of a failure. The run's span ends with its context, and has its status from then on.
///
/// Clones of one observer can watch several runs, one after the other or at once; each run has a span of its own.
///
/// What the phase itself logs belongs into its span if the phase enters it; keep a clone for that:
///
/// ```
/// use etl_context::{Etl, Extract, Run, Tracing};
///
/// let tracing = Tracing::new();
/// let context = Run::builder("import").observe(tracing.clone()).begin::<Etl>()?;
/// let (extracted, ()) = context.phase(Extract).run(|_| -> Result<(), std::io::Error> {
///     let _entered = tracing.phase_span().entered();
///     tracing::info!("reading the export"); // inside `etl_run:etl_phase`
///     Ok(())
/// })?;
/// # Ok::<(), etl_context::Error>(())
/// ```
///
/// In an async phase use `future.instrument(tracing.phase_span())`.
///
/// Where phases run side by side, each has a span below that of the run, whichever thread it runs on, and what a phase logs is put
/// there with [`phase_span_of`](Tracing::phase_span_of). What a run tells goes to the subscriber that has seen it begin, also from
/// threads which have another one or none.
#[derive(Debug, Default)]
pub struct Tracing {
    /// Of the runs that its clones watch, in the order in which they began.
    watched: Arc<Mutex<Vec<Spans>>>,
    /// Which of them this clone watches. It ends with this clone, which belongs to the run.
    own: Option<RunId>,
}

impl Tracing {
    /// An observer whose clones can watch any number of runs.
    #[must_use]
    pub fn new() -> Self {
        Tracing::default()
    }

    /// The span of the run, of several that of the one which began last; disabled before it has begun and when it is over.
    #[must_use]
    pub fn run_span(&self) -> Span {
        self.watched().last().map_or_else(Span::none, |spans| spans.run.clone())
    }

    /// The span of the attempt that is running in it; disabled if none is.
    ///
    /// Where several run side by side, it is that of the phase which the calling thread has started last, as at the beginning of a
    /// closure; on a thread that has started none, it is the span of the run. Anywhere else, as behind an `await`, ask for the phase
    /// by its name: [`phase_span_of`](Tracing::phase_span_of).
    #[must_use]
    pub fn phase_span(&self) -> Span {
        self.watched().last().map_or_else(Span::none, Spans::here)
    }

    /// The span of the attempt at this phase that is running in the same run; disabled if none is.
    ///
    /// ```
    /// use etl_context::{Error, Run, Tracing, pipeline};
    ///
    /// pipeline! {
    ///     Nightly {
    ///         Users = "users" after Idle;
    ///         Orders = "orders" after Idle;
    ///         Merge = "merge" after (Users, Orders);
    ///     }
    /// }
    ///
    /// let tracing = Tracing::new();
    /// let context = Run::builder("nightly").observe(tracing.clone()).begin::<Nightly>()?;
    /// let (fetched, _) = context.phases((Users, Orders)).run((
    ///     |_users| {
    ///         let _entered = tracing.phase_span_of(Users).entered();
    ///         Ok::<_, std::io::Error>(tracing::info!("fetching users")) // inside the span of `users`
    ///     },
    ///     |_orders| {
    ///         let _entered = tracing.phase_span_of(Orders).entered();
    ///         Ok::<_, std::io::Error>(tracing::info!("fetching orders")) // inside the span of `orders`
    ///     },
    /// ))?;
    /// # fetched.start(Merge)?.complete(())?;
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    #[allow(clippy::needless_pass_by_value, reason = "a phase is a name, as in `start`")]
    pub fn phase_span_of<Ph: Phase>(&self, phase: Ph) -> Span {
        let _ = phase;
        self.watched().last().and_then(|spans| spans.of_phase(&Ph::NAME)).map_or_else(Span::none, |running| running.span.clone())
    }

    /// Does something with the spans of the run, which begin when it is first heard of.
    fn watch(&mut self, record: &RunRecord, tell: impl FnOnce(&mut Spans)) {
        self.own = Some(record.run_id());
        let mut watched = self.watched();
        let index = watched.iter().position(|spans| spans.run_id == record.run_id()).unwrap_or_else(|| {
            watched.push(Spans::of(record));
            watched.len() - 1
        });
        let spans = &mut watched[index];
        // A branch may run on a thread that has no subscriber, or another one, which does not know the span of the run.
        let subscriber = spans.run.with_subscriber(|(_, subscriber)| subscriber.clone());
        match subscriber {
            Some(subscriber) => with_default(&subscriber, || tell(spans)),
            None => tell(spans),
        }
    }

    fn watched(&self) -> MutexGuard<'_, Vec<Spans>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clone watches no run before it is told of one.
impl Clone for Tracing {
    fn clone(&self) -> Self {
        Tracing { watched: Arc::clone(&self.watched), own: None }
    }
}

impl Observer for Tracing {
    fn observe(&mut self, event: &Event, run: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        self.watch(run.record(), |spans| spans.tell(event, run.record()));
        Ok(())
    }

    fn resumed(&mut self, recovery: &RecoveryReport, run: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        self.watch(run.record(), |spans| spans.resumed(recovery, run.record()));
        Ok(())
    }

    fn closed(&mut self, run: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        self.watch(run.record(), |spans| run.observer_failures().iter().for_each(|failure| spans.observer_failed(failure)));
        Ok(())
    }
}

/// The run is over.
impl Drop for Tracing {
    fn drop(&mut self) {
        let Some(own) = self.own else { return };
        let mut watched = self.watched();
        let over = watched.iter().position(|spans| spans.run_id == own).map(|index| watched.remove(index));
        // What hears of the end of a span may ask for another one.
        drop(watched);
        drop(over);
    }
}
