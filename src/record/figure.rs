//! Which figure of an attempt can be expected to be this or that? A count, a rate, a duration, or the rows that it rejected.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::text::counter::{amount, amount_per_second};
use crate::text::line::one_line;
use crate::text::number::{duration, grouped, percentage};

/// Of rates and shares, millionths are kept, so that each figure is a whole number and two of them can be compared without a doubt.
pub(crate) const MILLION: u64 = 1_000_000;

/// How many characters of a counter's name are shown.
const NAME_WIDTH: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "figure", rename_all = "snake_case")]
pub(crate) enum Figure {
    /// How much was counted.
    Counter { counter: Arc<str> },
    /// How much of it per second, in millionths.
    Rate { counter: Arc<str> },
    /// How long it took, in microseconds.
    Duration,
    /// How many rows were rejected.
    Rejected,
    /// And which share of all rows that is, in millionths.
    RejectedShare,
}

impl Figure {
    /// The counter that it is about.
    pub(crate) fn counter(&self) -> Option<&str> {
        match self {
            Figure::Counter { counter } | Figure::Rate { counter } => Some(counter),
            Figure::Duration | Figure::Rejected | Figure::RejectedShare => None,
        }
    }

    /// As in `rows`, `rows per second`, `duration`.
    pub(crate) fn name(&self) -> String {
        match self {
            Figure::Counter { counter } => one_line(counter, NAME_WIDTH),
            Figure::Rate { counter } => format!("{} per second", one_line(counter, NAME_WIDTH)),
            Figure::Duration => "duration".to_owned(),
            Figure::Rejected => "rejected rows".to_owned(),
            Figure::RejectedShare => "share of rejected rows".to_owned(),
        }
    }

    /// The name without the counter's, as the journal has it.
    #[cfg(feature = "open-lineage")]
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Figure::Counter { .. } => "counter",
            Figure::Rate { .. } => "rate",
            Figure::Duration => "duration",
            Figure::Rejected => "rejected",
            Figure::RejectedShare => "rejected_share",
        }
    }

    /// A value of it for programs: a count, or a number of seconds, per second, or per cent.
    pub(crate) fn number(&self, value: u64) -> Value {
        match self {
            Figure::Counter { .. } | Figure::Rejected => value.into(),
            Figure::Rate { .. } | Figure::Duration => millionths(value).into(),
            Figure::RejectedShare => (millionths(value) * 100.0).into(),
        }
    }

    /// A value of it for people, as in `9,800`, `1.2 MiB`, `2.05 s`, `1.3 %`.
    pub(crate) fn amount(&self, value: u64) -> String {
        match self {
            Figure::Counter { counter } => amount(counter, value),
            Figure::Rate { counter } => amount_per_second(counter, millionths(value)),
            Figure::Duration => duration(Duration::from_micros(value)),
            Figure::Rejected => grouped(value),
            Figure::RejectedShare => percentage(millionths(value) * 100.0),
        }
    }
}

#[allow(clippy::cast_precision_loss, reason = "a few digits of it are shown")]
pub(crate) fn millionths(value: u64) -> f64 {
    value as f64 / MILLION as f64
}
