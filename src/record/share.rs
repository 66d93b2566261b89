//! How large a share of the rows was rejected, and how large may it be?

use std::fmt;

use crate::record::attempt::PhaseReport;
use crate::record::counted::percent;
use crate::text::counter::counts_bytes;
use crate::text::number::{grouped, percentage};

/// A share of the rows of a phase, for [`max_rejected`](crate::RunBuilder::max_rejected).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share(f64);

impl Share {
    /// As in `Share::percent(0.5)`. Less than 0 and what is no number count as 0, and more than 100 as 100.
    #[must_use]
    pub fn percent(percent: f64) -> Self {
        Share(if percent.is_nan() { 0.0 } else { percent.clamp(0.0, 100.0) })
    }
}

/// How many rows an attempt may reject: a number of them, or a [`Share`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum MaxRejected {
    /// So many.
    Rows(u64),
    /// So large a share of all rows.
    Share(Share),
}

impl Share {
    /// From 0 to 100.
    pub(crate) fn as_percent(self) -> f64 {
        self.0
    }
}

impl MaxRejected {
    /// Whether so many of all rows are more.
    pub(crate) fn is_exceeded(self, rejected: u64, rows: u64) -> bool {
        match self {
            MaxRejected::Rows(allowed) => rejected > allowed,
            MaxRejected::Share(Share(allowed)) => rejected > 0 && percent(rejected, rows) > allowed,
        }
    }
}

impl From<u64> for MaxRejected {
    fn from(rows: u64) -> Self {
        MaxRejected::Rows(rows)
    }
}

impl From<Share> for MaxRejected {
    fn from(share: Share) -> Self {
        MaxRejected::Share(share)
    }
}

/// As in `100` or `0.5 %`.
impl fmt::Display for MaxRejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MaxRejected::Rows(rows) => f.write_str(&grouped(*rows)),
            MaxRejected::Share(Share(percent)) => f.write_str(&percentage(*percent)),
        }
    }
}

/// How many rows there are by these counters: the rows are what there is most of, apart from bytes. Whoever counts only the rows that
/// it could use has at least those that it could not.
pub(crate) fn rows_among<'a>(counters: impl Iterator<Item = (&'a str, u64)>, rejected: u64) -> u64 {
    counters.filter(|(name, _)| !counts_bytes(name)).fold(rejected, |most, (_, count)| most.max(count))
}

impl PhaseReport {
    /// How much of the rows the attempt has rejected; `None` if it has rejected none.
    pub(crate) fn rejected_percent(&self) -> Option<f64> {
        let rejected = self.rejected().rows();
        (rejected > 0).then(|| percent(rejected, rows_among(self.processed(), rejected)))
    }
}
