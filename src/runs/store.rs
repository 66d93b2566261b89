//! What does a place have to do in which runs are kept? Hand out their journals, and read them without owning them.

use std::fmt;

use crate::journal::{Journal, JournalError};
use crate::record::RunRecord;
use crate::runs::place::Place;
use crate::text::line::shown;

pub(crate) trait Store: fmt::Debug + Send + Sync {
    /// The journal of the run, which is there from then on.
    fn journal(&self, place: &Place) -> Result<Box<dyn Journal>, JournalError>;

    /// Every run of the job that is there, in any order.
    fn places(&self, job: &str) -> Result<Vec<Place>, JournalError>;

    /// What the run has come to, and whose it is; `None` if it has not begun, or is no longer there.
    fn read(&self, place: &Place) -> Result<Option<KeptRun>, JournalError>;

    /// Removes the run, which must be nobody's.
    fn remove(&self, place: &Place) -> Result<(), JournalError>;
}

impl dyn Store {
    /// A run, if it is the job's.
    pub(super) fn read_of_job(&self, place: &Place) -> Result<Option<KeptRun>, JournalError> {
        let kept = self.read(place)?;
        match &kept {
            Some(kept) if kept.record.name() != place.job => {
                let (told, name) = (place.told(), shown(kept.record.name()));
                Err(JournalError::new(format!("{told} is the run of another job, `{name}`; put it where that one is kept")))
            }
            _ => Ok(kept),
        }
    }
}

/// A run as it is kept.
pub(crate) struct KeptRun {
    pub(crate) record: RunRecord,
    /// Who has it open.
    pub(crate) owner: Option<String>,
}
