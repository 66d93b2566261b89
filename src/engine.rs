//! Who moves the run? The engine alone owns record, journal, observers and counters, and every move goes the same way:
//! decide whether it is legal, append it to the journal, apply it to the record, notify the observers. Until the journal has
//! taken an event, nothing has changed.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde::Serialize;
use serde_json::Value;

use crate::clock::{Clock, Timestamp};
use crate::counters::{CounterValues, Tally};
use crate::error::Error;
use crate::event::Event;
use crate::journal::Journal;
use crate::lossless_json;
use crate::observe::{Observation, Observers};
use crate::phase::{PhaseName, PhaseStatus};
use crate::pipeline::PipelineTable;
use crate::progress::Meter;
use crate::record::{PhaseRecord, RunRecord, Running};
use crate::recorded_error::{ErrorRecord, RecordedError};
use crate::report::{Attempt, FailureCause, PhaseReport};
use crate::result::{Checked, Dictionary, ResultFault};
use crate::run_id::RunId;

/// How an attempt ends: with which status, why, and with what.
struct Ending {
    status: PhaseStatus,
    cause: Option<FailureCause>,
    result: Option<Dictionary>,
    error: Option<RecordedError>,
}

#[derive(Debug)]
pub(crate) struct Engine {
    record: RunRecord,
    clock: Clock,
    pub(crate) meter: Meter,
    pub(crate) pipeline: Option<&'static PipelineTable>,
    /// Behind a mutex only so that a context can be shared between threads; it is never locked.
    companions: Mutex<Companions>,
}

#[derive(Default)]
pub(crate) struct Companions {
    pub(crate) journal: Option<Box<dyn Journal>>,
    pub(crate) observers: Observers,
}

impl std::fmt::Debug for Companions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Companions").field("observers", &self.observers).finish_non_exhaustive()
    }
}

impl Engine {
    /// A run that nobody remembers or watches: this cannot fail.
    pub(crate) fn new(name: Arc<str>, pipeline: Option<&'static PipelineTable>) -> Self {
        let clock = Clock::start();
        let time = clock.now();
        Engine {
            record: RunRecord::begin(RunId::new(time), name, time),
            clock,
            meter: Meter::idle(),
            pipeline,
            companions: Mutex::default(),
        }
    }

    /// A run with a journal and observers, which are told that it begins.
    pub(crate) fn begin(name: Arc<str>, pipeline: Option<&'static PipelineTable>, companions: Companions) -> Result<Self, Error> {
        let mut engine = Engine::new(Arc::clone(&name), pipeline);
        engine.companions = Mutex::new(companions);
        let began = Event::RunBegan { run: engine.record.run_id(), name, time: engine.record.start_time() };
        engine.append(0, &began)?;
        engine.notify(&began);
        Ok(engine)
    }

    pub(crate) fn record(&self) -> &RunRecord {
        &self.record
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// How often observers failed.
    pub(crate) fn observer_failures(&self) -> u64 {
        self.companions.lock().unwrap_or_else(PoisonError::into_inner).observers.failures()
    }

    pub(crate) fn start(&mut self, phase: PhaseName, names: &'static [&'static str], totals: CounterValues) -> Result<(), Error> {
        let attempt = self.record.phase(phase.as_str()).map_or(1, PhaseRecord::next_attempt);
        let time = self.clock.now();
        self.happen(&Event::PhaseStarted { phase, attempt, totals: Tally::new(names, totals), time }, |meter| {
            meter.start(names, &totals);
        })
    }

    /// Ends the running phase as completed, by a method that says so: a result that says otherwise is refused.
    pub(crate) fn complete(&mut self, result: impl FnOnce() -> Checked) -> Result<PhaseReport, Error> {
        let result = self.checked_result("complete", result)?;
        match said_status(result.as_ref())? {
            Some(PhaseStatus::Failed) => Err(Error::invalid_status("failed", &[PhaseStatus::Completed])),
            _ => self.end(Ending { status: PhaseStatus::Completed, cause: None, result, error: None }),
        }
    }

    /// Ends the running phase with the status that its result says, or else the one that was set meanwhile.
    pub(crate) fn end_as_said(&mut self, result: impl FnOnce() -> Checked) -> Result<PhaseReport, Error> {
        let result = self.checked_result("end_phase", result)?;
        let said = said_status(result.as_ref())?;
        let status = said.unwrap_or_else(|| self.status_without_word());
        let cause = (status == PhaseStatus::Failed).then_some(FailureCause::Status);
        self.end(Ending { status, cause, result, error: None })
    }

    /// Records the error and ends the running phase as failed, in one event.
    pub(crate) fn fail(&mut self, error: RecordedError) -> Result<PhaseReport, Error> {
        self.end(Ending { status: PhaseStatus::Failed, cause: Some(FailureCause::Error), result: None, error: Some(error) })
    }

    /// Records an error under a phase, running or not.
    pub(crate) fn record_error(&mut self, phase: PhaseName, error: RecordedError) -> Result<(), Error> {
        let running = self.record.running("").ok().filter(|running| running.phase == phase);
        let ended = || self.record.phase(phase.as_str()).and_then(PhaseRecord::latest_report).map(PhaseReport::attempt);
        let attempt = running.map(|running| running.attempt).or_else(ended);
        let error = ErrorRecord { phase, attempt, time: self.clock.now(), error };
        self.happen(&Event::ErrorRecorded { error }, |_| {})
    }

    pub(crate) fn set_status(&mut self, phase: PhaseName, status: PhaseStatus) -> Result<(), Error> {
        let time = self.clock.now();
        self.happen(&Event::StatusSet { phase, status, time }, |_| {})
    }

    pub(crate) fn checkpoint<C: Serialize + ?Sized>(&mut self, cursor: &C) -> Result<(), Error> {
        let running = self.record.running("checkpoint")?;
        let (phase, attempt) = (running.phase.clone(), running.attempt);
        let cursor = lossless_json::to_value(cursor).map_err(|reason| Error::NotSerializable {
            phase: phase.clone(),
            what: "the checkpoint",
            reason,
        })?;
        let (counts, time) = (self.meter.counts(), self.clock.now());
        self.happen(&Event::Checkpointed { phase, attempt, cursor: Arc::new(cursor), counts, time }, |_| {})
    }

    /// A phase is running, and its result is a dictionary or nothing; checked in this order.
    fn checked_result(&self, asked: &'static str, result: impl FnOnce() -> Checked) -> Result<Option<Dictionary>, Error> {
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

    fn end(&mut self, ending: Ending) -> Result<PhaseReport, Error> {
        let running = self.record.running("end")?;
        let (phase, attempt) = (running.phase.clone(), Some(running.attempt));
        let report = self.report(running, ending.status, ending.cause, ending.result);
        let error = ending.error.map(|error| ErrorRecord { phase, attempt, time: report.end_time(), error });
        self.happen(&Event::PhaseEnded { report: report.clone(), error }, |meter| meter.end())?;
        Ok(report)
    }

    /// What would be reported of the running attempt if it ended now.
    pub(crate) fn running_report(&self) -> Option<PhaseReport> {
        let running = self.record.running("").ok()?;
        Some(self.report(running, PhaseStatus::Running, None, None))
    }

    fn report(
        &self,
        running: &Running,
        status: PhaseStatus,
        cause: Option<FailureCause>,
        result: Option<Dictionary>,
    ) -> PhaseReport {
        let ended = self.clock.now();
        PhaseReport::new(Attempt {
            phase: running.phase.clone(),
            number: running.attempt,
            status,
            cause,
            started: running.started,
            ended,
            microseconds: ended.microseconds_since(running.started),
            counts: self.meter.counts(),
            totals: self.meter.totals(),
            result,
        })
    }

    /// Decide, append, apply, notify. `meter` moves the counters along with the record.
    fn happen(&mut self, event: &Event, meter: impl FnOnce(&mut Meter)) -> Result<(), Error> {
        self.record.admits(event)?;
        self.append(self.record.events(), event)?;
        self.record.apply(event);
        meter(&mut self.meter);
        self.notify(event);
        Ok(())
    }

    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), Error> {
        let companions = self.companions.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Some(journal) = &mut companions.journal else { return Ok(()) };
        journal.append(sequence, event).map_err(|source| Error::Journal {
            event: event.name(),
            run: self.record.name().to_owned(),
            source,
        })
    }

    fn notify(&mut self, event: &Event) {
        let companions = self.companions.get_mut().unwrap_or_else(PoisonError::into_inner);
        if companions.observers.is_empty() {
            return;
        }
        let progress = self.meter.reader();
        companions.observers.notify(event, &Observation { record: &self.record, progress: &progress });
    }
}

/// The status that a result says; `None` if it says none.
fn said_status(result: Option<&Dictionary>) -> Result<Option<PhaseStatus>, Error> {
    const SAYABLE: [PhaseStatus; 2] = [PhaseStatus::Completed, PhaseStatus::Failed];
    match result.and_then(|result| result.get("status")) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(word)) => match word.parse() {
            Ok(status) if SAYABLE.contains(&status) => Ok(Some(status)),
            _ => Err(Error::invalid_status(word, &SAYABLE)),
        },
        Some(other) => Err(Error::invalid_status(&other.to_string(), &SAYABLE)),
    }
}

/// A run that is dropped while a phase is running leaves that phase as failed, and says why.
impl Drop for Engine {
    fn drop(&mut self) {
        if self.record.current_phase().is_none() {
            return;
        }
        let cause = if thread::panicking() { FailureCause::Panicked } else { FailureCause::Abandoned };
        // If the journal cannot take it, there is nobody left to tell.
        let _ = self.end(Ending { status: PhaseStatus::Failed, cause: Some(cause), result: None, error: None });
    }
}
