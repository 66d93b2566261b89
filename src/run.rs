//! How does a run begin that is recorded or watched?

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::context::Context;
use crate::counting::counters::Counters;
use crate::engine::{Companions, EarlierRuns, Engine, OfPhase, Opening};
use crate::error::Error;
use crate::etl_context::EtlContext;
use crate::journal::Journal;
use crate::json::lossless;
use crate::observe::Observer;
use crate::pipeline::Pipeline;
use crate::pipeline::phase::{Phase, PhaseName};
use crate::pipeline::phase_order::PhaseOrder;
use crate::pipeline::state::Idle;
use crate::pipeline::table::{CounterNames, KeptPipeline, Table};
use crate::record::expect::{Expect, ExpectedAmount};
use crate::record::parameters::Parameters;
use crate::record::share::MaxRejected;
use crate::report::file::ReportFile;
use crate::stopper::Stopper;

/// Where a run begins that is recorded or watched: see [`Run::builder`].
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "the name under which the builder is found")]
pub enum Run {}

impl Run {
    /// Prepares a run with a journal, observers, limits.
    ///
    /// ```
    /// use etl_context::{Etl, Extract, MemoryJournal, Run};
    ///
    /// let context = Run::builder("skype-import")
    ///     .journal(MemoryJournal::new())
    ///     .metadata("operator", "night shift")
    ///     .max_attempts(3)
    ///     .begin::<Etl>()?;
    /// let extracted = context.start(Extract)?.complete(())?;
    /// # Ok::<(), etl_context::Error>(())
    /// ```
    pub fn builder(name: impl Into<String>) -> RunBuilder {
        RunBuilder { opening: Opening { name: name.into().into(), ..Opening::default() }, said: Ok(()), reports: Vec::new() }
    }
}

/// What a run is to have; [`Run::builder`] makes one, and has an example.
#[derive(Debug)]
#[must_use = "the run begins with `begin` or `begin_dynamic`"]
pub struct RunBuilder {
    opening: Opening,
    /// Why something that was said cannot be taken; told when the run begins.
    said: Result<(), Error>,
    reports: Vec<ReportFile>,
}

impl RunBuilder {
    /// Records the run in this journal. If the journal holds the run already, the run goes on from there.
    pub fn journal(self, journal: impl Journal + 'static) -> Self {
        self.recorded_in(Box::new(journal))
    }

    pub(crate) fn recorded_in(mut self, journal: Box<dyn Journal>) -> Self {
        self.opening.companions().journal = Some(journal);
        self
    }

    /// Lets somebody watch the run. Observers are told in the order in which they were added.
    pub fn observe(mut self, observer: impl Observer + 'static) -> Self {
        self.opening.companions().observers.push(observer);
        self
    }

    /// Writes the report of the run to this file, whatever becomes of the run: as Markdown if the path ends in `.md`, as JSON if it ends
    /// in `.json`, and else as an HTML page. A run may have several reports.
    ///
    /// ```
    /// use etl_context::{Etl, Extract, Run};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("import.html");
    /// let context = Run::builder("import").report(&path).begin::<Etl>()?;
    /// let extract = context.phase(Extract).run(|_| Err::<(), _>("the disk is full"));
    /// assert!(std::fs::read_to_string(&path)?.contains("the disk is full"));
    /// # drop(extract);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// It is written whenever the run has come to an end (it is completed, a phase has failed, it was stopped), and once more when its
    /// context is dropped, if something happened since: also by a panic, between two phases, and if a finished run was only opened.
    /// In a run of several branches the last one writes it. A process that is killed writes nothing, nor does one whose run belongs to
    /// another process now. A run that ends again and again, round by round, does not write it in every round, but as it is in the end.
    ///
    /// The file is replaced as a whole, so nobody ever sees half of it. If it cannot be written, the run goes on, and its summary tells
    /// that, with path and reason, as of any observer that fails.
    pub fn report(mut self, path: impl AsRef<Path>) -> Self {
        self.reports.push(ReportFile::new(path.as_ref()));
        self
    }

    /// Lets this handle stop the run: one that was made earlier, or that stops several runs.
    pub fn stopper(mut self, stopper: &Stopper) -> Self {
        self.opening.stopper = stopper.clone();
        self
    }

    /// Says something of the run that is recorded when it begins.
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.opening.metadata.insert(key.into(), value.into());
        self
    }

    /// Says what makes it this run and not another: the input file, the day, the settings that change the result.
    ///
    /// A journal that began with other parameters is refused, by their names, when the run is opened again. Their values are
    /// not recorded, only a fingerprint of each; a secret is no parameter all the same.
    ///
    /// ```
    /// use etl_context::{Error, Etl, MemoryJournal, Run, dict};
    ///
    /// let journal = MemoryJournal::new();
    /// let import = |day: &str| {
    ///     let parameters = dict! { "day": day, "region": "eu" };
    ///     Run::builder("import").journal(journal.clone()).parameters(&parameters)
    /// };
    /// import("monday").begin::<Etl>()?;
    /// let error = import("tuesday").begin::<Etl>().unwrap_err();
    /// assert!(error.to_string().contains("`day`"));
    /// import("tuesday").allow_other_parameters().begin::<Etl>()?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn parameters(mut self, parameters: &impl Serialize) -> Self {
        match lossless::to_value(parameters) {
            Ok(value) => self.opening.parameters = Parameters::of(value),
            Err(reason) => self.refuse(Error::Parameters { reason }),
        }
        self
    }

    /// Goes on with the run in the journal even if its parameters were others. From then on these are its parameters.
    pub fn allow_other_parameters(mut self) -> Self {
        self.opening.allows_other_parameters = true;
        self
    }

    /// Goes on with the run in the journal even if it kept to a pipeline of another name.
    ///
    /// A pipeline of the same name may have other phases and other edges, as programs change from one release to the next: the
    /// run then keeps to the present one, which is recorded, and [`recovery`](Context::recovery) tells what is different.
    ///
    /// ```
    /// use etl_context::{Error, Etl, Extract, MemoryJournal, Run, pipeline};
    ///
    /// pipeline! { Nightly { Extract after Idle; } }
    ///
    /// let journal = MemoryJournal::new();
    /// let import = || Run::builder("import").journal(journal.clone());
    /// import().begin::<Etl>()?;
    /// let error = import().begin::<Nightly>().unwrap_err();
    /// assert!(error.to_string().contains("it keeps to the pipeline `Etl`, not `Nightly`"));
    /// let context = import().allow_other_pipeline().begin::<Nightly>()?;
    /// assert_eq!(context.record().pipeline().map(|pipeline| pipeline.name()), Some("Nightly"));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn allow_other_pipeline(mut self) -> Self {
        self.opening.allows_other_pipeline = true;
        self
    }

    /// Refuses to start a phase that has failed this often since it last completed. Attempts that were stopped on purpose do
    /// not count; attempts that were interrupted do. To go on, open the run with a higher number.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.opening.limits.attempts = Some(attempts);
        self
    }

    /// Lets no attempt complete that has recorded more errors than this. The call that records one too many returns
    /// [`Error::TooManyErrors`], and the attempt can then only fail, with the cause `errors`.
    pub fn max_errors(mut self, errors: u64) -> Self {
        self.opening.limits.errors = Some(errors);
        self
    }

    /// Writes every row that a phase [rejects](crate::RunningPhase::reject) to this file, as JSON Lines: the run, the phase, the attempt,
    /// the reason, and the row.
    ///
    /// The file has each row once, also after a crash and in a later attempt that goes on from a checkpoint: what no event tells of is
    /// taken out when the run is opened again, and what an attempt does again once it rejects rows or ends. A file may hold the rows of several runs,
    /// one after the other; while one of them is open, no other one can be. [The guide](crate::guide::durable#rows-that-cannot-be-used)
    /// has an example.
    pub fn rejects(mut self, path: impl Into<PathBuf>) -> Self {
        self.opening.rejects = Some(path.into());
        self
    }

    /// Lets no attempt complete that has rejected more rows than this, a number or a [`Share`](crate::Share). The call that rejects one
    /// too many returns [`Error::TooManyRejected`], and the attempt can then only fail, with the cause `errors`.
    ///
    /// A share is one of the rows that the phase has counted, rejected ones and others. It is known when the phase is to complete; before, if
    /// the phase has said how many rows there are.
    ///
    /// ```
    /// use etl_context::{Error, Etl, Extract, Run, Share};
    ///
    /// let context = Run::builder("import").max_rejected(1).begin::<Etl>()?;
    /// let mut extract = context.start(Extract)?;
    /// extract.reject("row 7", "no sender")?;
    /// let error = extract.reject("row 9", "no sender").unwrap_err();
    /// assert!(matches!(error, Error::TooManyRejected { rejected: 2, .. }));
    /// extract.fail(&error)?;
    ///
    /// let context = Run::builder("import").max_rejected(Share::percent(0.5)).begin::<Etl>()?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn max_rejected(mut self, most: impl Into<MaxRejected>) -> Self {
        self.opening.limits.rejected = Some(most.into());
        self
    }

    /// Expects this of the phase whenever it completes. What is not so is a warning, or fails the phase: see [`Expect`].
    ///
    /// It is looked at when the phase would complete, and recorded with its end. A phase that completed earlier is not looked at again, and
    /// one that has failed for another reason is not looked at.
    ///
    /// ```
    /// use etl_context::{Error, Etl, Expect, Extract, PhaseFailure, Run};
    ///
    /// let messages = Expect::counter("messages").at_least(1).or_fail();
    /// let context = Run::builder("import").expect::<Extract>(messages).begin::<Etl>()?;
    /// let outcome = context.phase(Extract).run(|_extract| Ok::<_, std::io::Error>(()));
    /// let Err(PhaseFailure::NotAsExpected(refused)) = outcome else { panic!("no message was counted") };
    /// let (context, error) = refused.into_parts();
    /// assert_eq!(error.to_string(), "phase `extract` is not as expected: messages: 0, expected at least 1");
    /// context.retry()?.fail("there was nothing again")?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// A phase that is to fail cannot complete: [`complete`](Context::complete) refuses that with [`Error::NotAsExpected`], as it does with
    /// too many errors. The attempt then fails, with that error, when its context is dropped, or with the one that it is failed with. A
    /// phase that runs as a closure fails, and [`retrying`](crate::PhaseScope::retrying) does not try it again: it has done what it does,
    /// and whether that is to be done once more is for somebody to decide. What a transaction of the caller's would have committed with
    /// the end of the phase is not committed. On the dynamic face, [`end_phase`](EtlContext::end_phase) ends the phase as failed.
    ///
    /// What is compared with [`of_median`](crate::TimesMedian::of_median) needs the earlier runs of the job, which a run has that
    /// [`Runs::run`](crate::Runs::run) begins. All of them are read once when the run begins. One that cannot be read stops nothing:
    /// it is left out, and how many these were is on record.
    pub fn expect<Ph: Phase>(self, expected: Expect<impl ExpectedAmount>) -> Self {
        self.expecting(Ok(Ph::NAME), Some(<Ph::Counters as Counters>::NAMES), expected)
    }

    /// The same of a phase that is known by name.
    ///
    /// ```
    /// use etl_context::{Counts, Expect, PhaseStatus, Run};
    ///
    /// let messages = Expect::counter("messages").at_least(1).or_fail();
    /// let mut context = Run::builder("import").expect_by_name("load", messages).begin_dynamic()?;
    /// context.start_phase("load", None)?;
    /// let report = context.end_phase(())?;
    /// assert_eq!(report.status(), PhaseStatus::Failed);
    /// # Ok::<(), etl_context::Error>(())
    /// ```
    pub fn expect_by_name(self, phase: &str, expected: Expect<impl ExpectedAmount>) -> Self {
        self.expecting(phase.parse(), None, expected)
    }

    fn expecting(
        mut self,
        phase: Result<PhaseName, Error>,
        counters: CounterNames,
        expected: Expect<impl ExpectedAmount>,
    ) -> Self {
        let said = phase.and_then(|phase| match expected.into_expectation() {
            Ok(expectation) => Ok(OfPhase { phase, counters, expectation }),
            Err(reason) => Err(Error::InvalidExpectation { phase, reason }),
        });
        match said {
            Ok(of_phase) => self.opening.expected.push(of_phase),
            Err(error) => self.refuse(error),
        }
        self
    }

    /// With what medians are compared.
    pub(crate) fn looking_back(mut self, earlier: impl EarlierRuns + 'static) -> Self {
        self.opening.earlier = Some(Box::new(earlier));
        self
    }

    /// The first that cannot be taken is told.
    fn refuse(&mut self, error: Error) {
        if self.said.is_ok() {
            self.said = Err(error);
        }
    }

    /// Begins the run behind the typed face, or goes on with it.
    ///
    /// A run that goes on is `Idle` here whatever it has completed before: the program goes through its phases from the first
    /// one, and [`phase(…).run(…)`](Context::phase) does not do again what is done. A phase that was running when its process
    /// died is recorded as failed first, with the cause `interrupted`; [`recovery`](Context::recovery) tells what was found.
    ///
    /// # Errors
    ///
    /// [`Error::Journal`] if the journal cannot be read or written, [`Error::OtherRun`] if it holds another run,
    /// [`Error::Parameters`] if the parameters are no JSON, [`Error::InvalidExpectation`] if something is expected that cannot be checked,
    /// [`Error::InvalidPhaseName`] if it is expected of a phase that the pipeline does not have, [`Error::Report`] if a report was to be written to the journal's file, or to
    /// what is no file.
    pub fn begin<P: Pipeline>(self) -> Result<Context<Idle, P>, Error> {
        let engine = Engine::open(self.checked()?, Some(P::KEPT))?;
        Ok(Context::from_engine(Box::new(engine)))
    }

    /// Begins the run behind the dynamic face, or goes on with it, with any phases in any order. [The guide](crate::guide::durable)
    /// shows how to skip what is done.
    ///
    /// # Errors
    ///
    /// As [`begin`](RunBuilder::begin).
    pub fn begin_dynamic(self) -> Result<EtlContext, Error> {
        let engine = Engine::open(self.checked()?, None)?;
        Ok(EtlContext::from_engine(Box::new(engine)))
    }

    /// Begins the run behind the dynamic face, or goes on with it, with the phases of this order, and keeps to it: see
    /// [`EtlContext::with_order`].
    ///
    /// The order is on record as the run's pipeline. A run that goes on with another order than it began with keeps to the present one,
    /// and [`recovery`](EtlContext::recovery) tells what is different.
    ///
    /// ```
    /// use etl_context::{Error, MemoryJournal, PhaseOrder, Run};
    ///
    /// let journal = MemoryJournal::new();
    /// let begin = |order| Run::builder("nightly").journal(journal.clone()).begin_with_order(order);
    /// begin(PhaseOrder::new(["fetch", "import"])?)?;
    /// let context = begin(PhaseOrder::new(["fetch", "check", "import"])?)?;
    /// let changes = &context.recovery().expect("the run goes on").pipeline_changes;
    /// assert!(changes[0].contains("`check after fetch`"), "{changes:?}");
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`begin`](RunBuilder::begin).
    pub fn begin_with_order(self, order: PhaseOrder) -> Result<EtlContext, Error> {
        let pipeline = KeptPipeline::given(&self.opening.name, order);
        let engine = Engine::open(self.checked()?, Some(pipeline))?;
        Ok(EtlContext::from_engine(Box::new(engine)))
    }

    /// What can be refused before anything is opened is refused here. The reports are told last, so that they can tell how the
    /// observers fared.
    fn checked(mut self) -> Result<Opening, Error> {
        self.said?;
        let Companions { journal, observers } = self.opening.companions();
        for report in self.reports {
            report.check(journal.as_ref().and_then(|journal| journal.file()))?;
            observers.push_as("the report", report);
        }
        Ok(self.opening)
    }
}
