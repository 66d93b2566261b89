//! How does a run begin that is recorded or watched?

use crate::context::Context;
use crate::engine::{Companions, Engine};
use crate::error::Error;
use crate::etl_context::EtlContext;
use crate::journal::{Journal, JournalError};
use crate::observe::Observer;
use crate::pipeline::{Pipeline, PipelineTable, Table};
use crate::state::Idle;

/// A run that has not begun.
#[derive(Debug)]
#[allow(clippy::exhaustive_structs, reason = "the name under which the builder is found")]
pub enum Run {}

impl Run {
    /// Prepares a run with a journal, observers, or both.
    ///
    /// ```
    /// use etl_context::{Etl, Extract, MemoryJournal, Run};
    ///
    /// let context = Run::builder("skype-import").journal(MemoryJournal::new()).begin::<Etl>()?;
    /// let extracted = context.start(Extract)?.complete(())?;
    /// # Ok::<(), etl_context::Error>(())
    /// ```
    pub fn builder(name: impl Into<String>) -> RunBuilder {
        RunBuilder { name: name.into(), companions: Companions::default() }
    }
}

/// What a run is to have; [`Run::builder`] makes one.
#[derive(Debug)]
#[must_use = "the run begins with `begin` or `begin_dynamic`"]
pub struct RunBuilder {
    name: String,
    companions: Companions,
}

impl RunBuilder {
    /// Records the run in this journal.
    pub fn journal(mut self, journal: impl Journal + 'static) -> Self {
        self.companions.journal = Some(Box::new(journal));
        self
    }

    /// Lets somebody watch the run. Observers are told in the order in which they were added.
    pub fn observe(mut self, observer: impl Observer + 'static) -> Self {
        self.companions.observers.push(Box::new(observer));
        self
    }

    /// Begins the run behind the typed face.
    ///
    /// # Errors
    ///
    /// [`Error::Journal`] if the journal cannot be written, or already holds a run.
    pub fn begin<P: Pipeline>(self) -> Result<Context<Idle, P>, Error> {
        Ok(Context::from_engine(self.engine(Some(P::TABLE))?))
    }

    /// Begins the run behind the dynamic face, with any phases in any order.
    ///
    /// # Errors
    ///
    /// As [`begin`](RunBuilder::begin).
    pub fn begin_dynamic(self) -> Result<EtlContext, Error> {
        Ok(EtlContext::from_engine(self.engine(None)?))
    }

    fn engine(mut self, pipeline: Option<&'static PipelineTable>) -> Result<Box<Engine>, Error> {
        let refused = |run: &str, source| Error::Journal { event: "run_began", run: run.to_owned(), source };
        if let Some(journal) = &mut self.companions.journal {
            let events = journal.load().map_err(|error| refused(&self.name, error))?;
            if let Some(first) = events.first() {
                let held = format!(
                    "the journal holds a run already, which began at {}; give each run a journal of its own",
                    first.time()
                );
                return Err(refused(&self.name, JournalError::new(held)));
            }
        }
        Engine::begin(self.name.into(), pipeline, self.companions).map(Box::new)
    }
}
