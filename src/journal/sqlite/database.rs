//! Which database, and is it still there? An open file of SQLite, of the process that has opened it.

use std::fs::{self, Metadata};
use std::io;
use std::mem;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::journal::JournalError;
use crate::journal::owner::{OwnProcess, resolved};
use crate::journal::sqlite::fault::Fault;
use crate::journal::sqlite::schema;
use crate::journal::storage::is_same;
use crate::text::line::shown_path;

/// How long another connection is waited for.
const BUSY: Duration = Duration::from_secs(5);

/// The connection, and what it leads to.
///
/// Nothing else of this process may open the file of a database: to close it again would release the locks that SQLite has on it,
/// those of other connections as well.
#[derive(Debug)]
pub(super) struct Database {
    path: PathBuf,
    /// Always there, until this is dropped.
    connection: Option<Connection>,
    opened: Metadata,
    /// How long another connection is waited for.
    busy: Duration,
    process: OwnProcess,
}

impl Database {
    /// Opens the database, or creates it, and the tables in it.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if it is no database, or one with other tables of these names, before anything is written to it.
    pub(super) fn open(given: &Path) -> Result<Self, JournalError> {
        let path = resolved(given);
        if path.is_dir() || path.file_name().is_none() {
            return Err(JournalError::io("open the database", given, io::ErrorKind::IsADirectory.into()));
        }
        let connection = prepared(&path).map_err(|fault| fault.saying("open", &path))?;
        // Only a file that is there shows where a symbolic link leads.
        let path = resolved(given);
        let opened = fs::metadata(&path).map_err(|error| JournalError::io("open the database", &path, error))?;
        Ok(Database { path, connection: Some(connection), opened, busy: BUSY, process: OwnProcess::new() })
    }

    /// Opens the database without writing to it; `None` if it is not there, or has no run.
    ///
    /// # Errors
    ///
    /// As [`open`](Database::open).
    pub(super) fn open_to_read(given: &Path) -> Result<Option<Self>, JournalError> {
        let path = resolved(given);
        let opened = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(|error| JournalError::io("open the database", &path, error))?,
        };
        let connection = to_read(&path).map_err(|fault| fault.saying("open", &path))?;
        Ok(connection.map(|connection| Database {
            path,
            connection: Some(connection),
            opened,
            process: OwnProcess::new(),
            busy: BUSY,
        }))
    }

    /// By the name under which its file is found, whatever links lead there.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The file, whatever its name is now.
    pub(super) fn opened(&self) -> &Metadata {
        &self.opened
    }

    pub(super) fn set_busy_timeout(&mut self, timeout: Duration) {
        self.busy = timeout;
        self.wait_for(timeout);
    }

    /// Does something with the connection, for which others are waited for no longer than so.
    ///
    /// # Errors
    ///
    /// As [`connection`](Database::connection).
    pub(super) fn waiting<R>(
        &mut self,
        longest: Option<Duration>,
        work: impl FnOnce(&mut Connection) -> R,
    ) -> Result<R, JournalError> {
        let usual = self.busy;
        self.wait_for(longest.map_or(usual, |longest| longest.min(usual)));
        let done = self.connection().map(work);
        self.wait_for(usual);
        done
    }

    fn wait_for(&self, timeout: Duration) {
        if let Some(connection) = &self.connection {
            // This only fails for a connection that is closed.
            let _ = connection.busy_timeout(timeout);
        }
    }

    /// The connection, if it still leads to the file of that name, and if this is the process that has opened it.
    ///
    /// # Errors
    ///
    /// [`JournalError`] that says what has become of it.
    pub(super) fn connection(&mut self) -> Result<&mut Connection, JournalError> {
        let path = shown_path(&self.path);
        if !self.process.is_this() {
            return Err(JournalError::no_longer_owner(format!(
                "the database `{path}` was opened by process {}, by which this one was forked off; open journals after the fork",
                self.process.id()
            )));
        }
        let touched = match fs::metadata(&self.path) {
            Ok(named) if is_same(&self.opened, &named) => None,
            Ok(_) => Some("another file has its name"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some("it was removed, or has another name"),
            // Who may not look at the name any more may still write to the file.
            Err(_) => None,
        };
        match (touched, &mut self.connection) {
            (None, Some(connection)) => Ok(connection),
            (found, _) => Err(JournalError::new(format!(
                "the database `{path}` was changed by somebody else: {}; put it back, or begin a new run",
                found.unwrap_or("it is closed")
            ))),
        }
    }
}

/// A copy that was forked off must not close the connection: the locks and the log are those of its parent.
impl Drop for Database {
    fn drop(&mut self) {
        if !self.process.is_this() {
            mem::forget(self.connection.take());
        }
    }
}

fn prepared(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    schema::exist(&connection)?;
    log_ahead(&connection)?;
    // Each commit is synced.
    connection.execute_batch("pragma synchronous = full")?;
    schema::create(&mut connection)?;
    Ok(connection)
}

/// `None` if no run has begun in it.
fn to_read(path: &Path) -> Result<Option<Connection>, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    Ok(schema::exist(&connection)?.then_some(connection))
}

/// Lets others read while somebody writes, which a database remembers. For the lock that this takes SQLite does not wait.
fn log_ahead(connection: &Connection) -> Result<(), Fault> {
    const PAUSE: Duration = Duration::from_millis(5);
    let begun = Instant::now();
    loop {
        match connection.query_row("pragma journal_mode = wal", [], |row| row.get::<_, String>(0)) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                return Err(Fault::Refused(format!(
                    "its journal mode stays `{mode}` and does not become `wal`; put it on a local disk"
                )));
            }
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && begun.elapsed() < BUSY => {
                thread::sleep(PAUSE);
            }
            Err(error) => return Err(error.into()),
        }
    }
}
