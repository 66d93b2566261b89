//! Who remembers for several machines? A journal in PostgreSQL, for runs that several machines may start: one of them owns the
//! run, under a lease, and the epoch of the lease stands beside every event.

mod address;
mod call;
mod connection;
pub(crate) mod database;
pub(crate) mod ends_here;
mod entries;
pub(crate) mod events;
mod fault;
mod holding;
mod keeper;
mod kept_runs;
mod lease;
mod part_ends;
mod part_rows;
pub(crate) mod parts;
pub(crate) mod registered;
pub(crate) mod runs;
mod schema;
mod session;
mod transaction;
mod upgrade;

use std::sync::Arc;
use std::time::Duration;

use crate::journal::board::{Claim, EndedPart};
use crate::journal::postgres::connection::Connection;
use crate::journal::postgres::database::Database;
use crate::journal::postgres::ends_here::EndsHere;
use crate::journal::postgres::entries::Entries;
use crate::journal::postgres::events::Entry;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::keeper::Keeper;
pub use crate::journal::postgres::lease::LeaseLost;
use crate::journal::postgres::lease::{Kept, Lease, new_owner};
use crate::journal::postgres::parts::Board;
use crate::journal::postgres::registered::{IN_A_NEW_ATTEMPT, Registered};
use crate::journal::postgres::session::Session;
use crate::journal::{Journal, JournalError};
use crate::pipeline::phase::PhaseName;
use crate::record::event::Event;
use crate::record::outline::RunOutline;
use crate::stopper::Stopper;

pub(crate) const LEASE: Duration = Duration::from_secs(30);

/// Enough for a second try on a new connection, or for a renewal of the lease that was in the way.
const BRIEFLY: Duration = Duration::from_millis(200);

/// Keeps the events of a run in a PostgreSQL database, where one process at a time owns the run and others see how it goes.
///
/// ```no_run
/// use etl_context::{Etl, PostgresJournal, Run};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let url = "postgres://nightly@db.example.org/imports";
/// let journal = PostgresJournal::connect(url)?.key("import/2026-11-23");
/// let context = Run::builder("import").journal(journal).begin::<Etl>()?;
/// # Ok(())
/// # }
/// ```
///
/// The tables are created in the schema `etl_context` when they are first needed; [the guide](crate::guide::postgres)
/// describes them.
///
/// # Which run
///
/// A database holds many runs, and a run is found by its key: the name of the run, unless [`key`](PostgresJournal::key) says
/// something else. What runs every night needs a key for each night, as it would need a file for each.
///
/// # Who owns it
///
/// Opening a run takes a lease on it, of [thirty seconds unless you say otherwise](PostgresJournal::lease), by the clock of
/// the database. It is renewed in the background at a third of its time, and given back when the context is dropped. Whoever
/// opens the run meanwhile is refused ([`JournalError::is_owned`]) and told who owns it. An owner that dies leaves the run
/// when its lease runs out.
///
/// An owner that is only paused, longer than its lease lasts, may find that somebody else has taken the run: it is then
/// refused with [`LeaseLost`], nothing of it reaches the journal any more, and the running phase sees
/// [`is_cancelled`](crate::Context::is_cancelled), at the latest a third of the lease after it goes on. The same happens to an
/// owner that has not heard of the database for as long as its lease lasts, by the clock of its own machine.
///
/// # What holds
///
/// - An event that was accepted is committed in the database, and as safe as that keeps it.
/// - A server that restarts is waited for, as long as the lease lasts. An event whose commit was cut off is looked for and
///   not written twice. If that cannot be settled, the error says that it is not known
///   ([`JournalError::is_in_doubt`]), and the journal refuses everything: open it again.
/// - No call takes longer than the lease and a grace of five seconds, whatever the connection does.
/// - Calls block the calling thread, and may be made on a thread of an asynchronous runtime; the client has its own. There are two
///   connections, so that nothing keeps the lease from being renewed.
#[derive(Debug)]
pub struct PostgresJournal {
    connection: Connection,
    key: Option<String>,
    lease: Duration,
    /// How a loss of the run is told to the running phase.
    stopper: Stopper,
    owned: Option<Owned>,
    /// As whom the run was asked for, if it is not known whether it was taken.
    asked_as: Option<String>,
}

/// A run that this journal has taken.
#[derive(Debug)]
struct Owned {
    lease: Lease,
    events: u64,
    /// How the run stands, of which the list of runs tells.
    outline: Option<RunOutline>,
    /// Whether nothing more is taken, because nobody knows what became of the last event.
    poisoned: bool,
    kept: Arc<Kept>,
    keeper: Keeper,
}

impl Owned {
    /// How the run stands once the event has happened; `None` if that is not known, because the run was never read.
    fn after(&self, event: &Event) -> Option<RunOutline> {
        RunOutline::then(self.outline.as_ref(), event)
    }

    /// The same once several events have happened.
    fn after_all(&self, events: &[Event]) -> Option<RunOutline> {
        events.iter().fold(self.outline.clone(), |outline, event| RunOutline::then(outline.as_ref(), event))
    }
}

impl PostgresJournal {
    /// Connects to the database, from a [`DbConfig`](crate::DbConfig), a connection string, or a [`Database`].
    ///
    /// No run is taken before one is opened with this journal.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the database cannot be reached, if its tables cannot be created, or if they are those of a newer
    /// version.
    pub fn connect(database: impl Into<Database>) -> Result<Self, JournalError> {
        let connection = Connection::open(database.into(), |session| {
            schema::create(session)?;
            upgrade::upgrade(session)
        })?;
        let (key, lease, stopper) = (None, LEASE, Stopper::default());
        Ok(PostgresJournal { connection, key, lease, stopper, owned: None, asked_as: None })
    }

    /// Under which key the run is found; its name if this is not called.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// How long the run stays with a process that is not heard of: at least a second is sensible, and thirty are usual.
    #[must_use]
    pub fn lease(mut self, duration: Duration) -> Self {
        self.lease = duration.max(Duration::from_millis(10));
        self
    }

    /// Takes the run, unless it is taken.
    fn take(&mut self) -> Result<&mut Owned, JournalError> {
        if self.owned.is_none() {
            let lease = self.taken()?;
            let kept = Arc::new(Kept::new(lease.clone(), self.stopper.clone()));
            let keeper = Keeper::start(self.connection.database().clone(), self.lease, Arc::clone(&kept))?;
            self.owned = Some(Owned { lease, events: 0, outline: None, poisoned: false, kept, keeper });
        }
        self.owned.as_mut().ok_or_else(|| JournalError::new("the run was not taken"))
    }

    /// The run, if it can take the event with this number.
    fn writable(&mut self, sequence: u64) -> Result<&mut Owned, JournalError> {
        let owned = self.take()?;
        if owned.poisoned {
            return Err(JournalError::new(
                "the journal takes no more events, for it is not known whether it holds the last one; open it again",
            ));
        }
        owned.kept.check()?;
        if sequence != owned.events {
            return Err(JournalError::out_of_sequence(owned.events, sequence));
        }
        Ok(owned)
    }

    fn taken(&mut self) -> Result<Lease, JournalError> {
        let Some(key) = self.key.clone() else {
            return Err(JournalError::new("the journal does not know which run is meant; say so with `key`"));
        };
        if key.contains('\0') {
            return Err(JournalError::new("PostgreSQL cannot keep a run whose key has a zero byte in it; give it another `key`"));
        }
        // If the answer to an earlier attempt was lost, nobody else has the run.
        let (owner, duration) = (self.asked_as.take().unwrap_or_else(new_owner), self.lease);
        let name = owner.clone();
        let taken = self.connection.run(self.lease, move |session| Lease::take(session, &key, &name, duration));
        taken.map_err(|fault| {
            self.asked_as = fault.is_in_doubt().then_some(owner);
            self.connection.cannot("take the run in", fault)
        })
    }
}

impl PostgresJournal {
    /// The board on which the parts of the running phase are handed out, to whoever can reach the database.
    pub(crate) fn board(&mut self, phase: &PhaseName) -> Result<Board, JournalError> {
        let key = self.take()?.lease.key.clone();
        let run = self.connection.run(self.lease, move |session| runs::run_id(session, &key));
        let run = run.map_err(|fault| self.connection.cannot("read", fault))?;
        let run = run.ok_or_else(|| JournalError::new("the database does not hold the run"))?;
        Board::open(self.connection.database().clone(), run, phase, self.lease)
    }

    /// Appends the event that registers the parts, and writes them on the board: both or neither.
    pub(crate) fn append_with_parts(
        &mut self,
        sequence: u64,
        event: &Event,
        board: &mut Board,
        parts: &Registered<'_>,
    ) -> Result<(), JournalError> {
        let rows = board.rows(parts);
        self.append_by(sequence, event, move |entry, lease, session| {
            entry.append_with(lease, session, |transaction| rows.write(transaction, IN_A_NEW_ATTEMPT))
        })?;
        board.are_registered();
        Ok(())
    }

    /// Writes the parts on the board whose event the run has.
    pub(crate) fn register_again(&mut self, board: &mut Board, parts: &Registered<'_>) -> Result<(), JournalError> {
        let owner = self.take()?.lease.clone();
        board.register_again(&owner, parts)
    }

    fn append_together(&mut self, sequence: u64, events: &[Event]) -> Result<(), JournalError> {
        let owned = self.writable(sequence)?;
        let (lease, outline) = (owned.lease.clone(), owned.after_all(events));
        let Some(entries) = Entries::new(sequence, events, outline.as_ref())? else { return Ok(()) };
        let appended = self.connection.run(self.lease, move |session| entries.append(&lease, session));
        self.appended(events.len() as u64, outline, appended)
    }

    /// Ends parts that workers of this process have on the board, and appends the events that say so; `takers` of these workers get another
    /// part, as far as there are any. All of it is done or nothing: `None` if one of the parts is not ours any more.
    pub(crate) fn append_ends(
        &mut self,
        sequence: u64,
        events: &[Event],
        board: &Board,
        ends: &[(&Claim, &EndedPart)],
        takers: usize,
    ) -> Result<Option<Vec<Claim>>, JournalError> {
        let owned = self.writable(sequence)?;
        let (lease, outline) = (owned.lease.clone(), owned.after_all(events));
        let Some(entries) = Entries::new(sequence, events, outline.as_ref())? else { return Ok(Some(Vec::new())) };
        let ends_here = EndsHere::new(board.place(), entries, ends, takers);
        let ended = self.connection.run(self.lease, move |session| ends_here.end(&lease, session));
        if matches!(ended, Ok(None)) {
            return Ok(None);
        }
        board.let_go(ends.iter().map(|(claim, _)| *claim));
        self.appended(events.len() as u64, outline, ended)
    }

    fn append_by(
        &mut self,
        sequence: u64,
        event: &Event,
        mut append: impl FnMut(&Entry, &Lease, &mut Session) -> Result<(), Fault> + Send + 'static,
    ) -> Result<(), JournalError> {
        let owned = self.writable(sequence)?;
        let outline = owned.after(event);
        let (lease, entry) = (owned.lease.clone(), Entry::new(sequence, event, outline.as_ref())?);
        let appended = self.connection.run(self.lease, move |session| append(&entry, &lease, session));
        self.appended(1, outline, appended)
    }

    /// What is known of the run once so many events were appended, or were not.
    fn appended<T>(&mut self, events: u64, outline: Option<RunOutline>, outcome: Result<T, Fault>) -> Result<T, JournalError> {
        if let Some(owned) = &mut self.owned {
            match &outcome {
                Ok(_) => {
                    owned.events += events;
                    owned.outline = outline;
                }
                Err(fault) => owned.poisoned = fault.is_in_doubt(),
            }
        }
        outcome.map_err(|fault| self.connection.cannot("write to", fault))
    }
}

impl Journal for PostgresJournal {
    fn attach(&mut self, name: &str, stopper: &Stopper) {
        self.key.get_or_insert_with(|| name.to_owned());
        self.stopper = stopper.clone();
        // Whoever waits until the run is free has taken it before there was anybody to tell.
        if let Some(owned) = &self.owned {
            owned.kept.tell(stopper);
        }
    }

    fn append(&mut self, sequence: u64, event: &Event) -> Result<(), JournalError> {
        self.append_by(sequence, event, Entry::append)
    }

    fn append_all(&mut self, sequence: u64, events: &[Event]) -> Option<Result<(), JournalError>> {
        Some(self.append_together(sequence, events))
    }

    fn load(&mut self) -> Result<Vec<Event>, JournalError> {
        let lease = self.take()?.lease.clone();
        let loaded = events::of_owner(&self.connection, self.lease, &lease);
        let events = loaded.map_err(|fault| self.connection.cannot("read the run in", fault))?;
        let owned = self.take()?;
        owned.events = events.len() as u64;
        owned.outline = RunOutline::of(&events);
        Ok(events)
    }
}

/// The run is free at once. If the database is not there, it is free when the lease runs out.
impl Drop for PostgresJournal {
    fn drop(&mut self) {
        if let Some(Owned { lease, kept, keeper, .. }) = self.owned.take() {
            // A lease that is renewed once it is given back would stay with nobody.
            drop(keeper);
            if kept.check().is_ok() {
                let _ = self.connection.run(BRIEFLY, move |session| lease.release(session));
            }
        }
    }
}
