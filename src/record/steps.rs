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
pub(super) struct Step {
    /// The index of the phase.
    phase: usize,
    /// Which visit of a process, from 1.
    visit: u32,
    /// The report of the attempt that completed.
    report: Option<PhaseReport>,
}

impl Steps {
    /// An attempt starts. Whatever came after an earlier attempt at the same step, and is behind its phase, worked from what is no more.
    pub(super) fn start(&mut self, phase: usize, visit: u32, is_behind: impl Fn(usize) -> bool) {
        if self.visits.len() <= phase {
            self.visits.resize(phase + 1, 0);
        }
        // Of a visit that is new there is nothing to search for.
        if visit <= self.visits[phase] {
            let known = self.steps.iter().rposition(|step| step.phase == phase && step.visit == visit);
            let later = self.steps.split_off(known.unwrap_or(self.steps.len()));
            for (place, step) in later.into_iter().enumerate() {
                if place == 0 || is_behind(step.phase) {
                    self.visits[step.phase] -= 1;
                } else {
                    self.steps.push(step);
                }
            }
        }
        self.visits[phase] += 1;
        self.steps.push(Step { phase, visit, report: None });
    }

    /// The attempt at the phase that started last ends.
    pub(super) fn end(&mut self, phase: usize, report: &PhaseReport) {
        if let Some(step) = self.steps.iter_mut().rfind(|step| step.phase == phase) {
            step.report = (report.status() == PhaseStatus::Completed).then(|| report.clone());
        }
    }

    /// The steps of one phase.
    pub(super) fn of(&self, phase: usize) -> Vec<Step> {
        self.steps.iter().filter(|step| step.phase == phase).cloned().collect()
    }

    /// Takes over the steps of a phase from another branch.
    pub(super) fn replace(&mut self, phase: usize, steps: Vec<Step>) {
        if self.visits.len() <= phase {
            self.visits.resize(phase + 1, 0);
        }
        self.visits[phase] = u32::try_from(steps.len()).unwrap_or(u32::MAX);
        self.steps.retain(|step| step.phase != phase);
        self.steps.extend(steps.into_iter().map(|step| Step { phase, ..step }));
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
