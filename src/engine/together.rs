//! How do several events happen at once? None of them is in the way of another one, so all are recorded together, and then applied and told
//! one after the other.

use crate::counting::meter::Meter;
use crate::engine::Engine;
use crate::error::Error;
use crate::journal::{Journal, JournalError};
use crate::record::event::Event;

impl Engine {
    /// Decide, append, apply, notify. `meter` is told which of the events it moves the counters for; false if `append` says that none of
    /// them has happened.
    pub(super) fn happen_together(
        &mut self,
        events: &[Event],
        append: impl FnOnce(&mut dyn Journal, u64) -> Result<bool, JournalError>,
        mut meter: impl FnMut(&mut Meter, usize),
    ) -> Result<bool, Error> {
        let Some(first) = events.first() else { return Ok(true) };
        if self.branch.is_some() {
            return self.happen_together_beside(events, append, meter);
        }
        events.iter().try_for_each(|event| self.record.admits(event))?;
        let (sequence, mut have_happened) = (self.record.events(), true);
        self.append_by(first, |journal| {
            have_happened = append(journal, sequence)?;
            Ok(())
        })?;
        if have_happened {
            for (number, event) in events.iter().enumerate() {
                self.happened(event, |counters| meter(counters, number));
            }
        }
        Ok(have_happened)
    }
}
