//! Which observer failed, and why? All failures are counted; of each observer the first ones are kept in words.

use std::any::Any;
use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;

use crate::record::error::{RecordedError, WorkError};
use crate::text::line::told;
use crate::text::number::grouped;
use crate::text::panic::message_of;

/// So many different failures are kept of one observer.
const MOST_EACH: usize = 3;

/// What went wrong in an observer; [`RunSummary::first_observer_failures`](crate::RunSummary::first_observer_failures) has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ObserverFailure {
    /// The observer's type, without the path to it.
    pub observer: String,
    /// The name of the event that it was told of when it first failed so, or `pausing`, `resumed` or `closed` for the calls of that name.
    pub event: &'static str,
    /// The error with those behind it, or what the panic said; on one line, and cut if it is very long.
    pub message: String,
    /// How often the same observer failed with the same words.
    pub times: u64,
}

impl fmt::Display for ObserverFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ObserverFailure { observer, event, message, times } = self;
        match times {
            0 | 1 => write!(f, "{observer} at {event}: {message}"),
            _ => write!(f, "{observer} at {event}, {} times: {message}", grouped(*times)),
        }
    }
}

/// How often observers failed, and the first failures of each.
#[derive(Debug, Clone, Default)]
pub(crate) struct ObserverFailures {
    count: u64,
    first: Vec<ObserverFailure>,
    /// Of which observer each of them is.
    of: Vec<usize>,
}

impl ObserverFailures {
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn first(&self) -> &[ObserverFailure] {
        &self.first
    }

    /// Counts a failure of the observer at this place.
    pub(super) fn add(&mut self, place: usize, observer: String, event: &'static str, message: String) {
        self.count = self.count.saturating_add(1);
        let mut of_observer = self.first.iter_mut().zip(&self.of).filter(|(_, of)| **of == place).map(|(failure, _)| failure);
        if let Some(same) = of_observer.find(|failure| failure.message == message) {
            same.times = same.times.saturating_add(1);
        } else if self.of.iter().filter(|of| **of == place).count() < MOST_EACH {
            self.first.push(ObserverFailure { observer, event, message, times: 1 });
            self.of.push(place);
        }
    }
}

/// The error with all that is behind it.
pub(super) fn words_of(error: &(dyn StdError + Send + Sync + 'static)) -> String {
    let error: &(dyn StdError + 'static) = error;
    let error: RecordedError = error.recorded();
    let behind = error.sources().filter(|source| !error.message().contains(source));
    let words = [error.message()].into_iter().chain(behind).collect::<Vec<_>>();
    told(&words.join(": "))
}

pub(super) fn words_of_panic(panic: &(dyn Any + Send)) -> String {
    format!("it panicked: {}", told(&message_of(panic)))
}
