//! What do two branches know together? Each has done other phases since they were one.

use crate::pipeline::by_name::ByName;
use crate::record::error::ErrorRecord;
use crate::record::phase::PhaseRecord;
use crate::record::{Errors, RunRecord};

impl RunRecord {
    /// Takes over what another branch has done, both of which consist of the same events up to this number. Neither runs a phase.
    pub(crate) fn merge(&mut self, other: &RunRecord, shared: u64) {
        let news = other.phases().filter(|phase| self.phase(phase.name().as_str()).is_none_or(|known| phase.is_ahead_of(known)));
        let news = news.cloned().collect::<Vec<_>>();
        self.merge_errors(other, &news);
        for phase in news {
            let name = phase.name().clone();
            let index = self.index_of(&name);
            let visits = other.phases.place_of(&name).map(|place| other.steps.of(place)).unwrap_or_default();
            self.steps.replace(index, visits);
            self.phases[index] = phase;
            if other.ended == other.phases.place_of(&name) && other.latest >= self.latest {
                self.ended = Some(index);
            }
        }
        self.events += other.events.saturating_sub(shared);
        self.latest = self.latest.max(other.latest);
        self.stopped |= other.stopped;
    }

    /// The errors of each phase are those of the branch that knows more of it.
    fn merge_errors(&mut self, other: &RunRecord, news: &[PhaseRecord]) {
        let is_news = |name: &str| news.iter().any(|phase| *phase.name() == *name);
        let kept = self.errors.iter().filter(|error| !is_news(error.phase().as_str()));
        let taken = other.errors.iter().filter(|error| is_news(error.phase().as_str()));
        let mut errors = kept.chain(taken).cloned().collect::<Vec<_>>();
        errors.sort_by_key(ErrorRecord::time);

        let counts = |record: &RunRecord, of_news: bool| {
            let phases = record.errors_by_phase.iter().filter(|(name, _)| is_news(name.as_str()) == of_news);
            phases.map(|(name, errors)| (name.clone(), errors.count)).collect::<Vec<_>>()
        };
        let mut by_phase = ByName::default();
        for (name, count) in counts(self, false).into_iter().chain(counts(other, true)) {
            let kept = errors.iter().enumerate().filter(|(_, error)| *error.phase() == name).map(|(place, _)| place).collect();
            by_phase.push((name, Errors { count, kept }));
        }
        self.error_count = by_phase.iter().map(|(_, errors)| errors.count).sum();
        self.errors = errors;
        self.errors_by_phase = by_phase;
    }
}
