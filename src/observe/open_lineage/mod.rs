//! Who watches for a lineage service? A run event of `OpenLineage` for each transition, as JSON.

mod conclusion;
mod dependencies;
mod facets;
mod output;
mod run_event;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

use crate::counting::counters::Tally;
use crate::observe::open_lineage::conclusion::{Conclusion, attempt_failure, attempt_type};
use crate::observe::open_lineage::dependencies::Dependencies;
use crate::observe::open_lineage::facets::ROWS;
use crate::observe::open_lineage::output::{BoxError, open_to_append, write_line};
use crate::observe::open_lineage::run_event::{Attempt, Dataset, EventType, Names, RunJob};
use crate::observe::{Observation, Observer};
use crate::pipeline::phase::PhaseName;
use crate::record::RunRecord;
use crate::record::attempt::PhaseReport;
use crate::record::clock::Timestamp;
use crate::record::event::Event;

/// How often at most a running attempt is reported between its start and its end.
const RUNNING_EVERY: Duration = Duration::from_secs(15);

type Callback = Box<dyn FnMut(&Value) -> Result<(), BoxError> + Send>;

/// Tells a run as [OpenLineage](https://openlineage.io) run events, version 2-0-2: to a file, a writer or a function.
///
/// ```
/// use etl_context::{Etl, Extract, OpenLineage, Run};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("events.jsonl");
/// let lineage = OpenLineage::to_file(&path)?
///     .namespace("chat-imports")
///     .output("load", "sqlite://chat.db", "messages");
/// let context = Run::builder("skype-import").observe(lineage).begin::<Etl>()?;
/// let extracted = context.start(Extract)?.complete(())?;
/// drop(extracted);
///
/// let events = std::fs::read_to_string(&path)?;
/// // START of the run, START and COMPLETE of the phase, ABORT of the run, which has neither transformed nor loaded
/// assert_eq!(events.lines().count(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Runs and jobs
///
/// The run is the parent: its job is named like the run, and its run id is the run's own. Each attempt at a phase is a run of
/// the job `<run>.<phase>`, with the run id of [`RunId::of_attempt`](crate::RunId::of_attempt) and the run as its parent.
///
/// | what happens | event |
/// |---|---|
/// | the run begins | `START` of the run, with its metadata as tags |
/// | a run goes on from its journal, and something happens in it | `RUNNING` of the run |
/// | a phase starts | `START` of the attempt, with the attempts after which the pipeline lets it start |
/// | a checkpoint, or an error recorded under a running phase | `RUNNING` of the attempt, at most one in 15 seconds |
/// | the attempt completes | `COMPLETE` |
/// | it is stopped, abandoned or interrupted | `ABORT` |
/// | it fails otherwise | `FAIL` |
/// | the context is dropped | `COMPLETE`, `FAIL` or `ABORT` of the run |
///
/// Between a start, a checkpoint, an error and an end nothing is told, for nothing calls an observer then. The run ends with
/// its context: `completed` is `COMPLETE`, `failed` is `FAIL` with the errors of the phases that failed, and any other
/// [`RunStatus`](crate::RunStatus) is `ABORT`, as in `stopped after extract`. A process that dies tells nothing: the one that goes on with its run ends the interrupted attempt, and
/// later the run. A run that was told to have ended and goes on ends again; what counts is the last word.
///
/// # What came before
///
/// In a pipeline, the `START` of an attempt tells by the facet `jobDependencies` after which attempts it starts: that of the phase
/// behind which the edge leads to it, or those of all phases that are joined there. They have to be finished, and completed, or
/// failed for an edge out of failure. The first phases have none.
///
/// # Datasets
///
/// Which data a phase reads and writes is for the author to say, with [`input`](OpenLineage::input) and
/// [`output`](OpenLineage::output). A phase without an output of its own gets one in the namespace of the jobs, with the job's
/// name. The output's statistics are the counts: the rows are the counter `rows`, or, of a phase that has none, the last one that counts
/// neither bytes nor `files`; `bytes` is the size and `files` the number of files. A phase with several outputs has no statistics, since
/// the counts do not tell them apart. Which fields a dataset has is said with [`schema`](OpenLineage::schema).
///
/// # Expectations
///
/// What was [expected](crate::Expect) of an attempt and compared with something is told at its end, as the facet
/// `dataQualityAssertions`, whether it holds or not: of the phase's inputs, or, if it has none, of its outputs, which are then among
/// the inputs of this event.
///
/// # Failures
///
/// An event that cannot be written counts as a failure of an observer and does not affect the run. The last event of the run
/// is told when nobody can be told of a failure any more.
pub struct OpenLineage {
    names: Names,
    running_every: Duration,
    /// Behind a mutex only so that the observer can be shared between threads; it is never locked.
    tell: Mutex<Callback>,
    /// None before the first event.
    run: Option<Told>,
}

fn tell(callback: &mut Mutex<Callback>, event: &Value) -> Result<(), BoxError> {
    callback.get_mut().unwrap_or_else(PoisonError::into_inner)(event)
}

/// An error that is recorded from another branch does not know the attempt.
fn is_running(record: &RunRecord, phase: &PhaseName, number: u32) -> bool {
    record.running_attempts().any(|running| running.phase == *phase && running.attempt == number)
}

/// What was told last, and what is to be told at the end.
struct Told {
    job: RunJob,
    conclusion: Conclusion,
    latest: Timestamp,
    /// Of each running attempt that was reported as `RUNNING`, when it was last.
    running: BTreeMap<PhaseName, Timestamp>,
}

impl OpenLineage {
    /// Appends a line for each event to the file, which is created if there is none. The lines are not synced: what has to
    /// survive is in the journal.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened.
    pub fn to_file(path: impl AsRef<Path>) -> io::Result<Self> {
        open_to_append(path.as_ref()).map(OpenLineage::to_writer)
    }

    /// Writes a line for each event, and flushes it.
    #[must_use]
    pub fn to_writer(mut writer: impl Write + Send + 'static) -> Self {
        OpenLineage::to_callback(move |event| write_line(&mut writer, event))
    }

    /// Calls a function with each event. It is called on the thread of the phase, so one that sends it over a network should
    /// hand it to a thread of its own.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use etl_context::{Etl, OpenLineage, Run};
    ///
    /// let (sender, events) = mpsc::channel();
    /// let lineage = OpenLineage::to_callback(move |event| sender.send(event.clone()));
    /// Run::builder("import").observe(lineage).begin::<Etl>()?;
    /// assert_eq!(events.recv()?["eventType"], "START");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn to_callback<E: Into<BoxError>>(mut callback: impl FnMut(&Value) -> Result<(), E> + Send + 'static) -> Self {
        OpenLineage {
            names: Names::default(),
            running_every: RUNNING_EVERY,
            tell: Mutex::new(Box::new(move |event| callback(event).map_err(Into::into))),
            run: None,
        }
    }

    /// The namespace of the jobs; `default` if this is not called.
    #[must_use]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.names.namespace = namespace.into();
        self
    }

    /// The program that produces the events, as a URI: its repository and version, for example. If this is not called, it is
    /// this library.
    #[must_use]
    pub fn producer(mut self, uri: impl Into<String>) -> Self {
        self.names.producer = uri.into();
        self
    }

    /// Says that a phase reads this dataset, in the words of the
    /// [naming rules](https://openlineage.io/docs/spec/naming/): a namespace such as `postgres://host:5432` and a name within.
    #[must_use]
    pub fn input(mut self, phase: impl Into<String>, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        self.names.inputs.push(Dataset::new(phase, namespace, name));
        self
    }

    /// Says that a phase writes this dataset.
    #[must_use]
    pub fn output(mut self, phase: impl Into<String>, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        self.names.outputs.push(Dataset::new(phase, namespace, name));
        self
    }

    /// Says which fields a dataset has, each with its type in the words of whatever holds it, as in `TIMESTAMP` or `Utf8`. They are
    /// told wherever the dataset is, as an input or an output of any phase; what was said of the same dataset before is replaced.
    ///
    /// ```
    /// use etl_context::{Etl, Extract, OpenLineage, Run};
    ///
    /// let lineage = OpenLineage::to_callback(|event| {
    ///     if event["outputs"][0]["name"] == "messages" {
    ///         assert_eq!(event["outputs"][0]["facets"]["schema"]["fields"][1]["name"], "body");
    ///     }
    ///     Ok::<_, String>(())
    /// });
    /// let lineage = lineage
    ///     .output("extract", "sqlite://chat.db", "messages")
    ///     .schema("sqlite://chat.db", "messages", [("id", "INTEGER"), ("body", "TEXT")]);
    /// let extracted = Run::builder("import").observe(lineage).begin::<Etl>()?.start(Extract)?.complete(())?;
    /// assert_eq!(extracted.summary().observer_failures(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn schema(
        mut self,
        namespace: impl Into<String>,
        name: impl Into<String>,
        fields: impl IntoIterator<Item = (impl Into<String>, impl Into<String>)>,
    ) -> Self {
        let fields = fields.into_iter().map(|(name, of_type)| (name.into(), of_type.into())).collect();
        self.names.schemas.insert((namespace.into(), name.into()), fields);
        self
    }

    /// How often at most a running attempt is reported; 15 seconds if this is not called. Zero reports it at each checkpoint and
    /// error.
    #[must_use]
    pub fn running_every(mut self, interval: Duration) -> Self {
        self.running_every = interval;
        self
    }

    /// The run is heard of for the first time: it began, or goes on.
    fn begin(&mut self, event: &Event, record: &RunRecord) -> Result<(), BoxError> {
        let job = RunJob { id: record.run_id(), name: record.name().to_owned() };
        let is_new = matches!(event, Event::RunBegan(_));
        let event_type = if is_new { EventType::Start } else { EventType::Running };
        let told = self.names.run_event(&job, event_type, event.time(), record.metadata(), None);
        let conclusion = Conclusion::of(record);
        self.run = Some(Told { job, conclusion, latest: event.time(), running: BTreeMap::new() });
        tell(&mut self.tell, &told)
    }

    fn started(&mut self, phase: &PhaseName, number: u32, time: Timestamp, record: &RunRecord) -> Result<(), BoxError> {
        let Some(told) = &mut self.run else { return Ok(()) };
        told.running.remove(phase);
        let (attempt, dependencies) = (Attempt { phase: phase.as_str(), number }, Dependencies::of(record, phase));
        tell(&mut self.tell, &self.names.start_event(&told.job, &attempt, time, dependencies.as_ref()))
    }

    /// A sign of life of a running attempt.
    fn running(&mut self, phase: &PhaseName, number: u32, counts: &Tally, time: Timestamp) -> Result<(), BoxError> {
        let Some(told) = &mut self.run else { return Ok(()) };
        let interval = u64::try_from(self.running_every.as_micros()).unwrap_or(u64::MAX);
        if told.running.get(phase).is_some_and(|last| time.microseconds_since(*last) < interval) {
            return Ok(());
        }
        told.running.insert(phase.clone(), time);
        let attempt = Attempt { phase: phase.as_str(), number };
        let counts = counts.iter().filter(|(name, count)| *count > 0 || *name == ROWS).collect::<Vec<_>>();
        tell(&mut self.tell, &self.names.attempt_event(&told.job, &attempt, EventType::Running, time, Some(&counts), None))
    }

    fn ended(&mut self, report: &PhaseReport, event: &Event) -> Result<(), BoxError> {
        let Some(told) = &self.run else { return Ok(()) };
        let attempt = Attempt { phase: report.phase().as_str(), number: report.attempt() };
        let expected = |counter: &str| report.totals().get(counter).is_some_and(|total| total > 0);
        let counts = report.processed().filter(|(name, count)| *count > 0 || *name == ROWS || expected(name)).collect::<Vec<_>>();
        let (event_type, failure) = (attempt_type(report), attempt_failure(event));
        let time = report.end_time();
        let ended = self.names.attempt_event(&told.job, &attempt, event_type, time, Some(&counts), failure.as_ref());
        let expectations = report.expectations().iter().filter(|expectation| expectation.is_checked()).collect::<Vec<_>>();
        tell(&mut self.tell, &self.names.with_assertions(ended, &expectations))
    }
}

impl Observer for OpenLineage {
    fn observe(&mut self, event: &Event, run: &Observation<'_>) -> Result<(), BoxError> {
        let began = if self.run.is_none() { self.begin(event, run.record()) } else { Ok(()) };
        if let Some(told) = &mut self.run {
            // Branches read the clock before one of them is told first.
            told.latest = told.latest.max(event.time());
            if matches!(
                event,
                Event::RunBegan(_)
                    | Event::PipelineChanged { .. }
                    | Event::RunStopped { .. }
                    | Event::PhaseStarted { .. }
                    | Event::StatusSet { .. }
                    | Event::PhaseEnded { .. }
            ) {
                told.conclusion = Conclusion::of(run.record());
            }
        }
        let happened = match event {
            Event::RunBegan(_)
            | Event::PipelineChanged { .. }
            | Event::ParametersChanged { .. }
            | Event::RunStopped { .. }
            | Event::PartsRegistered { .. }
            | Event::StatusSet { .. } => Ok(()),
            Event::PhaseStarted { phase, attempt, time, .. } => self.started(phase, *attempt, *time, run.record()),
            Event::Checkpointed { phase, attempt, counts, time, .. } => self.running(phase, *attempt, counts, *time),
            Event::PartCheckpointed { phase, attempt, time, .. } | Event::PartEnded { phase, attempt, time, .. } => {
                self.running(phase, *attempt, &run.progress().counts(), *time)
            }
            Event::ErrorRecorded { error } => match error.attempt() {
                Some(attempt) if is_running(run.record(), error.phase(), attempt) => {
                    self.running(error.phase(), attempt, &run.progress().counts(), error.time())
                }
                _ => Ok(()),
            },
            Event::PhaseEnded { report, .. } => self.ended(report, event),
        };
        began.and(happened)
    }
}

/// The context is gone, so the run ends here.
impl Drop for OpenLineage {
    fn drop(&mut self) {
        let Some(Told { job, conclusion, latest, .. }) = self.run.take() else { return };
        let Conclusion { event_type, failure } = conclusion;
        let event = self.names.run_event(&job, event_type, latest, &BTreeMap::new(), failure.as_ref());
        // Nobody is left to be told of a failure, and a panic while another one unwinds would end the program.
        let _ = catch_unwind(AssertUnwindSafe(|| tell(&mut self.tell, &event)));
    }
}

impl fmt::Debug for OpenLineage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenLineage").field("names", &self.names).finish_non_exhaustive()
    }
}
