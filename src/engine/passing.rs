//! What need a process not do again that goes on with a run? It goes past what earlier ones completed, step by step, until it comes
//! to something that has to run.

use crate::engine::{Engine, Passed};
use crate::pipeline::phase::PhaseName;
use crate::pipeline::position::Position;
use crate::record::attempt::PhaseReport;

impl Engine {
    /// Where the run stands, for this process.
    pub(crate) fn position(&self) -> Position {
        self.passed.as_ref().map_or_else(|| self.record.position(), |passed| passed.position.clone())
    }

    /// The report of a phase that an earlier process completed at the visit to which this one has come, if nothing has run since
    /// that could have changed what it worked from.
    pub(crate) fn completed_earlier(&self, phase: &PhaseName) -> Option<&PhaseReport> {
        let passed = self.passed.as_ref()?;
        self.record.completed_visit(phase, self.visit(phase), passed.steps).map(|(_, report)| report)
    }

    /// Goes past a phase that an earlier process completed.
    pub(crate) fn go_past(&mut self, phase: &PhaseName) {
        let visit = self.visit(phase);
        let first = self.passed.as_ref().map_or(0, |passed| passed.steps);
        if let Some((step, _)) = self.record.completed_visit(phase, visit, first) {
            self.passed = Some(Passed { position: Position::Completed(phase.clone()), steps: step + 1 });
        }
        self.visited(phase);
    }

    /// Which visit of the phase this is, or will be.
    pub(super) fn visit(&self, phase: &PhaseName) -> u32 {
        self.visits.place_of(phase).map_or(1, |place| self.visits[place].1.saturating_add(1))
    }

    /// Another branch has come to the phase so often.
    pub(super) fn visited_at_least(&mut self, phase: &PhaseName, visits: u32) {
        while self.visit(phase) <= visits {
            self.visited(phase);
        }
    }

    pub(super) fn visited(&mut self, phase: &PhaseName) {
        let place = self.visits.place_of(phase).unwrap_or_else(|| self.visits.push((phase.clone(), 0)));
        let (_, visits) = &mut self.visits[place];
        *visits = visits.saturating_add(1);
    }
}
