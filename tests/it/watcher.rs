//! An observer that keeps every event, for tests of what a run has told; it outlives the context that it watches.

use std::error::Error;
use std::sync::{Arc, Mutex};

use etl_context::{Event, FailureCause, Observation, Observer, PhaseReport};

/// Clones share what was seen.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Arc<Mutex<Vec<Event>>>);

impl Watcher {
    pub(crate) fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn names(&self) -> Vec<&'static str> {
        self.events().iter().map(Event::name).collect()
    }

    /// The report of the phase that ended last.
    pub(crate) fn last_report(&self) -> PhaseReport {
        let ended = |event: &Event| match event {
            Event::PhaseEnded { report, .. } => Some(report.clone()),
            _ => None,
        };
        self.events().iter().rev().find_map(ended).expect("a phase has ended")
    }

    pub(crate) fn last_cause(&self) -> Option<FailureCause> {
        self.last_report().cause()
    }
}

impl Observer for Watcher {
    fn observe(&mut self, event: &Event, _: &Observation<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.0.lock().unwrap().push(event.clone());
        Ok(())
    }
}
