//! How are runs kept in an SQLite file? All in one, each under its job and its key.

use std::collections::BTreeSet;
use std::path::PathBuf;

use crate::journal::sqlite::SqliteJournal;
use crate::journal::sqlite::runs::SqliteRuns;
use crate::journal::{Journal, JournalError};
use crate::record::RunRecord;
use crate::runs::place::{Place, key_of_job};
use crate::runs::store::{KeptRun, Store};

#[derive(Debug)]
pub(super) struct SqliteFile {
    path: PathBuf,
    runs: SqliteRuns,
}

impl SqliteFile {
    pub(super) fn at(path: PathBuf) -> Self {
        SqliteFile { runs: SqliteRuns::at(path.clone()), path }
    }
}

impl Store for SqliteFile {
    fn journal(&self, place: &Place) -> Result<Box<dyn Journal>, JournalError> {
        Ok(Box::new(SqliteJournal::open(&self.path)?.key(place.database_key())))
    }

    fn jobs(&self) -> Result<BTreeSet<String>, JournalError> {
        let runs = self.runs.names()?;
        Ok(runs.iter().filter_map(|(key, name)| Some(of_job(key, name)?.job)).collect())
    }

    fn others(&self) -> Result<Vec<String>, JournalError> {
        let runs = self.runs.names()?;
        Ok(runs.into_iter().filter(|(key, name)| of_job(key, name).is_none()).map(|(key, _)| key).collect())
    }

    fn places(&self, job: &str) -> Result<Vec<Place>, JournalError> {
        let keys = self.runs.keys(&key_of_job(job))?;
        Ok(keys.iter().filter_map(|key| Place::of_database_key(job, key)).collect())
    }

    fn read(&self, place: &Place) -> Result<Option<KeptRun>, JournalError> {
        self.read_other(&place.database_key())
    }

    fn read_other(&self, key: &str) -> Result<Option<KeptRun>, JournalError> {
        // In this order: a run that ends in between has an owner, and is complete.
        let owner = self.runs.owner(key);
        let events = self.runs.events(key)?;
        if events.is_empty() {
            return Ok(None);
        }
        let record = RunRecord::replay(&events).ok_or_else(|| JournalError::impossible(key))?;
        Ok(Some(KeptRun { record, owner }))
    }

    fn remove(&self, place: &Place) -> Result<(), JournalError> {
        self.runs.remove(&place.database_key())
    }
}

/// The run with this key, if it is that of the job which begins the key.
fn of_job(key: &str, name: &str) -> Option<Place> {
    Place::of_any_database_key(key).filter(|place| place.job == name)
}
