//! What have workers counted of parts that are open? Whoever looks at the phase sees it, and nobody records it.

use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use crate::counting::cells::{Attempt, Other, PartCounted};
use crate::counting::counters::Tally;
use crate::counting::meter::Meter;
use crate::counting::reader::ProgressReader;

/// The open parts of a running attempt. Dropped, none of them is seen any more.
pub(crate) struct OpenParts(Arc<Attempt>);

impl OpenParts {
    /// What the worker of this part counts is seen from now on; of one part that of one worker.
    pub(crate) fn open(&self, name: &Arc<str>, part: &ProgressReader) {
        let mut others = self.others();
        take_out(&mut others, name);
        others.push(Other::Part { name: Arc::clone(name), counted: PartCounted::Here(Arc::clone(&part.0)) });
        self.0.has_others.store(true, Ordering::Relaxed);
    }

    /// What this worker has counted is not seen any more.
    pub(crate) fn close(&self, part: &ProgressReader) {
        let is_it = |counted: &PartCounted| matches!(counted, PartCounted::Here(known) if Arc::ptr_eq(known, &part.0));
        self.others().retain(|other| !matches!(other, Other::Part { counted, .. } if is_it(counted)));
    }

    /// So much was counted elsewhere, and what of it before this attempt, in place of what was known of that. Of a part that is here, that
    /// counts.
    pub(crate) fn counted_elsewhere(&self, parts: impl Iterator<Item = (Arc<str>, Tally, Option<Tally>)>) {
        let mut others = self.others();
        others.retain(|other| !matches!(other, Other::Part { counted: PartCounted::Elsewhere { .. }, .. }));
        let is_here = |others: &[Other], part: &str| others.iter().any(|other| other.is_part(part));
        for (name, counts, carried) in parts {
            if !is_here(&others, &name) {
                let counts = self.0.values(&counts);
                let carried = carried.map(|carried| self.0.values(&carried)).unwrap_or_default();
                others.push(Other::Part { name, counted: PartCounted::Elsewhere { counts, carried } });
                self.0.has_others.store(true, Ordering::Relaxed);
            }
        }
    }

    fn others(&self) -> MutexGuard<'_, Vec<Other>> {
        self.0.others.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenParts {
    fn drop(&mut self) {
        self.others().retain(|other| !matches!(other, Other::Part { .. }));
    }
}

impl Meter {
    pub(crate) fn open_parts(&self) -> OpenParts {
        OpenParts(Arc::clone(&self.attempt))
    }

    /// The part has ended, and what was counted of it, with what of that was done before, becomes part of the counts; of one that has not
    /// completed, nothing.
    pub(crate) fn end_part(&mut self, name: &str, counted: Option<(&Tally, Option<&Tally>)>) {
        // Whoever looks sees it once: before this or after it.
        let mut others = self.attempt.others.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((counts, carried)) = counted {
            self.attempt.go_on_from(counts, carried);
        }
        take_out(&mut others, name);
    }
}

impl Other {
    fn is_part(&self, part: &str) -> bool {
        matches!(self, Other::Part { name, .. } if **name == *part)
    }
}

fn take_out(others: &mut Vec<Other>, part: &str) {
    others.retain(|other| !other.is_part(part));
}
