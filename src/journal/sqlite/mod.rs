//! Who remembers in an SQLite database? A journal of many runs in one file, which may be the file that the runs load into.

mod database;
mod events;
mod fault;
mod lock_name;
pub(crate) mod runs;
mod schema;
mod transaction;

use std::path::Path;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ThreadId;
use std::time::Duration;

use crate::journal::owner::OwnerLock;
use crate::journal::sqlite::database::Database;
use crate::journal::sqlite::events::Entry;
use crate::journal::{Journal, JournalError};
use crate::record::event::Event;
use crate::record::outline::RunOutline;
use crate::stopper::Stopper;
use crate::text::line::{shown, shown_path};

/// Keeps the events of runs in an SQLite database, each run owned by one process at a time.
///
/// ```
/// use etl_context::{Etl, Extract, Run, SqliteJournal};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("runs.db");
/// let journal = SqliteJournal::open(&path)?.key("import/2026-11-25");
/// let context = Run::builder("import").journal(journal).begin::<Etl>()?;
/// let (extracted, ()) = context.phase(Extract).run(|_| -> Result<(), std::io::Error> { Ok(()) })?;
/// drop(extracted);
///
/// // The next process does not run the completed phase again.
/// let journal = SqliteJournal::open(&path)?.key("import/2026-11-25");
/// let context = Run::builder("import").journal(journal).begin::<Etl>()?;
/// let extract = context.phase(Extract);
/// let (extracted, ()) = extract.run(|_| -> Result<(), std::io::Error> { unreachable!() })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [The guide](crate::guide::sqlite) has the tables, and says how SQLite gets into the program.
///
/// # Which run
///
/// A database holds many runs, and a run is found by its key: the name of the run, unless [`key`](SqliteJournal::key) says
/// something else. What runs every night needs a key for each night, as it would need a file for each.
///
/// # Which database
///
/// Any that is on a local disk, also one with tables of your own: the journal has three tables and a trigger, whose names begin with
/// `etl_context_`. A database in which something else has one of these names is refused, and so are tables of a newer version, before
/// anything is written.
///
/// # What holds
///
/// - An event that was accepted survives the death of the process and of the machine: the database is in WAL mode, which it stays in,
///   and each commit is synced.
/// - While one process has a run open, others are refused it and told who owns it; other runs of the database are open to them. The
///   lock is a file beside the database, and ends with its owner, however that dies.
/// - A run whose rows were changed or are missing is refused, by the number of the event; nothing is skipped.
/// - After a failed sync the event is in doubt ([`JournalError::is_in_doubt`]), and the journal refuses everything. Open it again.
/// - A database that was replaced, renamed or removed while it is open is an error of the next call, and so is a run that was deleted.
/// - A process that was forked off by its owner neither writes to it nor lets go of it.
///
/// A transaction of your own in the same database may hold the end of a phase ([`run_in`](crate::PhaseScope::run_in),
/// [`complete_in`](crate::Context::complete_in)) or a checkpoint ([`checkpoint_in`](crate::RunningPhase::checkpoint_in)): what was loaded
/// and the record of it are there together, or neither is.
///
/// SQLite lets one connection write at a time. What another one does not finish within five seconds, unless
/// [`busy_timeout`](SqliteJournal::busy_timeout) says otherwise, is an error, and has changed nothing.
#[derive(Debug)]
pub struct SqliteJournal {
    // Closed before the run is let go of.
    database: Database,
    key: Option<String>,
    owned: Option<Owned>,
    /// Whether a phase works in a transaction, which keeps this connection from writing.
    lent: Arc<AtomicBool>,
}

/// A run that this journal has taken.
#[derive(Debug)]
struct Owned {
    #[expect(dead_code, reason = "held for as long as the run is owned")]
    lock: OwnerLock,
    key: String,
    /// The run's identity, once it is known.
    run: Option<String>,
    events: u64,
    /// How the run stands, of which the list of runs tells.
    outline: Option<RunOutline>,
    /// Whether nothing more is taken, because nobody knows what became of the last event.
    poisoned: bool,
    /// Of the last event that was written into a transaction of the caller's: by which thread, and whether its commit is not synced.
    written_by: Option<ThreadId>,
    must_sync: bool,
}

impl Owned {
    /// How the run stands once the event has happened.
    fn after(&self, event: &Event) -> Option<RunOutline> {
        RunOutline::then(self.outline.as_ref(), event)
    }

    /// The same for each of several events.
    fn after_each(&self, events: &[Event]) -> Vec<Option<RunOutline>> {
        let mut outlines: Vec<Option<RunOutline>> = Vec::with_capacity(events.len());
        for event in events {
            let before = outlines.last().unwrap_or(&self.outline);
            outlines.push(RunOutline::then(before.as_ref(), event));
        }
        outlines
    }

    /// Which run the event is of: the one that it begins, or the one that was read.
    fn run(&self, event: &Event) -> Result<String, JournalError> {
        match (&self.run, event) {
            (Some(run), _) => Ok(run.clone()),
            (None, Event::RunBegan(began)) => Ok(began.run.to_string()),
            (None, _) => Err(JournalError::new(format!("the first event of a run is `run_began`, not `{}`", event.name()))),
        }
    }

    /// No commit has failed in such a way that it may have happened.
    fn check_certain(&self) -> Result<(), JournalError> {
        if !self.poisoned {
            return Ok(());
        }
        let key = shown(&self.key);
        Err(JournalError::new(format!("the journal of the run `{key}` takes no more events after a failed write; open it again")))
    }
}

impl SqliteJournal {
    /// Opens the database at `path`, or creates it, and the tables in it.
    ///
    /// No run is taken before one is opened with this journal.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the file is no database, or one whose tables of these names are not the journal's or are those of a newer
    /// version, if another connection has it locked, or if it cannot be written to.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        Ok(SqliteJournal { database: Database::open(path.as_ref())?, key: None, owned: None, lent: Arc::default() })
    }

    /// Under which key the run is found; its name if this is not called.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// How long another connection that writes to the database is waited for; five seconds if this is not called.
    #[must_use]
    pub fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.database.set_busy_timeout(timeout);
        self
    }

    /// One transaction, however many events there are.
    fn append_from(&mut self, sequence: u64, events: &[Event]) -> Result<(), JournalError> {
        if self.lent.load(Ordering::Acquire) {
            return Err(JournalError::new(
                "the phase works in a transaction, which keeps the journal from writing; record it before or after that",
            ));
        }
        let (database, owned) = self.taken()?;
        if sequence != owned.events {
            return Err(JournalError::out_of_sequence(owned.events, sequence));
        }
        let Some(first) = events.first() else { return Ok(()) };
        let (run, mut outlines) = (owned.run(first)?, owned.after_each(events));
        let numbered = (sequence..).zip(events).zip(&outlines);
        let entries = numbered.map(|((sequence, event), outline)| Entry {
            key: &owned.key,
            run: &run,
            sequence,
            event,
            outline: outline.as_ref(),
        });
        let entries = entries.collect::<Vec<_>>();
        if let Err(fault) = Entry::append_all(&entries, database.connection()?) {
            owned.poisoned = fault.is_in_doubt();
            return Err(fault.saying("write to", database.path()));
        }
        owned.events += events.len() as u64;
        owned.run = Some(run);
        owned.outline = outlines.pop().flatten();
        Ok(())
    }

    /// The run, which is taken if it is not yet, and the database that holds it.
    fn taken(&mut self) -> Result<(&mut Database, &mut Owned), JournalError> {
        self.database.connection()?;
        let owned = match self.owned.take() {
            Some(owned) => owned,
            None => self.take()?,
        };
        let owned = self.owned.insert(owned);
        owned.check_certain()?;
        Ok((&mut self.database, owned))
    }

    fn take(&mut self) -> Result<Owned, JournalError> {
        let Some(key) = self.key.clone() else {
            return Err(JournalError::new("the journal does not know which run is meant; say so with `key`"));
        };
        let path = self.database.path();
        let lock = OwnerLock::take_run(&lock_name::of_run(path, &key), &run_in(path, &key))?;
        let certain = events::make_certain(self.database.connection()?);
        certain.map_err(|fault| fault.saying("read", self.database.path()))?;
        Ok(Owned { lock, key, run: None, events: 0, outline: None, poisoned: false, written_by: None, must_sync: false })
    }
}

/// For messages.
fn run_in(database: &Path, key: &str) -> String {
    format!("the run `{}` in the database `{}`", shown(key), shown_path(database))
}

impl Journal for SqliteJournal {
    fn attach(&mut self, name: &str, _: &Stopper) {
        self.key.get_or_insert_with(|| name.to_owned());
    }

    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError> {
        self.append_from(sequence, slice::from_ref(event))
    }

    fn append_all(&mut self, sequence: u64, events: &[Event]) -> Option<Result<(), JournalError>> {
        Some(self.append_from(sequence, events))
    }

    fn load(&mut self) -> Result<Vec<Event>, JournalError> {
        let (database, owned) = self.taken()?;
        let read = events::of_run(&owned.key, database.connection()?);
        let read = read.map_err(|fault| fault.saying("read", database.path()))?;
        owned.events = read.events.len() as u64;
        owned.outline = RunOutline::of(&read.events);
        owned.run = read.id;
        Ok(read.events)
    }

    fn file(&self) -> Option<&Path> {
        Some(self.database.path())
    }
}
