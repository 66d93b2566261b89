//! What is told of few attempts? What they went on from, which rows they rejected, what was expected of them, and why they failed.

use std::sync::Arc;

use crate::counting::counters::Tally;
use crate::record::error::RecordedError;
use crate::record::expectation::Expectation;
use crate::record::rejected::Rejected;

/// Nearly all attempts have none of this, and then it takes a word.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Seldom {
    /// What earlier attempts did of the counts, if this one went on from there.
    pub(crate) carried: Option<Tally>,
    pub(crate) rejected: Option<Arc<Rejected>>,
    pub(crate) expectations: Vec<Expectation>,
    pub(crate) error: Option<RecordedError>,
}

impl Seldom {
    /// `None` if there is nothing of it.
    #[inline]
    pub(crate) fn of(carried: Option<Tally>, rejected: Option<Arc<Rejected>>, error: Option<RecordedError>) -> Option<Box<Self>> {
        if carried.is_none() && rejected.is_none() && error.is_none() {
            return None;
        }
        Some(Box::new(Seldom { carried, rejected, expectations: Vec::new(), error }))
    }

    /// The same with what was expected.
    pub(crate) fn expecting(seldom: Option<Box<Self>>, expectations: Vec<Expectation>) -> Option<Box<Self>> {
        if expectations.is_empty() {
            return seldom;
        }
        Some(Box::new(Seldom { expectations, ..seldom.map(|seldom| *seldom).unwrap_or_default() }))
    }
}
