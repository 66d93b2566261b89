//! A database file in a folder of its own, and another connection to it.

use std::path::{Path, PathBuf};

use etl_context::{Context, Etl, Journal, JournalError, Run, RunRecord, SqliteJournal};
use rusqlite::Connection;

use crate::durable::journal_file::JournalFile;

pub(crate) struct DatabaseFile {
    path: PathBuf,
    /// A folder is a folder, whatever lies in it.
    beside: JournalFile,
}

impl DatabaseFile {
    pub(crate) fn new() -> Self {
        DatabaseFile::within(JournalFile::new())
    }

    /// On a disk, for what has to do with its being slow.
    pub(crate) fn on_disk() -> Self {
        DatabaseFile::within(JournalFile::on_disk())
    }

    fn within(beside: JournalFile) -> Self {
        DatabaseFile { path: beside.path().with_file_name("runs.db"), beside }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The path, for a child process.
    pub(crate) fn given(&self) -> &str {
        self.path.to_str().unwrap()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.beside.folder()
    }

    pub(crate) fn open(&self) -> SqliteJournal {
        self.try_open().unwrap()
    }

    pub(crate) fn try_open(&self) -> Result<SqliteJournal, JournalError> {
        SqliteJournal::open(&self.path)
    }

    /// The run with this key, begun or gone on with.
    pub(crate) fn begin(&self, key: &str) -> Context {
        Run::builder("import").journal(self.open().key(key)).begin::<Etl>().unwrap()
    }

    /// The run that has no owner, as a process left it; `None` if it has not begun.
    pub(crate) fn record(&self, key: &str) -> Option<RunRecord> {
        RunRecord::replay(&self.open().key(key).load().unwrap())
    }

    /// Another connection, as of another program.
    pub(crate) fn connection(&self) -> Connection {
        let connection = Connection::open(&self.path).unwrap();
        connection.execute_batch("pragma busy_timeout = 10000").unwrap();
        connection
    }

    /// What somebody does to the database who knows no better.
    pub(crate) fn change(&self, sql: &str) {
        self.connection().execute_batch(sql).unwrap();
    }

    /// The names of the files beside the database that are no part of it.
    pub(crate) fn locks(&self) -> Vec<String> {
        let files = self.folder().read_dir().unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut locks: Vec<_> = files.filter(|name| Path::new(name).extension().is_some_and(|last| last == "lock")).collect();
        locks.sort();
        locks
    }
}
