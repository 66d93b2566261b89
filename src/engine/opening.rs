//! How does a run begin, or go on? An empty journal begins a run; any other one holds the run that goes on.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::{Companions, Engine, Limits};
use crate::error::Error;
use crate::journal::JournalError;
use crate::pipeline::phase::PhaseName;
use crate::pipeline::position::Position;
use crate::pipeline::table::PipelineTable;
use crate::record::RunRecord;
use crate::record::event::{Beginning, Event};
use crate::record::parameters::Parameters;
use crate::record::recovery::RecoveryReport;
use crate::stopper::Stopper;
use crate::text::line::shown;

/// What the author says of a run before it begins.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    pub(crate) name: Arc<str>,
    pub(crate) metadata: BTreeMap<String, String>,
    pub(crate) parameters: Parameters,
    pub(crate) allows_other_parameters: bool,
    pub(crate) limits: Limits,
    pub(crate) stopper: Stopper,
    /// Behind a mutex for the same reason as in the engine.
    pub(crate) companions: Mutex<Companions>,
}

impl Engine {
    /// Begins the run, or goes on with the one in the journal.
    ///
    /// # Errors
    ///
    /// [`Error::Journal`] if the journal cannot be read or written, [`Error::OtherRun`] if it holds another run.
    pub(crate) fn open(mut opening: Opening, pipeline: Option<&'static PipelineTable>) -> Result<Self, Error> {
        let name = Arc::clone(&opening.name);
        let refused = |source| Error::Journal { refused: format!("run `{}` cannot be opened", shown(&name)), source };
        let stopper = opening.stopper.clone();
        let events = match &mut opening.companions().journal {
            Some(journal) => {
                journal.attach(&name, &stopper);
                journal.load().map_err(refused)?
            }
            None => Vec::new(),
        };
        if events.is_empty() {
            return Engine::begin(opening, pipeline);
        }
        let record = RunRecord::replay(&events).ok_or_else(|| refused(JournalError::impossible(&name)))?;
        opening.check_same_run(&record)?;
        Engine::resume(record, opening, pipeline)
    }

    fn begin(opening: Opening, pipeline: Option<&'static PipelineTable>) -> Result<Self, Error> {
        let mut engine = Engine::new(opening.name, pipeline);
        let beginning =
            Beginning { metadata: opening.metadata, parameters: opening.parameters, ..engine.record.beginning().clone() };
        engine.record = RunRecord::begin(beginning.clone());
        engine.limits = opening.limits;
        engine.stopper = opening.stopper;
        engine.companions = opening.companions;
        let began = Event::RunBegan(beginning);
        engine.append(0, &began)?;
        engine.notify(&began);
        Ok(engine)
    }

    fn resume(record: RunRecord, opening: Opening, pipeline: Option<&'static PipelineTable>) -> Result<Self, Error> {
        let mut engine = Engine::new(opening.name, pipeline);
        engine.record = record;
        engine.limits = opening.limits;
        engine.stopper = opening.stopper;
        engine.companions = opening.companions;
        let events = engine.record.events();
        let interrupted = match engine.interrupt() {
            Ok(interrupted) => interrupted,
            Err(error) => {
                // The attempt was interrupted; it must not be recorded as abandoned when the engine is dropped here.
                engine.companions = Mutex::default();
                return Err(error);
            }
        };
        engine.carried = engine.completed();
        engine.passed = Some(Position::Idle);
        engine.recovery = Some(RecoveryReport { events, completed: engine.completed(), interrupted, repairs: engine.repairs() });
        Ok(engine)
    }

    fn completed(&self) -> Vec<PhaseName> {
        let completed = self.record.phases().filter(|phase| phase.is_done());
        completed.map(|phase| phase.name().clone()).collect()
    }

    fn repairs(&mut self) -> Vec<String> {
        let companions = self.companions.get_mut().unwrap_or_else(PoisonError::into_inner);
        companions.journal.as_ref().map(|journal| journal.repairs()).unwrap_or_default()
    }
}

impl Opening {
    pub(crate) fn companions(&mut self) -> &mut Companions {
        self.companions.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// The journal holds the run that is to be opened.
    fn check_same_run(&self, record: &RunRecord) -> Result<(), Error> {
        if *record.name() != *self.name {
            let difference = format!("it is called `{}`, not `{}`", shown(record.name()), shown(&self.name));
            return Err(Error::OtherRun { difference, remedy: "give each run a journal of its own" });
        }
        let changed = record.parameters().changed(&self.parameters);
        if changed.is_empty() || self.allows_other_parameters {
            return Ok(());
        }
        let names = changed.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let difference = format!("it began with other values of the parameters {names}");
        let remedy = "give each run a journal of its own, or allow it with allow_other_parameters";
        Err(Error::OtherRun { difference, remedy })
    }
}
