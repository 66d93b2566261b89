//! How fast, and until when? A rate that forgets, so that it recovers after a stall, and what it says of the rest.

use std::time::Duration;

/// What happened this long ago counts for 1/e of what happens now.
const MEMORY: Duration = Duration::from_secs(15);

/// The rate of one counter, exponentially weighted over the last quarter of a minute or so.
///
/// It is brought up to date whenever somebody looks, at whatever intervals.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// As of the last look.
    elapsed: Duration,
    count: u64,
    /// The weighted sum of the rates so far, and the sum of the weights: without the latter, the first seconds would read low.
    weighted: f64,
    weights: f64,
}

impl Pace {
    /// Takes note of the count at this time since the start; returns the rate per second, or `None` before any time has passed.
    #[allow(clippy::cast_precision_loss, reason = "a rate is for reading")]
    pub(crate) fn look(&mut self, elapsed: Duration, count: u64) -> Option<f64> {
        let passed = elapsed.saturating_sub(self.elapsed).as_secs_f64();
        if passed > 0.0 {
            let rate = count.saturating_sub(self.count) as f64 / passed;
            let kept = (-passed / MEMORY.as_secs_f64()).exp();
            self.weighted = self.weighted * kept + rate * (1.0 - kept);
            self.weights = self.weights * kept + (1.0 - kept);
            self.elapsed = elapsed;
            self.count = count;
        }
        (self.weights > 0.0).then(|| self.weighted / self.weights)
    }
}

/// How long the rest takes at this rate; `None` if the total is not known or already passed, or if nothing moves.
#[allow(clippy::cast_precision_loss, reason = "an estimate is for reading")]
pub(crate) fn time_left(count: u64, total: Option<u64>, per_second: Option<f64>) -> Option<Duration> {
    let rest = total?.checked_sub(count)?;
    let seconds = rest as f64 / per_second.filter(|rate| *rate > 0.0)?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Pace, time_left};

    /// The rate after looking once a second while `counts` are added.
    fn after(counts: impl IntoIterator<Item = u64>) -> f64 {
        let mut pace = Pace::default();
        let mut sum = 0;
        let rates = (1..).zip(counts).map(|(second, count)| {
            sum += count;
            pace.look(Duration::from_secs(second), sum)
        });
        rates.last().flatten().unwrap_or(f64::NAN)
    }

    #[test]
    fn a_steady_pace_reads_as_it_is_from_the_first_look_on() {
        for seconds in [1, 2, 60] {
            assert!((after(std::iter::repeat_n(100, seconds)) - 100.0).abs() < 1e-6);
        }
    }

    #[test]
    fn the_rate_recovers_after_a_stall() {
        let stalled = [vec![0; 600], vec![100; 60]].concat();
        assert!((after(stalled) - 100.0).abs() < 3.0);
    }

    #[test]
    fn the_rate_does_not_depend_on_how_often_somebody_looks() {
        let mut rarely = Pace::default();
        rarely.look(Duration::from_secs(60), 6_000);
        let rate = rarely.look(Duration::from_secs(61), 6_100);
        assert!((rate.unwrap_or(f64::NAN) - after([100; 61])).abs() < 1e-6);
    }

    #[test]
    fn nothing_is_known_before_time_has_passed() {
        assert_eq!(Pace::default().look(Duration::ZERO, 5), None);
    }

    #[test]
    fn the_time_left_is_none_where_it_is_not_known() {
        assert_eq!(time_left(40, Some(100), Some(20.0)), Some(Duration::from_secs(3)));
        assert_eq!(time_left(40, None, Some(20.0)), None);
        assert_eq!(time_left(140, Some(100), Some(20.0)), None);
        assert_eq!(time_left(40, Some(100), Some(0.0)), None);
        assert_eq!(time_left(40, Some(100), None), None);
    }
}
