//! What was expected of an attempt, and what was found? A figure, its bounds, and whether it kept to them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::record::figure::{Figure, MILLION, millionths};
use crate::text::number::grouped;

/// What was expected of a figure of an attempt, and what was found: [`PhaseReport::expectations`](crate::PhaseReport::expectations) has
/// them. What an author expects is
/// said with [`Expect`](crate::Expect).
///
/// ```
/// use etl_context::{Counts, Etl, Expect, Extract, Run};
///
/// let run = Run::builder("import").expect::<Extract>(Expect::counter("messages").at_least(500));
/// let mut extract = run.begin::<Etl>()?.start(Extract)?;
/// extract.update_progress(Counts { conversations: 1, messages: 20 });
/// let extracted = extract.complete(())?;
/// let [messages] = extracted.report().expectations() else { panic!("one was said") };
/// assert!(!messages.holds());
/// assert_eq!(messages.to_string(), "messages: 20, expected at least 500");
/// # Ok::<(), etl_context::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    #[serde(flatten)]
    pub(crate) figure: Figure,
    /// In the unit of the figure, as all values here; `None` if it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) found: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at_least: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at_most: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) within: Option<NearMedian>,
    /// Whether the phase fails if it is not as expected.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(crate) or_fail: bool,
    pub(crate) held: bool,
}

/// Between so many millionths and so many of the median of earlier runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NearMedian {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) lowest: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) highest: Option<u64>,
    /// So many runs it was to be the median of.
    pub(crate) of_median: u32,
    /// `None` if there is no earlier run with such a figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) median: Option<u64>,
    /// So many runs it is the median of.
    pub(crate) runs: u32,
    /// So many runs could not be read, so that nobody knows whether they would be among these.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) unreadable: u32,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde wants a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Expectation {
    /// Whether the figure is as expected. One that is not known, or has nothing to be compared with, is not said to be otherwise.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.held
    }

    /// Whether the phase fails if it does not hold: [`Expect::or_fail`](crate::Expect::or_fail). Else it is a warning.
    #[must_use]
    pub fn fails_phase(&self) -> bool {
        self.or_fail
    }

    /// Whether there was anything to compare: the figure is known, and so is at least one of its bounds.
    #[must_use]
    pub fn is_checked(&self) -> bool {
        let has_bound = self.at_least.is_some() || self.at_most.is_some() || self.median().is_some();
        self.found.is_some() && has_bound
    }

    /// The figure, as in `rows`, `rows per second`, `duration`, `rejected rows` or `share of rejected rows`.
    #[must_use]
    pub fn figure(&self) -> String {
        self.figure.name()
    }

    /// The figure without the name of its counter, as the journal has it.
    #[cfg(feature = "open-lineage")]
    pub(crate) fn kind(&self) -> &'static str {
        self.figure.kind()
    }

    /// What was found, as in `9,800`, `1.2 MiB`, `2.05 s` or `not known`.
    #[must_use]
    pub fn found(&self) -> String {
        self.found.map_or_else(|| "not known".to_owned(), |found| self.figure.amount(found))
    }

    /// What was expected, as in `at least half of 101,000, the median of the last 7 runs`: of a figure that is not so, the bounds that
    /// it breaks. Empty if there is no earlier run to compare with, and no other bound.
    #[must_use]
    pub fn expected(&self) -> String {
        let broken = self.bounds(|breaks| breaks);
        if self.held || broken.is_empty() { self.bounds(|_| true) } else { broken }
    }

    pub(super) fn has_broken_bound(&self) -> bool {
        [self.is_below(self.at_least), self.is_above(self.at_most), self.is_too_low(), self.is_too_high()].contains(&true)
    }

    fn is_below(&self, bound: Option<u64>) -> bool {
        self.found.zip(bound).is_some_and(|(found, bound)| found < bound)
    }

    fn is_above(&self, bound: Option<u64>) -> bool {
        self.found.zip(bound).is_some_and(|(found, bound)| found > bound)
    }

    fn is_too_low(&self) -> bool {
        self.times_median(|within| within.lowest).is_some_and(|(found, bound)| found < bound)
    }

    fn is_too_high(&self) -> bool {
        self.times_median(|within| within.highest).is_some_and(|(found, bound)| found > bound)
    }

    /// What was found, and a bound, both in millionths: no digit is lost.
    fn times_median(&self, factor: impl Fn(&NearMedian) -> Option<u64>) -> Option<(u128, u128)> {
        let within = self.within.as_ref()?;
        let bound = u128::from(factor(within)?) * u128::from(within.median?);
        Some((u128::from(self.found?) * u128::from(MILLION), bound))
    }

    fn median(&self) -> Option<u64> {
        self.within.as_ref()?.median
    }

    /// Those bounds in words that are asked for, by whether the figure breaks them.
    fn bounds(&self, is_asked: impl Fn(bool) -> bool) -> String {
        let amount = |value| self.figure.amount(value);
        let at_least = self.at_least.filter(|_| is_asked(self.is_below(self.at_least)));
        let at_most = self.at_most.filter(|_| is_asked(self.is_above(self.at_most)));
        let near = self.within.as_ref().and_then(|within| {
            let lowest = within.lowest.filter(|_| is_asked(self.is_too_low()));
            let highest = within.highest.filter(|_| is_asked(self.is_too_high()));
            within.in_words(lowest, highest, &amount(within.median?))
        });
        let plain = [("at least", at_least), ("at most", at_most)].into_iter();
        let plain = plain.filter_map(|(word, bound)| Some(format!("{word} {}", amount(bound?))));
        plain.chain(near).collect::<Vec<_>>().join(" and ")
    }
}

impl NearMedian {
    /// As in `at least half of 101,000, the median of the last 7 runs`; `None` without a bound.
    fn in_words(&self, lowest: Option<u64>, highest: Option<u64>, median: &str) -> Option<String> {
        let bounds = match (lowest, highest) {
            (Some(lowest), Some(highest)) => format!("{} to {} times {median}", millionths(lowest), millionths(highest)),
            (Some(lowest), None) => format!("at least {}{median}", times(lowest)),
            (None, Some(highest)) => format!("at most {}{median}", times(highest)),
            (None, None) => return None,
        };
        Some(match self.runs {
            1 => format!("{bounds}, as in the last run"),
            runs => format!("{bounds}, the median of the last {} runs", grouped(runs.into())),
        })
    }

    /// What else has to be said of the runs.
    fn remark(&self) -> String {
        let none = if self.median.is_none() { "; there is no earlier run to compare with" } else { "" };
        let unreadable = match self.unreadable {
            0 => String::new(),
            1 => "; 1 run could not be read".to_owned(),
            runs => format!("; {} runs could not be read", grouped(runs.into())),
        };
        format!("{none}{unreadable}")
    }
}

/// As in `half of `, `twice `, `0.8 times `.
fn times(factor: u64) -> String {
    match millionths(factor) {
        0.5 => "half of ".to_owned(),
        1.0 => String::new(),
        2.0 => "twice ".to_owned(),
        factor => format!("{factor} times "),
    }
}

/// As in `rows: 9,800, expected at least half of 101,000, the median of the last 7 runs`.
impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (expected, remark) = (self.expected(), self.within.as_ref().map(NearMedian::remark).unwrap_or_default());
        let expected = if expected.is_empty() { expected } else { format!(", expected {expected}") };
        f.pad(&format!("{}: {}{expected}{remark}", self.figure(), self.found()))
    }
}
