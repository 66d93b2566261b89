//! What does a place have to do in which runs are kept? Hand out their journals, and read them without owning them.

use std::collections::BTreeSet;
use std::fmt;

use crate::journal::{Journal, JournalError};
use crate::record::RunRecord;
use crate::runs::place::Place;
use crate::text::line::shown;

pub(crate) trait Store: fmt::Debug + Send + Sync {
    /// The journal of the run, which is there from then on.
    fn journal(&self, place: &Place) -> Result<Box<dyn Journal>, JournalError>;

    /// Every job that has a run.
    fn jobs(&self) -> Result<BTreeSet<String>, JournalError>;

    /// Every run of the job that is there, in any order.
    fn places(&self, job: &str) -> Result<Vec<Place>, JournalError>;

    /// What the run has come to, and whose it is; `None` if it has not begun, or is no longer there.
    fn read(&self, place: &Place) -> Result<Option<KeptRun>, JournalError>;

    /// Reads every run of the job, and tells each or why it cannot be read; in any order.
    fn each(&self, job: &str, tell: &mut dyn FnMut(Place, Result<Option<KeptRun>, JournalError>)) -> Result<(), JournalError> {
        for place in self.places(job)? {
            let kept = self.read(&place);
            tell(place, kept);
        }
        Ok(())
    }

    /// The keys of the runs that are no job's, in any order.
    fn others(&self) -> Result<Vec<String>, JournalError>;

    /// The same as `read` for one of these.
    fn read_other(&self, key: &str) -> Result<Option<KeptRun>, JournalError>;

    /// Removes the run, which must be nobody's.
    fn remove(&self, place: &Place) -> Result<(), JournalError>;
}

impl dyn Store {
    /// A run, if it is the job's.
    pub(super) fn read_of_job(&self, place: &Place) -> Result<Option<KeptRun>, JournalError> {
        of_its_job(place, self.read(place)?)
    }
}

/// The run that is kept in the place, if it is the job's.
pub(super) fn of_its_job(place: &Place, kept: Option<KeptRun>) -> Result<Option<KeptRun>, JournalError> {
    match &kept {
        Some(kept) if kept.record.name() != place.job => {
            let (told, name) = (place.told(), shown(kept.record.name()));
            Err(JournalError::new(format!("{told} is the run of another job, `{name}`; put it where that one is kept")))
        }
        _ => Ok(kept),
    }
}

/// A run as it is kept.
pub(crate) struct KeptRun {
    pub(crate) record: RunRecord,
    /// Who has it open.
    pub(crate) owner: Option<String>,
}
