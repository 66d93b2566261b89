//! What runs does a database hold? Read without owning them, and without writing to it.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::journal::JournalError;
use crate::journal::owner::{self, OwnerLock};
use crate::journal::sqlite::database::Database;
use crate::journal::sqlite::fault::Fault;
use crate::journal::sqlite::{events, lock_name, run_in};
use crate::record::event::Event;

/// The runs of a database, which may not be there yet.
#[derive(Debug)]
pub(crate) struct SqliteRuns {
    path: PathBuf,
    /// Open once the database is there.
    database: Mutex<Option<Database>>,
}

impl SqliteRuns {
    pub(crate) fn at(path: PathBuf) -> Self {
        SqliteRuns { path, database: Mutex::default() }
    }

    /// The keys of all runs whose key begins so.
    pub(crate) fn keys(&self, beginning: &str) -> Result<Vec<String>, JournalError> {
        const KEYS: &str = "select key from main.etl_context_runs where substr(key, 1, length(?1)) = ?1";
        self.read(Vec::new(), |database| {
            let connection = database.connection()?;
            let mut keys = connection.prepare(KEYS)?;
            let keys = keys.query_map([beginning], |row| row.get(0))?;
            Ok(keys.collect::<Result<_, _>>()?)
        })
    }

    /// The key and the name of each run.
    pub(crate) fn names(&self) -> Result<Vec<(String, String)>, JournalError> {
        self.read(Vec::new(), |database| {
            let mut names = database.connection()?.prepare("select key, name from main.etl_context_runs order by key")?;
            let names = names.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(names.collect::<Result<_, _>>()?)
        })
    }

    /// Every event of the run with this key; none if there is none.
    pub(crate) fn events(&self, key: &str) -> Result<Vec<Event>, JournalError> {
        self.read(Vec::new(), |database| Ok(events::of_run(key, database.connection()?)?.events))
    }

    /// Who has the run open.
    pub(crate) fn owner(&self, key: &str) -> Option<String> {
        let database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        database.as_ref().and_then(|database| owner::owner_of(&lock_name::of_run(database.path(), key)))
    }

    /// Removes the run, which must be nobody's.
    pub(crate) fn remove(&self, key: &str) -> Result<(), JournalError> {
        const DELETE: &str = "delete from main.etl_context_runs where key = ?1";
        let mut database = Database::open(&self.path)?;
        let _lock = OwnerLock::take_run(&lock_name::of_run(database.path(), key), &run_in(database.path(), key))?;
        let deleted = database.connection()?.execute(DELETE, [key]).map_err(Fault::from);
        deleted.map(drop).map_err(|fault| fault.saying("write to", database.path()))
    }

    /// Reads from the database; `none` of one that is not there, or in which no run has begun.
    fn read<T>(&self, none: T, read: impl FnOnce(&mut Database) -> Result<T, Fault>) -> Result<T, JournalError> {
        let mut opened = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.as_mut().is_none_or(|database| database.connection().is_err()) {
            *opened = Database::open_to_read(&self.path)?;
        }
        let Some(database) = opened.as_mut() else { return Ok(none) };
        read(database).map_err(|fault| fault.saying("read", database.path()))
    }
}
