//! Which of the rows that were rejected stand? Those of an attempt do until a later one does its work again.

use std::collections::BTreeMap;

use crate::journal::rejected_line::RowsFrom;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::RunRecord;
use crate::record::event::Event;
use crate::record::phase::PhaseRecord;
use crate::record::rejected::Rejected;

/// The rows of a run, by phase, and by part if they were rejected in one.
#[derive(Debug, Default)]
pub(crate) struct StandingRows {
    of_work: BTreeMap<(String, Option<String>), OfWork>,
    /// In which attempt each phase was divided last.
    divided_in: BTreeMap<String, u32>,
}

/// How many rows of each attempt stand, as the first ones of those that it has rejected.
#[derive(Debug, Default)]
struct OfWork {
    attempts: Vec<OfAttempt>,
    /// The latest attempt.
    latest: OfAttempt,
    /// Whether it went on from the rows of an earlier one.
    goes_on: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct OfAttempt {
    attempt: u32,
    /// Of those who had a part in the attempt; 0 where there are no parts.
    claim: u32,
    /// At which visit of the phase.
    visit: u32,
    rows: u64,
    /// So many of them had been rejected at the checkpoint from which a later attempt can go on.
    at_checkpoint: u64,
}

/// What of a part stands in the attempt that registers it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Stands {
    Whole,
    UpToCheckpoint,
    Nothing,
}

impl StandingRows {
    /// Those of a run that consists of these events.
    pub(crate) fn of(events: &[Event]) -> Self {
        let mut standing = StandingRows::default();
        let Some((Event::RunBegan(beginning), later)) = events.split_first() else { return standing };
        let mut record = RunRecord::begin(beginning.clone());
        for event in later {
            match event {
                Event::PhaseStarted { phase, attempt, visit, .. } => {
                    let has_checkpoint = record.phase(phase.as_str()).and_then(PhaseRecord::checkpoint).is_some();
                    standing.start(phase.as_str(), *attempt, *visit, has_checkpoint);
                    record.apply(event);
                }
                Event::PartsRegistered { phase, attempt, .. } => {
                    record.apply(event);
                    standing.divide(phase, *attempt, &record);
                }
                _ => {
                    standing.happened(event);
                    record.apply(event);
                }
            }
        }
        standing
    }

    /// Another attempt does again what those at this visit did, and at later ones; up to the checkpoint, if there is one, it may not.
    /// What it does with parts is known once it has some.
    pub(crate) fn start(&mut self, phase: &str, attempt: u32, visit: u32, has_checkpoint: bool) {
        let of_phase = self.of_work.entry((phase.to_owned(), None)).or_default();
        of_phase.leave(visit, if has_checkpoint { Stands::UpToCheckpoint } else { Stands::Nothing });
        of_phase.start(OfAttempt { attempt, visit, ..OfAttempt::default() });
    }

    /// The running attempt was divided into the parts that are in the record. Those that have completed are not done again.
    pub(crate) fn divide(&mut self, phase: &PhaseName, attempt: u32, record: &RunRecord) {
        let visit = self.visit(phase.as_str());
        let record = record.phase(phase.as_str());
        for (part, of_part) in self.parts_of(phase.as_str()) {
            let stands = match record.and_then(|record| record.part(part)) {
                Some(part) if part.status() == PhaseStatus::Completed => Stands::Whole,
                Some(part) if part.checkpoint.is_some() => Stands::UpToCheckpoint,
                _ => Stands::Nothing,
            };
            of_part.leave(visit, stands);
        }
        self.divided_in.insert(phase.to_string(), attempt);
    }

    /// A checkpoint or an end of the latest attempt at a phase, or of a part of it.
    pub(crate) fn happened(&mut self, event: &Event) {
        match event {
            Event::Checkpointed { phase, rejected, .. } => {
                if let Some(of_phase) = self.of_work.get_mut(&(phase.to_string(), None)) {
                    of_phase.checkpoint(rejected.as_deref().unwrap_or(Rejected::NOTHING));
                }
            }
            Event::PartCheckpointed { phase, attempt, part, claim, rejected, .. } => {
                self.part(phase, part, *attempt, *claim).checkpoint(rejected.as_deref().unwrap_or(Rejected::NOTHING));
            }
            Event::PartEnded { phase, attempt, part, claim, .. } => {
                self.part(phase, part.name(), *attempt, *claim).end(part.rejected(), part.status());
            }
            Event::PhaseEnded { report, .. } => {
                let phase = report.phase().as_str();
                if report.status() == PhaseStatus::Completed && self.divided_in.get(phase) != Some(&report.attempt()) {
                    let visit = self.visit(phase);
                    self.parts_of(phase).for_each(|(_, of_part)| of_part.leave(visit, Stands::Nothing));
                }
                if let Some(of_phase) = self.of_work.get_mut(&(phase.to_owned(), None)) {
                    of_phase.end(report.rejected(), report.status());
                }
            }
            _ => {}
        }
    }

    /// How many of these rows stand.
    pub(crate) fn rows(&self, from: &RowsFrom) -> u64 {
        let of_work = self.of_work.get(&(from.phase.clone(), from.part.clone()));
        let known = of_work.and_then(|of_work| of_work.attempts.iter().find(|known| known.is_of(from.attempt, from.claim)));
        known.map_or(0, |known| known.rows)
    }

    /// All that have rows which stand.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = (RowsFrom, u64)> {
        self.of_work.iter().flat_map(|((phase, part), of_work)| {
            let standing = of_work.attempts.iter().filter(|known| known.rows > 0);
            standing.map(|known| {
                let from = RowsFrom { phase: phase.clone(), attempt: known.attempt, part: part.clone(), claim: known.claim };
                (from, known.rows)
            })
        })
    }

    /// At which visit the latest attempt at the phase is.
    fn visit(&self, phase: &str) -> u32 {
        self.of_work.get(&(phase.to_owned(), None)).map_or(1, |of_phase| of_phase.latest.visit)
    }

    fn parts_of(&mut self, phase: &str) -> impl Iterator<Item = (&str, &mut OfWork)> {
        let of_parts = self.of_work.iter_mut().filter(move |((of_phase, _), _)| of_phase == phase);
        of_parts.filter_map(|((_, part), of_part)| Some((part.as_deref()?, of_part)))
    }

    /// The part, in the hands of this one.
    fn part(&mut self, phase: &PhaseName, part: &str, attempt: u32, claim: u32) -> &mut OfWork {
        let visit = self.visit(phase.as_str());
        let of_part = self.of_work.entry((phase.to_string(), Some(part.to_owned()))).or_default();
        if !of_part.latest.is_of(attempt, claim) {
            of_part.start(OfAttempt { attempt, claim, visit, ..OfAttempt::default() });
        }
        of_part
    }
}

impl OfWork {
    fn start(&mut self, attempt: OfAttempt) {
        self.latest = attempt;
        self.goes_on = false;
    }

    /// So much is left of what was rejected at this visit, and at later ones.
    fn leave(&mut self, visit: u32, stands: Stands) {
        for known in self.attempts.iter_mut().filter(|known| known.visit >= visit) {
            match stands {
                Stands::Whole => {}
                Stands::UpToCheckpoint => known.rows = known.at_checkpoint,
                Stands::Nothing => known.rows = 0,
            }
        }
    }

    fn checkpoint(&mut self, news: &Rejected) {
        self.latest.rows += news.own();
        self.latest.at_checkpoint = self.latest.rows;
        self.goes_on |= news.taken_up() > 0;
        self.replace();
    }

    fn end(&mut self, rejected: &Rejected, status: PhaseStatus) {
        self.latest.rows = rejected.own();
        self.goes_on = rejected.taken_up() > 0;
        if status == PhaseStatus::Completed {
            self.latest.at_checkpoint = 0;
            self.replace();
        } else {
            let OfWork { attempts, latest, .. } = self;
            attempts.retain(|known| !known.is_of(latest.attempt, latest.claim));
            attempts.push(*latest);
        }
    }

    /// Puts the latest attempt in place of the earlier ones, unless it went on from them.
    fn replace(&mut self) {
        let OfWork { attempts, latest, goes_on } = self;
        attempts.retain(|known| !known.is_of(latest.attempt, latest.claim) && (*goes_on || known.visit < latest.visit));
        attempts.push(*latest);
    }
}

impl OfAttempt {
    fn is_of(&self, attempt: u32, claim: u32) -> bool {
        (self.attempt, self.claim) == (attempt, claim)
    }
}
