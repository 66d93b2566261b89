//! The journals on which a rule has to hold.

use etl_context::{JournalError, MemoryJournal, Run, RunBuilder};

use crate::durable::journal_file::JournalFile;
#[cfg(all(unix, feature = "postgres", feature = "testing"))]
use crate::postgres::{patience::when_free, server::TestDatabase, server::database};
#[cfg(all(unix, feature = "sqlite", feature = "testing"))]
use crate::sqlite::database_file::DatabaseFile;

/// Where one run is kept, so that it can be opened again.
pub(crate) enum Store {
    Memory(MemoryJournal),
    File(JournalFile),
    #[cfg(all(unix, feature = "sqlite", feature = "testing"))]
    Sqlite(DatabaseFile),
    #[cfg(all(unix, feature = "postgres", feature = "testing"))]
    Postgres(TestDatabase),
}

#[cfg(all(unix, feature = "postgres", feature = "testing"))]
fn in_database(database: &TestDatabase) -> etl_context::PostgresJournal {
    etl_context::PostgresJournal::connect(database.url()).unwrap().key("nightly")
}

impl Store {
    pub(crate) fn open(&self) -> RunBuilder {
        let run = Run::builder("nightly");
        match self {
            Store::Memory(journal) => run.journal(journal.clone()),
            Store::File(file) => run.journal(file.open()),
            #[cfg(all(unix, feature = "sqlite", feature = "testing"))]
            Store::Sqlite(file) => run.journal(file.open().key("nightly")),
            #[cfg(all(unix, feature = "postgres", feature = "testing"))]
            Store::Postgres(database) => run.journal(when_free(in_database(database)).unwrap()),
        }
    }

    /// Opens the run while somebody else has it, and returns the refusal; `None` of a store that has no owner.
    pub(crate) fn open_beside(&self) -> Option<JournalError> {
        #[cfg(all(unix, feature = "testing", any(feature = "postgres", feature = "sqlite")))]
        use etl_context::Journal;
        match self {
            Store::Memory(_) => None,
            Store::File(file) => Some(file.try_open().unwrap_err()),
            #[cfg(all(unix, feature = "sqlite", feature = "testing"))]
            Store::Sqlite(file) => Some(file.open().key("nightly").load().unwrap_err()),
            #[cfg(all(unix, feature = "postgres", feature = "testing"))]
            Store::Postgres(database) => Some(in_database(database).load().unwrap_err()),
        }
    }
}

/// Tries the rule on a store of each kind.
pub(crate) fn on_every_store(rule: impl Fn(&Store)) {
    rule(&Store::Memory(MemoryJournal::new()));
    rule(&Store::File(JournalFile::new()));
    #[cfg(all(unix, feature = "sqlite", feature = "testing"))]
    rule(&Store::Sqlite(DatabaseFile::new()));
    #[cfg(all(unix, feature = "postgres", feature = "testing"))]
    if let Some(database) = database() {
        rule(&Store::Postgres(database));
    }
}
