//! How are runs kept in PostgreSQL? As those of any journal there, each under its job and its key.

use std::collections::BTreeSet;

use crate::journal::postgres::PostgresJournal;
use crate::journal::postgres::database::Database;
use crate::journal::postgres::events::findable;
use crate::journal::postgres::runs::PostgresRuns;
use crate::journal::{Journal, JournalError};
use crate::runs::place::{Place, key_of_job};
use crate::runs::store::{KeptRun, Store};

#[derive(Debug)]
pub(super) struct InPostgres {
    database: Database,
    runs: PostgresRuns,
}

impl InPostgres {
    pub(super) fn connect(database: Database) -> Result<Self, JournalError> {
        Ok(InPostgres { runs: PostgresRuns::connect(database.clone())?, database })
    }
}

impl Store for InPostgres {
    fn journal(&self, place: &Place) -> Result<Box<dyn Journal>, JournalError> {
        Ok(Box::new(PostgresJournal::connect(self.database.clone())?.key(place.database_key())))
    }

    fn jobs(&self) -> Result<BTreeSet<String>, JournalError> {
        let runs = self.runs.names()?;
        Ok(runs.iter().filter_map(|(key, name)| Some(of_job(key, name)?.job)).collect())
    }

    fn each(&self, job: &str, tell: &mut dyn FnMut(Place, Result<Option<KeptRun>, JournalError>)) -> Result<(), JournalError> {
        self.runs.each(&key_of_job(job), &mut |key, kept| {
            if let Some(place) = Place::of_database_key(job, key) {
                tell(place, kept.map(|kept| kept.map(|(record, owner)| KeptRun { record, owner })));
            }
        })
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
        let kept = self.runs.kept(key)?;
        Ok(kept.map(|(record, owner)| KeptRun { record, owner }))
    }

    fn remove(&self, place: &Place) -> Result<(), JournalError> {
        self.runs.remove(&place.database_key())
    }
}

/// The run with this key, if it is that of the job which begins the key.
fn of_job(key: &str, name: &str) -> Option<Place> {
    Place::of_any_database_key(key).filter(|place| findable(&place.job) == name)
}
