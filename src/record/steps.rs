//! What was done already, for a process that goes on with a run? Steps: each a visit of a phase, in the order in which they came.
//!
//! A pipeline may come to a phase more than once. The first visit of a process stands for the first step of the phase, the second
//! for the second, and so on; so a loop goes on in the round in which it was.

use crate::pipeline::phase::PhaseStatus;
use crate::record::attempt::PhaseReport;

#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Steps {
    steps: Vec<Step>,
    /// How many of them are visits of each phase, by its index.
    visits: Vec<u32>,
}

/// One visit of a phase: an attempt, and those that followed because it failed.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    /// The index of the phase.
    phase: usize,
    /// Which visit of a process, from 1.
    visit: u32,
    /// The report of the attempt that completed.
    report: Option<PhaseReport>,
}

impl Steps {
    /// An attempt starts. Whatever came after an earlier attempt at the same step worked from what is no more.
    pub(super) fn start(&mut self, phase: usize, visit: u32) {
        if self.visits.len() <= phase {
            self.visits.resize(phase + 1, 0);
        }
        // Of a visit that is new there is nothing to search for.
        if visit <= self.visits[phase] {
            let known = self.steps.iter().rposition(|step| step.phase == phase && step.visit == visit);
            for step in self.steps.drain(known.unwrap_or(self.steps.len())..) {
                self.visits[step.phase] -= 1;
            }
        }
        self.visits[phase] += 1;
        self.steps.push(Step { phase, visit, report: None });
    }

    /// The attempt that started last ends.
    pub(super) fn end(&mut self, report: &PhaseReport) {
        if let Some(step) = self.steps.last_mut() {
            step.report = (report.status() == PhaseStatus::Completed).then(|| report.clone());
        }
    }

    /// Where this visit of the phase stands among the steps from `first` on, and its report, if it has completed.
    pub(super) fn completed(&self, phase: usize, visit: u32, first: usize) -> Option<(usize, &PhaseReport)> {
        let mut steps = self.steps.iter().enumerate().skip(first);
        let (index, step) = steps.find(|(_, step)| step.phase == phase && step.visit == visit)?;
        Some((index, step.report.as_ref()?))
    }

    /// Whether this is the latest visit of the phase.
    pub(super) fn is_latest(&self, phase: usize, visit: u32) -> bool {
        self.visits.get(phase) == Some(&visit)
    }
}
