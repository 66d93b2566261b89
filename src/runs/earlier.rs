//! What did the other runs of a job come to? All that have completed, for the run that is compared with them.

use std::sync::Arc;

use crate::engine::EarlierRuns;
use crate::journal::JournalError;
use crate::record::RunRecord;
use crate::record::status::RunStatus;
use crate::runs::place::Place;
use crate::runs::store::{KeptRun, Store};

/// Those beside this one.
#[derive(Debug)]
pub(super) struct Others {
    pub(super) store: Arc<dyn Store>,
    pub(super) but: Place,
}

impl EarlierRuns for Others {
    fn each_completed(&self, see: &mut dyn FnMut(&RunRecord)) -> Result<u32, JournalError> {
        let mut unreadable: u32 = 0;
        for place in self.store.places(&self.but.job)?.into_iter().filter(|place| *place != self.but) {
            match self.store.read_of_job(&place) {
                Ok(Some(KeptRun { record, .. })) if record.run_status() == RunStatus::Completed => see(&record),
                Ok(_) => {}
                // A night is not to fail because of one that was long ago.
                Err(_) => unreadable = unreadable.saturating_add(1),
            }
        }
        Ok(unreadable)
    }
}
