//! Does a phase come to what is expected of it? It is asked when the phase would complete, so that the answer is part of its end, and once
//! it is known what earlier runs came to.

use std::cmp::Reverse;
use std::fmt;

use crate::engine::{Engine, Opening};
use crate::error::Error;
use crate::journal::JournalError;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::pipeline::table::{CounterNames, PipelineTable};
use crate::record::RunRecord;
use crate::record::attempt::PhaseReport;
use crate::record::clock::Timestamp;
use crate::record::error::{RecordedError, WorkError};
use crate::record::expectation::Expectation;
use crate::text::line::one_line;
use crate::text::list::listed;

/// The other runs of the same job.
pub(crate) trait EarlierRuns: fmt::Debug + Send + Sync {
    /// Shows each of them that has completed, in any order, and says how many could not be read.
    fn each_completed(&self, see: &mut dyn FnMut(&RunRecord)) -> Result<u32, JournalError>;
}

/// What an author expects of a phase.
#[derive(Debug, Clone)]
pub(crate) struct OfPhase {
    pub(crate) phase: PhaseName,
    /// What the phase counts, if its type said so.
    pub(crate) counters: CounterNames,
    pub(crate) expectation: Expectation,
}

/// What is expected in a run; hardly any has this.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    phases: Vec<OfPhase>,
    /// Why the running attempt was not completed, and which it is.
    refused: Option<(PhaseName, u32, RecordedError)>,
}

impl Expected {
    /// `None` if it is nothing.
    pub(super) fn of(phases: Vec<OfPhase>) -> Option<Box<Self>> {
        (!phases.is_empty()).then(|| Box::new(Expected { phases, refused: None }))
    }

    fn refusal(&self, phase: &PhaseName, attempt: u32) -> Option<&RecordedError> {
        let refused = self.refused.as_ref().filter(|(refused, number, _)| refused == phase && *number == attempt);
        refused.map(|(_, _, error)| error)
    }

    /// What is expected of the phase, with what is found in its report.
    fn checked(&self, report: &PhaseReport) -> Vec<Expectation> {
        let of_phase = self.phases.iter().filter(|of| of.phase == *report.phase());
        of_phase.map(|of| of.expectation.in_attempt(report)).collect()
    }
}

impl Engine {
    /// The report with which the running attempt ends, with what was expected of it. It was looked at if the phase would complete, and if
    /// it was to complete before and was refused for this.
    ///
    /// # Errors
    ///
    /// [`Error::NotAsExpected`] if the phase would complete, and is to fail. Then it is still running.
    #[cold]
    pub(super) fn as_expected(&mut self, report: PhaseReport) -> Result<PhaseReport, Error> {
        let Some(expected) = &mut self.expected else { return Ok(report) };
        let completes = report.status() == PhaseStatus::Completed;
        if !completes && expected.refusal(report.phase(), report.attempt()).is_none() {
            return Ok(report);
        }
        let checked = expected.checked(&report);
        let fatal = checked.iter().filter(|expectation| expectation.fails_phase() && !expectation.holds());
        let expectations = fatal.cloned().collect::<Vec<_>>();
        if !completes || expectations.is_empty() {
            return Ok(report.expecting(checked));
        }
        self.meter.reopen();
        let error = Error::NotAsExpected { phase: report.phase().clone(), expectations };
        expected.refused = Some((report.phase().clone(), report.attempt(), error.recorded()));
        Err(error)
    }

    /// Why the running attempt was not completed, if that was because it did not come to what was expected.
    pub(super) fn not_as_expected(&self) -> Option<RecordedError> {
        let running = self.record.current()?;
        self.expected.as_ref()?.refusal(&running.phase, running.attempt).cloned()
    }
}

impl Opening {
    /// What is expected can be checked, as far as that is known beforehand.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidExpectation`] if it cannot be, [`Error::InvalidPhaseName`] for a phase that the pipeline does not have.
    pub(super) fn check_expected(&self, pipeline: Option<&PipelineTable>) -> Result<(), Error> {
        for (index, of) in self.expected.iter().enumerate() {
            let counters =
                pipeline.map(|pipeline| pipeline.declaration(&of.phase)).transpose()?.and_then(|(_, counters)| counters);
            let fault = if of.is_said_in(&self.expected[..index]) {
                let figure = of.expectation.figure();
                Some(format!("`{figure}` is expected twice; say all bounds in one, or one of the two with `or_fail`"))
            } else if of.expectation.within.is_some() && self.earlier.is_none() {
                Some("a median needs earlier runs; begin the run with `Runs::run`, or say `at_least` and `at_most`".to_owned())
            } else {
                of.unknown_counter(counters.or(of.counters))
            };
            if let Some(reason) = fault {
                return Err(Error::InvalidExpectation { phase: of.phase.clone(), reason });
            }
        }
        Ok(())
    }

    /// Looks what earlier runs came to, if anything is to be compared with that.
    pub(super) fn look_back(&mut self) -> Result<(), JournalError> {
        let Some(earlier) = self.earlier.as_ref().filter(|_| self.expected.iter().any(OfPhase::needs_history)) else {
            return Ok(());
        };
        let mut figures = vec![Vec::new(); self.expected.len()];
        let unreadable = earlier.each_completed(&mut |record| {
            for (of, figures) in self.expected.iter().zip(&mut figures).filter(|(of, _)| of.needs_history()) {
                figures.extend(of.figure_in(record).map(|figure| (record.start_time(), figure)));
            }
        })?;
        self.expected.iter_mut().zip(figures).for_each(|(of, figures)| of.compare_with(figures, unreadable));
        Ok(())
    }
}

impl OfPhase {
    fn needs_history(&self) -> bool {
        self.expectation.within.is_some()
    }

    /// A warning and a failure of the same figure are two.
    fn is_said_in(&self, others: &[OfPhase]) -> bool {
        others.iter().any(|other| {
            let (own, other_one) = (&self.expectation, &other.expectation);
            self.phase == other.phase && own.figure == other_one.figure && own.or_fail == other_one.or_fail
        })
    }

    /// Why the counter cannot be checked, if it is known what the phase counts.
    fn unknown_counter(&self, counters: CounterNames) -> Option<String> {
        let (counter, known) = (self.expectation.figure.counter()?, counters?);
        if known.contains(&counter) {
            return None;
        }
        let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
        let known = if known.is_empty() { "nothing".to_owned() } else { listed(&known, "and") };
        Some(format!("it has no counter `{}`; it counts {known}", one_line(counter, 64)))
    }

    /// What the figure was in another run, in the attempt that completed the phase last.
    fn figure_in(&self, record: &RunRecord) -> Option<u64> {
        let reports = record.phase(self.phase.as_str())?.reports().iter().rev();
        let completed = reports.into_iter().find(|report| report.status() == PhaseStatus::Completed)?;
        self.expectation.figure.of(completed)
    }

    /// The figures of other runs, with when each began.
    fn compare_with(&mut self, mut figures: Vec<(Timestamp, u64)>, unreadable: u32) {
        let Some(within) = &mut self.expectation.within else { return };
        figures.sort_by_key(|(began, _)| Reverse(*began));
        figures.truncate(usize::try_from(within.of_median).unwrap_or(usize::MAX));
        let figures: Vec<_> = figures.into_iter().map(|(_, figure)| figure).collect();
        within.runs = u32::try_from(figures.len()).unwrap_or(u32::MAX);
        within.median = median(figures);
        within.unreadable = unreadable;
    }
}

/// Of an even number the middle between the two in the middle, rounded down.
fn median(mut figures: Vec<u64>) -> Option<u64> {
    figures.sort_unstable();
    let upper = *figures.get(figures.len() / 2)?;
    Some(if figures.len() % 2 == 1 { upper } else { figures[figures.len() / 2 - 1].midpoint(upper) })
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::median;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

        #[test]
        fn half_of_the_figures_are_on_each_side_of_their_median(figures in vec(any::<u64>(), 0..12)) {
            let count = |is_counted: &dyn Fn(u64, u64) -> bool| {
                let median = median(figures.clone()).unwrap_or_default();
                figures.iter().filter(|figure| is_counted(**figure, median)).count()
            };
            prop_assert!(count(&|figure, median| figure < median) <= figures.len() / 2);
            prop_assert!(count(&|figure, median| figure > median) <= figures.len() / 2);
        }

        #[test]
        fn what_is_the_same_in_every_run_is_the_median(figure: u64, runs in 1..12_usize) {
            prop_assert_eq!(median(vec![figure; runs]), Some(figure));
        }
    }

    #[test]
    fn of_two_it_is_the_middle_rounded_down() {
        let medians = [vec![3, 1, 2], vec![4, 1], vec![u64::MAX, u64::MAX - 1], vec![u64::MAX, 0, 7, 7], vec![]].map(median);
        assert_eq!(medians, [Some(2), Some(2), Some(u64::MAX - 1), Some(7), None]);
    }
}
