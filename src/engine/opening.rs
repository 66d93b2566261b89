//! How does a run begin, or go on? An empty journal begins a run; any other one holds the run that goes on.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::{Companions, EarlierRuns, Engine, Expected, Limits, OfPhase, Passed};
use crate::error::Error;
use crate::journal::JournalError;
use crate::pipeline::phase::PhaseName;
use crate::pipeline::position::Position;
use crate::pipeline::table::{KeptPipeline, PipelineTable};
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
    pub(crate) allows_other_pipeline: bool,
    pub(crate) limits: Limits,
    /// Where the rejected rows go.
    pub(crate) rejects: Option<PathBuf>,
    pub(crate) expected: Vec<OfPhase>,
    /// With what some of that is to be compared.
    pub(crate) earlier: Option<Box<dyn EarlierRuns>>,
    pub(crate) stopper: Stopper,
    /// Behind a mutex for the same reason as in the engine.
    pub(crate) companions: Mutex<Companions>,
}

impl Engine {
    /// Begins the run, or goes on with the one in the journal.
    ///
    /// # Errors
    ///
    /// [`Error::Journal`] if the journal cannot be read or written, [`Error::OtherRun`] if it holds another run,
    /// [`Error::InvalidExpectation`].
    pub(crate) fn open(mut opening: Opening, pipeline: Option<KeptPipeline>) -> Result<Self, Error> {
        opening.check_expected(pipeline.as_deref())?;
        let name = Arc::clone(&opening.name);
        let refused = |source| not_opened(&name, source);
        let stopper = opening.stopper.clone();
        let events = match &mut opening.companions().journal {
            Some(journal) => {
                journal.attach(&name, &stopper);
                journal.load().map_err(refused)?
            }
            None => Vec::new(),
        };
        if events.is_empty() {
            opening.look_back().map_err(refused)?;
            return Engine::begin(opening, pipeline);
        }
        let record = RunRecord::replay(&events).ok_or_else(|| refused(JournalError::impossible(&name)))?;
        opening.check_same_run(&record, pipeline.as_deref())?;
        opening.look_back().map_err(refused)?;
        Engine::resume(record, &events, opening, pipeline)
    }

    fn begin(opening: Opening, pipeline: Option<KeptPipeline>) -> Result<Self, Error> {
        let mut engine = Engine::new(opening.name, pipeline);
        let beginning =
            Beginning { metadata: opening.metadata, parameters: opening.parameters, ..engine.record.beginning().clone() };
        engine.record = RunRecord::begin(beginning.clone());
        engine.open_rejects(opening.rejects.as_deref()).map_err(|source| not_opened(engine.record.name(), source))?;
        engine.limits = opening.limits;
        engine.expected = Expected::of(opening.expected);
        engine.stopper = opening.stopper;
        engine.companions = opening.companions;
        let began = Event::RunBegan(beginning);
        match engine.append(0, &began) {
            Ok(()) => {
                engine.notify(&began);
                Ok(engine)
            }
            Err(error) => {
                // A run that has not begun is not told to be over.
                engine.companions = Mutex::default();
                Err(error)
            }
        }
    }

    fn resume(record: RunRecord, events: &[Event], opening: Opening, pipeline: Option<KeptPipeline>) -> Result<Self, Error> {
        let mut engine = Engine::new(opening.name, pipeline);
        engine.record = record;
        engine.limits = opening.limits;
        engine.expected = Expected::of(opening.expected);
        engine.stopper = opening.stopper;
        engine.companions = opening.companions;
        match engine.catch_up(events, opening.parameters, opening.rejects.as_deref()) {
            Ok(recovery) => {
                engine.passed = Some(Passed { position: Position::Idle, steps: 0 });
                let companions = engine.companions.get_mut().unwrap_or_else(PoisonError::into_inner);
                companions.resumed(&recovery, &engine.record, &engine.meter.reader());
                engine.recovery = Some(recovery);
                Ok(engine)
            }
            Err(error) => {
                // An attempt that was interrupted must not be recorded as abandoned when the engine is dropped here.
                engine.companions = Mutex::default();
                Err(error)
            }
        }
    }

    /// Records what is true since the last process: its attempt was interrupted, the run goes on with another pipeline, or with
    /// other parameters.
    fn catch_up(&mut self, history: &[Event], parameters: Parameters, rejects: Option<&Path>) -> Result<RecoveryReport, Error> {
        self.open_rejects(rejects).map_err(|source| not_opened(self.record.name(), source))?;
        let events = self.record.events();
        let mut interrupted = self.interrupt()?.into_iter();
        let pipeline_changes = self.change_pipeline()?;
        if !self.record.parameters().changes(&parameters).is_empty() {
            let time = self.clock.now();
            self.happen(&Event::ParametersChanged { parameters, time }, |_| {})?;
        }
        let lacking = self.restore_rejects(history).map_err(|source| not_opened(self.record.name(), source))?;
        Ok(RecoveryReport {
            events,
            completed: self.completed(),
            interrupted: interrupted.next(),
            also_interrupted: interrupted.collect(),
            pipeline_changes,
            repairs: self.repairs().into_iter().chain(lacking).collect(),
        })
    }

    /// What is different in the pipeline, which is recorded; nothing for a process that keeps to none.
    fn change_pipeline(&mut self) -> Result<Vec<String>, Error> {
        let Some(pipeline) = self.pipeline.as_ref().map(|pipeline| pipeline.shape().clone()) else { return Ok(Vec::new()) };
        let changes = match self.record.pipeline() {
            Some(recorded) if *recorded == pipeline => return Ok(Vec::new()),
            Some(recorded) => recorded.changes(&pipeline),
            None => vec![format!("the run kept to no pipeline, and now keeps to `{}`", shown(pipeline.name()))],
        };
        let time = self.clock.now();
        self.happen(&Event::PipelineChanged { pipeline, time }, |_| {})?;
        Ok(changes)
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

fn not_opened(run: &str, source: JournalError) -> Error {
    Error::Journal { refused: format!("run `{}` cannot be opened", shown(run)), source }
}

impl Opening {
    pub(crate) fn companions(&mut self) -> &mut Companions {
        self.companions.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// The journal holds the run that is to be opened.
    fn check_same_run(&self, record: &RunRecord, pipeline: Option<&PipelineTable>) -> Result<(), Error> {
        if *record.name() != *self.name {
            let difference = format!("it is called `{}`, not `{}`", shown(record.name()), shown(&self.name));
            return Err(Error::OtherRun { difference, remedy: "give each run a journal of its own" });
        }
        if let (Some(recorded), Some(pipeline)) = (record.pipeline(), pipeline.map(PipelineTable::shape))
            && recorded.name() != pipeline.name()
            && !self.allows_other_pipeline
        {
            let difference = format!("it keeps to the pipeline `{}`, not `{}`", shown(recorded.name()), shown(pipeline.name()));
            let remedy = "give each run a journal of its own, or allow it with allow_other_pipeline";
            return Err(Error::OtherRun { difference, remedy });
        }
        let changes = record.parameters().changes(&self.parameters);
        if changes.is_empty() || self.allows_other_parameters {
            return Ok(());
        }
        let difference = changes.join("; ");
        let remedy = "give each run a journal of its own, or allow it with allow_other_parameters";
        Err(Error::OtherRun { difference, remedy })
    }
}
