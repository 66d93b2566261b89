//! Where is an import recorded, and by what is it found again?

use std::path::Path;

#[cfg(feature = "postgres")]
use etl_context::PostgresJournal;
use etl_context::{FileJournal, JournalError, RunBuilder};
use serde::Serialize;

use crate::places::{Destination, Places};

/// These two make it this import and not another: a journal of other ones is refused.
#[derive(Serialize)]
struct Parameters<'a> {
    export: &'a Path,
    database: &'a Path,
}

/// Without a journal, an import that is killed begins anew.
pub(crate) fn recorded(run: RunBuilder, places: &Places) -> Result<RunBuilder, JournalError> {
    match &places.destination {
        Destination::Sqlite { database, journal } => {
            let run = run.parameters(&Parameters { export: &places.export, database });
            match journal {
                Some(file) => Ok(run.journal(FileJournal::open(file)?)),
                None => Ok(run),
            }
        }
        // The same export may be somewhere else on another machine; the key tells which one it is.
        #[cfg(feature = "postgres")]
        Destination::Postgres { url, key } => Ok(run.journal(PostgresJournal::connect(url)?.key(key))),
    }
}
