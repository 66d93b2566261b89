//! Which of the rows that were rejected stand? Those of an attempt do until a later one does its work again.

use std::collections::BTreeMap;

use crate::pipeline::phase::PhaseStatus;
use crate::record::RunRecord;
use crate::record::event::Event;
use crate::record::phase::PhaseRecord;
use crate::record::rejected::Rejected;

/// The rows of a run, by phase.
#[derive(Debug, Default)]
pub(crate) struct StandingRows(BTreeMap<String, OfPhase>);

/// How many rows of each attempt stand, as the first ones of those that it has rejected.
#[derive(Debug, Default)]
struct OfPhase {
    attempts: Vec<OfAttempt>,
    /// The latest attempt.
    latest: OfAttempt,
    /// Whether it went on from the rows of an earlier one.
    goes_on: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct OfAttempt {
    attempt: u32,
    /// At which visit of the phase.
    visit: u32,
    rows: u64,
    /// So many of them had been rejected at the checkpoint from which a later attempt can go on.
    at_checkpoint: u64,
}

impl StandingRows {
    /// Those of a run that consists of these events.
    pub(crate) fn of(events: &[Event]) -> Self {
        let mut standing = StandingRows::default();
        let Some((Event::RunBegan(beginning), later)) = events.split_first() else { return standing };
        let mut record = RunRecord::begin(beginning.clone());
        for event in later {
            if let Event::PhaseStarted { phase, attempt, visit, .. } = event {
                let has_checkpoint = record.phase(phase.as_str()).and_then(PhaseRecord::checkpoint).is_some();
                standing.start(phase.as_str(), *attempt, *visit, has_checkpoint);
            } else {
                standing.happened(event);
            }
            record.apply(event);
        }
        standing
    }

    /// Another attempt does again what those at this visit did, and at later ones; up to the checkpoint, if there is one, it may not.
    pub(crate) fn start(&mut self, phase: &str, attempt: u32, visit: u32, has_checkpoint: bool) {
        let of_phase = self.0.entry(phase.to_owned()).or_default();
        for known in of_phase.attempts.iter_mut().filter(|known| known.visit >= visit) {
            known.rows = if has_checkpoint { known.at_checkpoint } else { 0 };
        }
        of_phase.latest = OfAttempt { attempt, visit, rows: 0, at_checkpoint: 0 };
        of_phase.goes_on = false;
    }

    /// A checkpoint or an end of the latest attempt at a phase.
    pub(crate) fn happened(&mut self, event: &Event) {
        let Some(of_phase) = event.phase().and_then(|phase| self.0.get_mut(phase.as_str())) else { return };
        match event {
            Event::Checkpointed { rejected, .. } => of_phase.checkpoint(rejected.as_deref().unwrap_or(Rejected::NOTHING)),
            Event::PhaseEnded { report, .. } => of_phase.end(report.rejected(), report.status()),
            _ => {}
        }
    }

    /// How many rows of the attempt stand.
    pub(crate) fn rows(&self, phase: &str, attempt: u32) -> u64 {
        let known = self.0.get(phase).and_then(|of_phase| of_phase.attempts.iter().find(|known| known.attempt == attempt));
        known.map_or(0, |known| known.rows)
    }

    /// The attempts of which rows stand.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = ((String, u32), u64)> {
        let of_phase = |(phase, of_phase): (&String, &OfPhase)| {
            let phase = phase.clone();
            let attempts = of_phase.attempts.clone();
            attempts.into_iter().filter(|known| known.rows > 0).map(move |known| ((phase.clone(), known.attempt), known.rows))
        };
        self.0.iter().flat_map(of_phase)
    }
}

impl OfPhase {
    fn checkpoint(&mut self, news: &Rejected) {
        self.latest.rows += news.own();
        self.latest.at_checkpoint = self.latest.rows;
        self.goes_on |= news.carried() > 0;
        self.replace();
    }

    fn end(&mut self, rejected: &Rejected, status: PhaseStatus) {
        self.latest.rows = rejected.own();
        self.goes_on = rejected.carried() > 0;
        if status == PhaseStatus::Completed {
            self.latest.at_checkpoint = 0;
            self.replace();
        } else {
            self.attempts.retain(|known| known.attempt != self.latest.attempt);
            self.attempts.push(self.latest);
        }
    }

    /// Puts the latest attempt in place of the earlier ones, unless it went on from them.
    fn replace(&mut self) {
        let OfPhase { attempts, latest, goes_on } = self;
        attempts.retain(|known| known.attempt != latest.attempt && (*goes_on || known.visit < latest.visit));
        attempts.push(*latest);
    }
}
