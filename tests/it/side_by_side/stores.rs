//! The journals on which a rule has to hold.

use etl_context::{MemoryJournal, Run, RunBuilder};

use crate::durable::journal_file::JournalFile;

/// Where one run is kept, so that it can be opened again.
pub(crate) enum Store {
    Memory(MemoryJournal),
    File(JournalFile),
    #[cfg(feature = "sqlite")]
    Sqlite(JournalFile),
    #[cfg(feature = "postgres")]
    Postgres(crate::postgres::server::TestDatabase),
}

impl Store {
    pub(crate) fn open(&self) -> RunBuilder {
        let run = Run::builder("nightly");
        match self {
            Store::Memory(journal) => run.journal(journal.clone()),
            Store::File(file) => run.journal(file.open()),
            #[cfg(feature = "sqlite")]
            Store::Sqlite(file) => {
                run.journal(etl_context::SqliteJournal::open(file.folder().join("runs.db")).unwrap().key("nightly"))
            }
            #[cfg(feature = "postgres")]
            Store::Postgres(database) => {
                use crate::postgres::patience::when_free;
                let journal = etl_context::PostgresJournal::connect(database.url()).unwrap().key("nightly");
                run.journal(when_free(journal).unwrap())
            }
        }
    }
}

/// Tries the rule on a store of each kind.
pub(crate) fn on_every_store(rule: impl Fn(&Store)) {
    rule(&Store::Memory(MemoryJournal::new()));
    rule(&Store::File(JournalFile::new()));
    #[cfg(feature = "sqlite")]
    rule(&Store::Sqlite(JournalFile::new()));
    #[cfg(feature = "postgres")]
    if let Some(database) = crate::postgres::server::database() {
        rule(&Store::Postgres(database));
    }
}
