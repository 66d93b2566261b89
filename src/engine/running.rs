//! What would be told of the running attempts if they ended now? The record, with the counts as they are.

use std::sync::Arc;

use crate::counting::reader::Counted;
use crate::engine::{Ending, Engine};
use crate::pipeline::phase::PhaseStatus;
use crate::record::RunRecord;
use crate::record::attempt::{Attempt, PhaseReport};
use crate::record::running::Running;
use crate::record::seldom::Seldom;

impl Engine {
    /// The report with which the running attempt of this engine ends.
    pub(super) fn report(&self, running: &Running, ending: Ending) -> PhaseReport {
        self.report_of(running, ending, &self.meter)
    }

    /// The run, and what would be reported of the running attempts: of all branches if there are several.
    pub(crate) fn whole_and_running(&self) -> (RunRecord, Vec<PhaseReport>) {
        let now = |rejected| Ending { status: PhaseStatus::Running, cause: None, result: None, error: None, rejected };
        let of_branches = self.with_whole(|whole| {
            let reports = whole.record.running_attempts().filter_map(|running| {
                let counters = whole.counters_of(&running.phase)?;
                // What another branch has rejected since its last checkpoint is known there.
                Some(self.report_of(running, now(whole.record.rejected_by(running)), counters))
            });
            (whole.record.clone(), reports.collect())
        });
        of_branches.unwrap_or_else(|| {
            let reports = self.record.running_attempts().map(|running| self.report(running, now(self.rejected().map(Arc::new))));
            (self.record.clone(), reports.collect())
        })
    }

    #[inline]
    fn report_of(&self, running: &Running, ending: Ending, counted: &impl Counted) -> PhaseReport {
        let ended = self.clock.now();
        let Ending { status, cause, result, error, rejected } = ending;
        PhaseReport::new(Attempt {
            phase: running.phase.clone(),
            number: running.attempt,
            status,
            cause,
            started: running.started,
            ended,
            microseconds: ended.microseconds_since(running.started),
            counts: counted.counts(),
            totals: counted.totals(),
            seldom: Seldom::of(counted.carried(), rejected, error),
            result,
        })
    }
}
