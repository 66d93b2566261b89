//! Who moves the run? The engine alone owns record, journal, observers and counters, and every move goes the same way:
//! decide whether it is legal, append it to the journal, apply it to the record, notify the observers. Until the journal has
//! taken an event, nothing has changed.
//!
//! [`Engine`] is all of it; [`opening::Opening`] is what an author says of a run before it begins, and [`limits::Limits`] how much
//! may go wrong. Where branches run side by side, each has an engine, and [`branches`] says what they have in common.
//!
//! Imports from `journal` and `observe`, which it tells of every event, and from everything below them.

mod branches;
mod checkpoints;
mod companions;
mod expected;
mod leaving;
mod limits;
mod opening;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod outside;
mod part_checkpoints;
mod parts;
mod passing;
mod rejects;
mod running;
mod said;
mod together;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::counting::counters::{CounterValues, Tally};
use crate::counting::meter::Meter;
use crate::error::Error;
use crate::journal::{Journal, JournalError};
use crate::json::dictionary::{Checked, KeptResult, ResultFault};
use crate::observe::failure::ObserverFailures;
use crate::pipeline::by_name::ByName;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::pipeline::position::Position;
use crate::pipeline::table::KeptPipeline;
use crate::record::RunRecord;
use crate::record::attempt::{FailureCause, PhaseReport};
use crate::record::clock::{Clock, Timestamp};
use crate::record::error::{ErrorRecord, RecordedError};
use crate::record::event::{Beginning, Event};
use crate::record::parameters::Parameters;
use crate::record::phase::PhaseRecord;
use crate::record::recovery::RecoveryReport;
use crate::record::rejected::Rejected;
use crate::record::run_id::RunId;
use crate::stopper::Stopper;
use crate::text::line::shown;

/// How an attempt ends: with which status, why, and with what.
struct Ending {
    status: PhaseStatus,
    cause: Option<FailureCause>,
    result: Option<KeptResult>,
    error: Option<RecordedError>,
    rejected: Option<Arc<Rejected>>,
}

#[derive(Debug)]
pub(crate) struct Engine {
    record: RunRecord,
    clock: Clock,
    limits: Limits,
    pub(crate) stopper: Stopper,
    /// What opening the run again found; `None` for a new run.
    recovery: Option<RecoveryReport>,
    /// How far this process has gone past what earlier ones completed; `None` once it has run a phase, and in a new run.
    passed: Option<Passed>,
    /// How often this process has completed each phase, or gone past it.
    visits: ByName<(PhaseName, u32)>,
    pub(crate) meter: Meter,
    /// Whether the running phase was started while its thread was unwinding already, for a panic that is not its own.
    started_in_panic: bool,
    pub(crate) pipeline: Option<KeptPipeline>,
    /// Behind a mutex only so that a context can be shared between threads; it is never locked.
    companions: Mutex<Companions>,
    /// Where the companions are if this is one of several branches.
    branch: Option<Branch>,
    /// Hardly any run has rejected rows.
    rejects: Option<Box<Rejects>>,
    expected: Option<Box<Expected>>,
}

/// Where a process stands that has only gone past completed phases.
#[derive(Debug, Clone)]
struct Passed {
    position: Position,
    /// How many steps of the run are behind it.
    steps: usize,
}

use branches::Branch;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use branches::Held;
pub(crate) use companions::Companions;
use expected::Expected;
pub(crate) use expected::{EarlierRuns, OfPhase};
pub(crate) use limits::Limits;
pub(crate) use opening::Opening;
pub(crate) use parts::Registration;
pub(crate) use rejects::Row;
use rejects::{Moment, Rejects};

impl Engine {
    /// A run that nobody remembers or watches: this cannot fail.
    pub(crate) fn new(name: Arc<str>, pipeline: Option<KeptPipeline>) -> Self {
        let clock = Clock::start();
        let time = clock.at(clock.started());
        let beginning = Beginning {
            run: RunId::new(time),
            name,
            time,
            pipeline: pipeline.as_ref().map(|pipeline| pipeline.shape().clone()),
            metadata: BTreeMap::new(),
            parameters: Parameters::default(),
        };
        Engine {
            record: RunRecord::begin(beginning),
            limits: Limits::default(),
            stopper: Stopper::default(),
            recovery: None,
            passed: None,
            visits: ByName::default(),
            meter: Meter::idle(clock.started()),
            started_in_panic: false,
            pipeline,
            companions: Mutex::default(),
            branch: None,
            rejects: None,
            expected: None,
            clock,
        }
    }

    pub(crate) fn record(&self) -> &RunRecord {
        &self.record
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Which observers failed, how often and why.
    pub(crate) fn observer_failures(&self) -> ObserverFailures {
        let of_whole = self.with_whole(|whole| whole.companions.observers.failures().clone());
        let own = || self.companions.lock().unwrap_or_else(PoisonError::into_inner).observers.failures().clone();
        of_whole.unwrap_or_else(own)
    }

    /// What opening the run again found; `None` for a new run.
    pub(crate) fn recovery(&self) -> Option<&RecoveryReport> {
        self.recovery.as_ref()
    }

    pub(crate) fn start(&mut self, phase: PhaseName, names: &'static [&'static str], totals: CounterValues) -> Result<(), Error> {
        self.record.at_rest(&phase)?;
        self.admit(&phase)?;
        let (attempt, visit) = (self.record.next_attempt(&phase), self.visit(&phase));
        let started = Instant::now();
        let time = self.clock.at(started);
        let goes_on = !self.record.is_finally(&phase);
        self.happen(&Event::PhaseStarted { phase, attempt, visit, totals: Tally::new(names, totals), time }, |meter| {
            meter.start(names, &totals, started);
        })?;
        self.started_in_panic = thread::panicking();
        if goes_on {
            // What was completed earlier may depend on what runs now.
            self.passed = None;
        }
        Ok(())
    }

    /// Ends the running phase as completed, by a method that says so: a result that says otherwise is refused.
    pub(crate) fn complete(&mut self, result: impl FnOnce() -> Checked) -> Result<PhaseReport, Error> {
        let result = self.result_of_completed(result)?;
        self.end(Ending { status: PhaseStatus::Completed, cause: None, result, error: None, rejected: None })
    }

    /// The result with which the running phase can complete.
    fn result_of_completed(&self, result: impl FnOnce() -> Checked) -> Result<Option<KeptResult>, Error> {
        const RULE: &str = "is not `completed`, which is what `complete` says; use `fail(&error)`, or leave the status out";
        let result = self.checked_result("complete", result)?;
        self.said_status(result.as_ref(), &[PhaseStatus::Completed], RULE)?;
        self.check_errors()?;
        Ok(result)
    }

    /// Ends the running phase with the status that its result says, or else the one that was set meanwhile.
    pub(crate) fn end_as_said(&mut self, result: impl FnOnce() -> Checked) -> Result<PhaseReport, Error> {
        const RULE: &str = "is none of `completed`, `failed`, with which a phase can end";
        let result = self.checked_result("end_phase", result)?;
        let said = self.said_status(result.as_ref(), &[PhaseStatus::Completed, PhaseStatus::Failed], RULE)?;
        let status = said.unwrap_or_else(|| self.status_without_word());
        if self.check_errors().is_err() || (self.rejects.is_some() && self.check_rejected(Moment::Ending).is_err()) {
            return self.end(Ending {
                status: PhaseStatus::Failed,
                cause: Some(FailureCause::Errors),
                result,
                error: None,
                rejected: None,
            });
        }
        let cause = (status == PhaseStatus::Failed).then_some(FailureCause::Status);
        let kept = self.expected.as_ref().and_then(|_| result.clone());
        let ended = self.end(Ending { status, cause, result, error: None, rejected: None });
        let Err(Error::NotAsExpected { .. }) = &ended else { return ended };
        let cause = Some(self.cause_or(FailureCause::Error));
        let error = self.not_as_expected();
        self.end(Ending { status: PhaseStatus::Failed, cause, result: kept, error, rejected: None })
    }

    /// Records the error and ends the running phase as failed, in one event.
    pub(crate) fn fail(&mut self, asked: &'static str, error: RecordedError) -> Result<PhaseReport, Error> {
        self.record.running(asked)?;
        let cause = self.cause_or(FailureCause::Error);
        self.end(Ending { status: PhaseStatus::Failed, cause: Some(cause), result: None, error: Some(error), rejected: None })
    }

    /// Records an error under a phase, running or not.
    pub(crate) fn record_error(&mut self, phase: PhaseName, error: RecordedError) -> Result<(), Error> {
        let running = self.record.current().filter(|running| running.phase == phase);
        let ended = || self.record.phase(phase.as_str()).and_then(PhaseRecord::latest_report).map(PhaseReport::attempt);
        let attempt = running.map(|running| running.attempt).or_else(ended);
        let is_running = running.is_some();
        let error = ErrorRecord { phase, attempt, time: self.clock.now(), error, ended: false };
        self.happen(&Event::ErrorRecorded { error }, |_| {})?;
        if is_running { self.check_errors() } else { Ok(()) }
    }

    pub(crate) fn set_status(&mut self, phase: PhaseName, status: PhaseStatus) -> Result<(), Error> {
        let time = self.clock.now();
        self.happen(&Event::StatusSet { phase, status, time }, |_| {})
    }

    /// A phase is running, and its result is a dictionary or nothing; checked in this order.
    fn checked_result(&self, asked: &'static str, result: impl FnOnce() -> Checked) -> Result<Option<KeptResult>, Error> {
        let phase = &self.record.running(asked)?.phase;
        result().map_err(|fault| match fault {
            ResultFault::NotSerializable(reason) => Error::NotSerializable { phase: phase.clone(), what: "the result", reason },
            ResultFault::NotObject(found) => Error::ResultNotObject { phase: phase.clone(), found },
        })
    }

    /// `completed`, unless the status of the running phase was set to `failed` meanwhile.
    fn status_without_word(&self) -> PhaseStatus {
        match self.record.current_phase().map(|phase| self.record.status(phase.as_str())) {
            Some(PhaseStatus::Failed) => PhaseStatus::Failed,
            _ => PhaseStatus::Completed,
        }
    }

    /// Attempts that were running when their process died become failed ones, as of its last sign of life.
    fn interrupt(&mut self) -> Result<Vec<(PhaseName, u32)>, Error> {
        let latest = self.record.latest_time();
        let running = self.record.running_attempts();
        let interrupted = Some(FailureCause::Interrupted);
        let reports =
            running.map(|running| running.as_of(latest, PhaseStatus::Failed, interrupted, self.record.rejected_by(running)));
        let reports = reports.collect::<Vec<_>>();
        let interrupted = reports.iter().map(|report| (report.phase().clone(), report.attempt())).collect();
        for report in reports {
            self.happen(&Event::PhaseEnded { report, error: None }, |_| {})?;
        }
        Ok(interrupted)
    }

    fn end(&mut self, mut ending: Ending) -> Result<PhaseReport, Error> {
        if self.rejects.is_some() {
            self.keep_rejected(&mut ending)?;
        }
        let (event, report) = self.ended(ending)?;
        self.happen(&event, Meter::end)?;
        if self.rejects.is_some() {
            self.settle_rejected(&event);
        }
        Ok(report)
    }

    /// The event with which the running phase ends, and the report in it. Nothing counts any more until it is known whether the event
    /// was recorded.
    ///
    /// # Errors
    ///
    /// [`Error::NotAsExpected`] if it can therefore not complete, and counts again.
    fn ended(&mut self, ending: Ending) -> Result<(Event, PhaseReport), Error> {
        let running = self.record.running("end")?;
        let (phase, attempt) = (running.phase.clone(), Some(running.attempt));
        self.meter.close();
        let failure = ending.error.clone();
        let mut report = self.report(running, ending);
        if self.expected.is_some() {
            report = self.as_expected(report)?;
        }
        let error = failure.map(|error| ErrorRecord { phase, attempt, time: report.end_time(), error, ended: true });
        Ok((Event::PhaseEnded { report: report.clone(), error }, report))
    }

    /// Decide, append, apply, notify. `meter` moves the counters along with the record.
    fn happen(&mut self, event: &Event, meter: impl FnOnce(&mut Meter)) -> Result<(), Error> {
        self.happen_by(event, |journal, sequence| journal.append(sequence, event), meter)
    }

    /// The same for an event that is appended together with something else.
    fn happen_by(
        &mut self,
        event: &Event,
        append: impl FnOnce(&mut dyn Journal, u64) -> Result<(), JournalError>,
        meter: impl FnOnce(&mut Meter),
    ) -> Result<(), Error> {
        if self.branch.is_some() {
            return self.happen_beside(event, append, meter);
        }
        self.record.admits(event)?;
        let sequence = self.record.events();
        self.append_by(event, |journal| append(journal, sequence))?;
        self.happened(event, meter);
        Ok(())
    }

    /// Apply, notify: what follows once the journal has the event.
    fn happened(&mut self, event: &Event, meter: impl FnOnce(&mut Meter)) {
        self.follow(event, meter);
        self.notify(event);
    }

    #[inline]
    fn follow(&mut self, event: &Event, meter: impl FnOnce(&mut Meter)) {
        self.record.apply(event);
        meter(&mut self.meter);
        if let Event::PhaseEnded { report, .. } = event
            && report.status() == PhaseStatus::Completed
        {
            self.visited(report.phase());
        }
    }

    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), Error> {
        self.append_by(event, |journal| journal.append(sequence, event))
    }

    fn append_by(
        &mut self,
        event: &Event,
        append: impl FnOnce(&mut dyn Journal) -> Result<(), JournalError>,
    ) -> Result<(), Error> {
        let companions = self.companions.get_mut().unwrap_or_else(PoisonError::into_inner);
        companions.append(append).map_err(|source| self.not_recorded(event, source))
    }

    /// The refusal of an event by the journal, as an error of the call.
    pub(crate) fn not_recorded(&self, event: &Event, source: JournalError) -> Error {
        if source.is_ownership_lost() {
            self.stopper.stop_lost_run();
        }
        if let Event::PhaseEnded { .. } = event {
            self.meter.reopen();
        }
        let (event, run) = (event.name(), shown(self.record.name()));
        let refused = if source.is_in_doubt() {
            format!("it is not known whether the event `{event}` of run `{run}` was recorded; open the run again to find out")
        } else {
            format!("the event `{event}` of run `{run}` was not recorded, so it has not happened")
        };
        Error::Journal { refused, source }
    }

    /// Tells the observers that the phase, which has failed, is tried again after so long.
    pub(crate) fn pausing(&mut self, phase: &PhaseName, pause: Duration) {
        if pause.is_zero() {
            return;
        }
        if self.with_whole(|whole| whole.companions.observers.pausing(phase, pause)).is_none() {
            self.companions.get_mut().unwrap_or_else(PoisonError::into_inner).observers.pausing(phase, pause);
        }
    }

    fn notify(&mut self, event: &Event) {
        let companions = self.companions.get_mut().unwrap_or_else(PoisonError::into_inner);
        companions.notify(event, &self.record, || self.meter.reader());
    }
}
