//! What does somebody see who looks at a running attempt?

use std::time::Duration;

/// Which of some counters speaks for all of them, where there is room for one: the first that has a total, of which a share is
/// known, or else the first that was counted. `amount` is what was counted and what is expected.
pub(crate) fn leading<T>(counters: impl IntoIterator<Item = T>, amount: impl Fn(&T) -> (u64, Option<u64>)) -> Option<T> {
    let shown = counters.into_iter().filter(|counter| is_shown(amount(counter)));
    shown.min_by_key(|counter| amount(counter).1.is_none())
}

/// Whether there is something to say of a counter: it was counted, or it is known how much there will be.
pub(crate) fn is_shown((count, total): (u64, Option<u64>)) -> bool {
    count > 0 || total.is_some()
}

/// An attempt's counters at one moment.
///
/// ```
/// use etl_context::{Context, Counts, Extract};
///
/// let expected = Counts { conversations: 4, messages: 0 };
/// let mut extract = Context::new("import").start_with(Extract, expected)?;
/// extract.update_progress(Counts { conversations: 1, messages: 20 });
///
/// let snapshot = extract.progress().snapshot();
/// let [conversations, messages] = &snapshot.counters[..] else { unreachable!() };
/// assert_eq!(conversations.percent(), Some(25.0));
/// assert_eq!((messages.count, messages.percent()), (20, None)); // no total, so no percentage
/// # extract.complete(())?;
/// # Ok::<(), etl_context::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ProgressSnapshot {
    /// How long ago the attempt started, by the monotonic clock.
    pub elapsed: Duration,
    /// Its counters, in the order of their declaration.
    pub counters: Vec<CounterProgress>,
}

/// One counter at one moment. What is not known is `None`, never a guess.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CounterProgress {
    /// Its name.
    pub name: &'static str,
    /// What was counted so far, by everybody; with what workers have counted of parts that are open.
    pub count: u64,
    /// What is expected.
    pub total: Option<u64>,
    /// The rate, exponentially weighted over about 15 seconds, so that it recovers after a stall.
    pub per_second: Option<f64>,
    /// How long the rest takes at this rate.
    pub time_left: Option<Duration>,
}

impl CounterProgress {
    /// How much of the total is done; more than 100 if there was more than expected.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a percentage is for reading")]
    pub fn percent(&self) -> Option<f64> {
        self.total.map(|total| self.count as f64 * 100.0 / total as f64)
    }
}
