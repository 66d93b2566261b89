//! The import of many rows, with its journal in a database, and the processes that work on it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use etl_context::{JournalError, PostgresJournal, PostgresRuns, RunRecord};
use tempfile::TempDir;

use super::patience::when_free;
use super::server::TestDatabase;
use crate::child::{self, Child};
use crate::disturbed_import::Place;
use crate::long_import::import;

/// So short that nobody waits long for the run of a process that was killed, or for a server that was.
const LEASE: Duration = Duration::from_millis(50);

/// An import with a key and a target of its own.
pub(crate) struct PostgresPlace<'a> {
    pub(crate) database: &'a TestDatabase,
    key: String,
    folder: TempDir,
}

impl<'a> PostgresPlace<'a> {
    pub(crate) fn new(database: &'a TestDatabase) -> Self {
        let folder = TempDir::new().unwrap();
        let key = folder.path().display().to_string();
        PostgresPlace { database, key, folder }
    }

    /// For a child process: the database, the key and the target, a line each.
    pub(crate) fn given(&self) -> String {
        format!("{}\n{}\n{}", self.database.url(), self.key, self.target().display())
    }
}

pub(crate) fn journal(url: &str, key: &str) -> Result<PostgresJournal, JournalError> {
    Ok(PostgresJournal::connect(url)?.key(key).lease(LEASE))
}

#[test]
#[ignore = "the part of the process that is disturbed"]
fn importing_process() {
    let Some(given) = child::given() else { return };
    let [url, key, target] = given.lines().collect::<Vec<_>>()[..] else { panic!("{given}") };
    let journal = journal(url, key).and_then(when_free).map_err(Into::into);
    // If the server is gone for longer than the lease, it gives up, and says no more.
    if journal.and_then(|journal| import(journal, Path::new(target), &mut |what: &str| child::say(what))).is_ok() {
        child::say("finished");
    }
}

impl Place for PostgresPlace<'_> {
    type Journal = PostgresJournal;

    fn start(&self) -> Child {
        Child::start(module_path!(), "importing_process", &self.given())
    }

    fn open(&self) -> PostgresJournal {
        when_free(journal(&self.database.url(), &self.key).unwrap()).unwrap()
    }

    fn record(&self) -> Option<RunRecord> {
        // What a process sent just before it died is still done.
        self.database.is_left_by_journals();
        let runs = PostgresRuns::connect(self.database.url()).unwrap();
        let listed = runs.list_runs("long import", u32::MAX).unwrap();
        let run = listed.iter().find(|run| run.key == self.key)?.run_id;
        runs.read(run).unwrap()
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("target")
    }
}
