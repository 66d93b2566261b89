//! How does an event change the record? Whether it may is asked first, and then it cannot fail.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::counting::counters::Tally;
use crate::pipeline::by_name::ByName;
use crate::pipeline::order::{Order, Relation};
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::pipeline::shape::PipelineShape;
use crate::record::attempt::{FailureCause, PhaseReport};
use crate::record::clock::Timestamp;
use crate::record::error::{ErrorRecord, RecordedError};
use crate::record::event::{Beginning, Event};
use crate::record::part::{PartCheckpoint, PartRecord};
use crate::record::phase::{Checkpoint, PhaseRecord};
use crate::record::rejected::Rejected;
use crate::record::running::{Running, RunningAttempts};
use crate::record::steps::Steps;
use crate::record::{Errors, NotAdmitted, RunRecord};

/// The details of so many errors of a phase are kept in memory; a journal has them all.
const ERRORS_KEPT: u64 = 1_000;

/// So many phases are gone through one by one; nearly all runs have fewer.
const FEW: usize = 16;

impl RunRecord {
    /// A run that has just begun.
    pub(crate) fn begin(beginning: Beginning) -> Self {
        RunRecord {
            latest: beginning.time,
            order: beginning.pipeline.as_ref().and_then(Order::of).map(Arc::new),
            finally: beginning.pipeline.as_ref().and_then(PipelineShape::finally),
            pipeline: beginning.pipeline.clone(),
            parameters: beginning.parameters.clone(),
            beginning,
            events: 1,
            phases: ByName::default(),
            up_to_date: BTreeSet::new(),
            running: RunningAttempts::default(),
            ended: None,
            steps: Steps::default(),
            stopped: false,
            errors: Vec::new(),
            error_count: 0,
            errors_by_phase: ByName::default(),
        }
    }

    /// The record that events add up to: the same fold that the live run goes through.
    ///
    /// `None` unless they begin with [`Event::RunBegan`] and each can follow the ones before it.
    pub fn replay<'e>(events: impl IntoIterator<Item = &'e Event>) -> Option<RunRecord> {
        let mut events = events.into_iter();
        let Event::RunBegan(beginning) = events.next()? else { return None };
        let mut record = RunRecord::begin(beginning.clone());
        for event in events {
            record.admits(event).ok()?;
            record.apply(event);
        }
        Some(record)
    }

    /// Whether the event can happen now.
    ///
    /// # Errors
    ///
    /// The error of the mistake that the event would be.
    pub(crate) fn admits(&self, event: &Event) -> Result<(), NotAdmitted> {
        let is_running = |phase: &PhaseName, attempt: u32| {
            let running = self.running.of(phase);
            running.is_some_and(|running| running.attempt == attempt)
        };
        let fits = match event {
            Event::RunBegan(_) => false,
            Event::StatusSet { .. } | Event::ErrorRecorded { .. } | Event::ParametersChanged { .. } => true,
            Event::PipelineChanged { .. } | Event::RunStopped { .. } => self.current().is_none(),
            Event::PhaseStarted { phase, attempt, .. } => {
                self.nothing_in_the_way_of(phase)?;
                *attempt == self.next_attempt(phase)
            }
            Event::Checkpointed { phase, attempt, .. } => is_running(phase, *attempt),
            Event::PartsRegistered { phase, attempt, .. } => {
                is_running(phase, *attempt)
                    && self.phase(phase.as_str()).is_some_and(|phase| phase.parts_registered() != Some(*attempt))
            }
            Event::PartCheckpointed { phase, attempt, part, .. } => {
                is_running(phase, *attempt) && self.is_open_part(phase, *attempt, part)
            }
            Event::PartEnded { phase, attempt, part, .. } => {
                part.status.is_end() && is_running(phase, *attempt) && self.is_open_part(phase, *attempt, &part.name)
            }
            Event::PhaseEnded { report, .. } => report.status().is_end() && is_running(report.phase(), report.attempt()),
        };
        // The engine makes events from the record, so one that does not fit can only come from a damaged journal.
        if fits { Ok(()) } else { Err(self.none_in_progress(event.name())) }
    }

    /// The part was registered in this attempt and has not ended.
    fn is_open_part(&self, phase: &PhaseName, attempt: u32, part: &str) -> bool {
        let phase = self.phase(phase.as_str()).filter(|phase| phase.parts_registered() == Some(attempt));
        phase.and_then(|phase| phase.part(part)).is_some_and(|known| known.status == PhaseStatus::Pending)
    }

    /// The phase can run beside those that are running: neither leads to the other.
    fn nothing_in_the_way_of(&self, phase: &PhaseName) -> Result<(), NotAdmitted> {
        let Some(order) = self.order.as_ref().filter(|_| self.current().is_some()) else { return self.at_rest(phase) };
        let around = order.around(phase);
        let in_the_way = |running: &&PhaseName| *running == phase || around(running) != Relation::Apart;
        match self.running_phases().find(in_the_way) {
            Some(running) => Err(NotAdmitted::AlreadyInProgress { running: running.clone(), asked: phase.clone() }),
            None => Ok(()),
        }
    }

    /// Makes the event true.
    pub(crate) fn apply(&mut self, event: &Event) {
        self.events += 1;
        self.latest = event.time();
        match event {
            // A run begins once, and its record with it.
            Event::RunBegan(_) => {}
            Event::PipelineChanged { pipeline, .. } => {
                self.order = Order::of(pipeline).map(Arc::new);
                self.finally = pipeline.finally();
                self.pipeline = Some(pipeline.clone());
            }
            Event::ParametersChanged { parameters, .. } => self.parameters = parameters.clone(),
            Event::RunStopped { .. } => self.stopped = true,
            Event::PhaseStarted { phase, attempt, visit, totals, time } => self.start(phase, *attempt, *visit, totals, *time),
            Event::Checkpointed { phase, attempt, cursor, counts, carried, rejected, .. } => {
                let rejected = self.rejected_by_now(phase, *attempt, rejected.as_ref());
                self.phase_mut(phase).checkpointed(Checkpoint {
                    cursor: Arc::clone(cursor),
                    counts: counts.clone(),
                    rejected,
                    attempt: *attempt,
                });
                self.checkpoint(phase, counts, carried.as_ref());
            }
            Event::PartsRegistered { phase, attempt, parts, .. } => self.phase_mut(phase).register_parts(*attempt, parts),
            Event::PartCheckpointed { phase, attempt, part, claim, cursor, counts, carried, rejected, errors, time } => {
                self.record_errors_of_part(phase, *attempt, part, errors, *time);
                let checkpoint = PartCheckpoint {
                    cursor: Arc::clone(cursor),
                    counts: counts.clone(),
                    carried: carried.as_deref().cloned(),
                    rejected: rejected.clone(),
                    attempt: *attempt,
                    claim: *claim,
                };
                self.phase_mut(phase).checkpoint_part(part, checkpoint);
            }
            Event::PartEnded { phase, attempt, part, errors, time, .. } => {
                self.record_errors_of_part(phase, *attempt, &part.name, errors, *time);
                self.end_part(phase, *attempt, part, *time);
            }
            Event::StatusSet { phase, status, time } => self.phase_mut(phase).override_status(*status, *time),
            Event::ErrorRecorded { error } => self.record_error(error),
            Event::PhaseEnded { report, error } => self.end(report, error.as_ref()),
        }
    }

    fn start(&mut self, phase: &PhaseName, attempt: u32, visit: u32, totals: &Tally, started: Timestamp) {
        let index = self.index_of(phase);
        if self.is_finally(phase) {
            self.phases[index].start(self.events);
        } else {
            self.start_step(index, visit);
        }
        let (phase, totals) = (phase.clone(), totals.clone());
        self.running.start(Running { index, phase, attempt, started, counts: None, carried: None, totals });
    }

    /// The run goes on.
    #[inline]
    fn start_step(&mut self, index: usize, visit: u32) {
        self.stopped = false;
        if let Some(order) = &self.order {
            let order = Arc::clone(order);
            self.start_in(&order, index, visit);
        } else {
            self.steps.start(index, visit, |_| true);
            self.phases[index].start(self.events);
            self.outdate_after(index);
        }
    }

    /// What worked from the phase is outdated: it comes behind the phase in the pipeline, and not merely later.
    fn start_in(&mut self, order: &Order, index: usize, visit: u32) {
        let around = order.around(self.phases[index].name());
        let is_behind = |place: usize, phase: &PhaseRecord| match around(phase.name()) {
            Relation::Behind => true,
            // In a loop each comes behind the other, so that the order counts in which they were first mentioned.
            Relation::Around => place > index,
            Relation::Before | Relation::Apart => false,
        };
        self.steps.start(index, visit, |place| is_behind(place, &self.phases[place]));
        self.phases[index].start(self.events);
        let behind = self.phases.iter_mut().enumerate().filter(|(place, phase)| is_behind(*place, phase));
        behind.for_each(|(_, phase)| phase.outdate());
    }

    fn checkpoint(&mut self, phase: &PhaseName, counts: &Tally, carried: Option<&Tally>) {
        if let Some(running) = self.running.of_mut(phase) {
            running.counts = Some(counts.clone());
            running.carried = carried.cloned();
        }
    }

    /// What the attempt has rejected, with what its checkpoint says that is new.
    fn rejected_by_now(&self, phase: &PhaseName, attempt: u32, news: Option<&Arc<Rejected>>) -> Option<Arc<Rejected>> {
        let before = self.phase(phase.as_str()).and_then(|phase| phase.rejected_by(attempt));
        let Some(news) = news else { return before.cloned() };
        let mut rejected = before.map(|before| (**before).clone()).unwrap_or_default();
        rejected.merge(news);
        Some(Arc::new(rejected))
    }

    fn end_part(&mut self, phase: &PhaseName, attempt: u32, part: &PartRecord, time: Timestamp) {
        self.phase_mut(phase).end_part(PartRecord { attempt: Some(attempt), ended: Some(time), ..part.clone() });
        self.record_errors_of_part(phase, attempt, &part.name, part.error.as_slice(), time);
    }

    fn record_errors_of_part(&mut self, phase: &PhaseName, attempt: u32, part: &str, errors: &[RecordedError], time: Timestamp) {
        for error in errors {
            let error = error.of_part(part);
            self.record_error(&ErrorRecord { phase: phase.clone(), attempt: Some(attempt), time, error, ended: false });
        }
    }

    fn record_error(&mut self, error: &ErrorRecord) {
        self.error_count += 1;
        let known = self.errors_by_phase.place_of(error.phase());
        let place = known.unwrap_or_else(|| self.errors_by_phase.push((error.phase().clone(), Errors::default())));
        let (_, errors) = &mut self.errors_by_phase[place];
        errors.count += 1;
        if errors.count <= ERRORS_KEPT {
            errors.kept.push(self.errors.len());
            self.errors.push(error.clone());
        }
        if let Some(index) = self.phases.place_of(error.phase()) {
            self.phases[index].count_error();
        }
    }

    fn end(&mut self, report: &PhaseReport, error: Option<&ErrorRecord>) {
        let index = self.running.end(report.phase()).unwrap_or_else(|| self.index_of(report.phase()));
        self.phases[index].end(self.events, report);
        let was_stopped = report.cause() == Some(FailureCause::Stopped);
        if !self.is_finally(report.phase()) {
            self.steps.end(index, report);
            self.stopped |= was_stopped;
            self.ended = Some(index);
        }
        if let Some(error) = error.filter(|_| !was_stopped) {
            self.record_error(error);
        }
    }

    /// Keeps of each phase no more than its latest report, and no details of errors.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(super) fn forget_history(&mut self) {
        self.errors.clear();
        self.steps = Steps::default();
        self.phases.iter_mut().for_each(PhaseRecord::forget_history);
    }

    fn phase_mut(&mut self, name: &PhaseName) -> &mut PhaseRecord {
        let index = self.index_of(name);
        &mut self.phases[index]
    }

    /// Where the phase is kept; a new one is added.
    pub(super) fn index_of(&mut self, name: &PhaseName) -> usize {
        self.phases.place_of(name).unwrap_or_else(|| {
            let index = self.phases.push(PhaseRecord::new(name.clone()));
            if index >= FEW {
                self.up_to_date.insert(index);
            }
            index
        })
    }

    /// What comes after the phase, which starts, is outdated. Where that is more than a few, those are left alone that are already.
    fn outdate_after(&mut self, index: usize) {
        if self.phases.len() <= FEW {
            return self.phases[index + 1..].iter_mut().for_each(PhaseRecord::outdate);
        }
        self.phases[FEW.min(index + 1)..FEW].iter_mut().for_each(PhaseRecord::outdate);
        for later in self.up_to_date.split_off(&(index + 1)) {
            self.phases[later].outdate();
        }
        if index >= FEW {
            self.up_to_date.insert(index);
        }
    }
}
