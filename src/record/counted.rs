//! How much of something, and how fast? One counter of an attempt, as people read it.

use std::fmt;
use std::time::Duration;

use crate::text::counter::{amount, amount_per_second, with_noun};
use crate::text::number::percentage;

/// One counter of an attempt.
pub(crate) struct Counted<'a> {
    pub(crate) name: &'a str,
    pub(crate) count: u64,
    /// What earlier attempts did of it.
    pub(crate) before: u64,
    pub(crate) total: Option<u64>,
    pub(super) duration: Duration,
}

impl Counted<'_> {
    pub(crate) fn percent(&self) -> Option<f64> {
        self.total.map(|total| percent(self.count, total))
    }

    /// As in `400`, or `400 (150 before)`.
    pub(crate) fn amount(&self) -> String {
        match self.before {
            0 => amount(self.name, self.count),
            before => format!("{} ({} before)", amount(self.name, self.count), amount(self.name, before)),
        }
    }

    /// As in `1,250 conversations`, or `1.2 MiB` for `bytes`.
    pub(crate) fn amount_with_noun(&self) -> String {
        with_noun(self.amount(), self.name)
    }

    /// `None` where it would say nothing to people.
    pub(crate) fn per_second(&self) -> Option<f64> {
        worth_telling(self.count.saturating_sub(self.before), self.duration)
    }
}

/// As in `400 (150 before) of 1,000 (40 %), 1,333 per second`, where the rate is that of the attempt alone; the rate is left out where it does not fit.
impl fmt::Display for Counted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_total = self.total.zip(self.percent());
        let of_total = of_total.map(|(total, percent)| format!(" of {} ({})", amount(self.name, total), percentage(percent)));
        let counted = self.amount() + &of_total.unwrap_or_default();
        let speed =
            self.per_second().map(|speed| format!(", {} per second", amount_per_second(self.name, speed))).unwrap_or_default();
        f.write_str(&counted)?;
        if counted.len() + speed.len() <= VALUE_WIDTH { f.write_str(&speed) } else { Ok(()) }
    }
}

/// How many characters of a value a line shows.
pub(super) const VALUE_WIDTH: usize = 68;

/// How much of `total` is processed; more than 100 if there was more than expected.
#[allow(clippy::cast_precision_loss, reason = "a percentage is for reading")]
pub(super) fn percent(processed: u64, total: u64) -> f64 {
    processed as f64 * 100.0 / total as f64
}

/// Processed per second; `None` for an attempt too short to measure.
#[allow(clippy::cast_precision_loss, reason = "a rate is for reading")]
pub(super) fn per_second(processed: u64, duration: Duration) -> Option<f64> {
    (!duration.is_zero()).then(|| processed as f64 / duration.as_secs_f64())
}

/// The rate where it says something to people: not for nothing, and not for less than a millisecond.
fn worth_telling(processed: u64, duration: Duration) -> Option<f64> {
    per_second(processed, duration).filter(|_| processed > 0 && duration >= Duration::from_millis(1))
}
