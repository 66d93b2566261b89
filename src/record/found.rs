//! What is found in an attempt, of what was expected of it? Each figure is read from its report, so that both say the same.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::record::attempt::PhaseReport;
use crate::record::expectation::Expectation;
use crate::record::figure::{Figure, MILLION};
use crate::record::seldom::Seldom;
use crate::record::share::rows_among;

impl PhaseReport {
    /// What was expected of the attempt, with what was found: in the order in which it was said. Nothing of an attempt that failed for
    /// another reason, which was not looked at.
    #[must_use]
    pub fn expectations(&self) -> &[Expectation] {
        self.measured().seldom.as_ref().map_or(&[], |seldom| &seldom.expectations)
    }

    /// A report that nobody has seen yet, with these.
    pub(crate) fn expecting(mut self, expectations: Vec<Expectation>) -> Self {
        if let Some(attempt) = Arc::get_mut(&mut self.0) {
            attempt.seldom = Seldom::expecting(attempt.seldom.take(), expectations);
        }
        self
    }

    /// Those that do not hold.
    pub(crate) fn broken_expectations(&self) -> impl Iterator<Item = &Expectation> {
        self.expectations().iter().filter(|expectation| !expectation.holds())
    }
}

impl Expectation {
    /// The same with what is found in this attempt.
    pub(crate) fn in_attempt(&self, report: &PhaseReport) -> Self {
        let mut checked = Expectation { found: self.figure.of(report), ..self.clone() };
        checked.held = !checked.has_broken_bound();
        checked
    }
}

impl Figure {
    /// What it is in this attempt; `None` if that is not known. An attempt that went on from an earlier one took less time than the
    /// phase does, and so nothing is known of that.
    pub(crate) fn of(&self, report: &PhaseReport) -> Option<u64> {
        let rejected = report.rejected().rows();
        match self {
            Figure::Counter { counter } => processed(report, counter),
            Figure::Rate { counter } => {
                let before = report.carried().and_then(|carried| carried.get(counter)).unwrap_or_default();
                let count = processed(report, counter)?.saturating_sub(before);
                // In a microsecond so many millionths of a second.
                ratio(u128::from(count) * u128::from(MILLION), report.measured().microseconds)
            }
            Figure::Duration => report.carried().is_none().then(|| report.measured().microseconds),
            Figure::Rejected => Some(rejected),
            Figure::RejectedShare => ratio(u128::from(rejected), rows_among(report.processed(), rejected)),
        }
    }
}

/// The result's word where it has one, else what was tracked.
fn processed(report: &PhaseReport, counter: &str) -> Option<u64> {
    report.processed().find(|(name, _)| *name == counter).map(|(_, count)| count)
}

/// So many millionths one is of the other; `None` of nothing.
fn ratio(one: u128, other: u64) -> Option<u64> {
    let millionths = (one * u128::from(MILLION)).checked_div(u128::from(other))?;
    Some(u64::try_from(millionths).unwrap_or(u64::MAX))
}

/// As in `{"of": "rows", "found": 9800, "holds": false, "checked": true, "fails_phase": true, "text": "rows: 9,800, expected …"}`.
#[derive(Serialize)]
pub(super) struct Details {
    of: String,
    found: Option<Value>,
    holds: bool,
    checked: bool,
    fails_phase: bool,
    text: String,
}

impl PhaseReport {
    /// For the dictionary of the report; `None` if nothing was expected.
    pub(super) fn expectation_details(&self) -> Option<Vec<Details>> {
        let details = |expectation: &Expectation| Details {
            of: expectation.figure(),
            found: expectation.found.map(|found| expectation.figure.number(found)),
            holds: expectation.holds(),
            checked: expectation.is_checked(),
            fails_phase: expectation.fails_phase(),
            text: expectation.to_string(),
        };
        let expectations = self.expectations();
        (!expectations.is_empty()).then(|| expectations.iter().map(details).collect())
    }
}
