//! Who owns a run? Whoever has raised its epoch last, under a lease that is measured by the clock of the database.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postgres::Transaction;

use crate::journal::JournalError;
use crate::journal::owner::owner_from_now_on;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::keeper::Held;
use crate::journal::postgres::session::Session;
use crate::stopper::Stopper;

/// The run now belongs to somebody else: the lease on it ran out and was taken.
///
/// It is the source of the [`JournalError`] that refuses an event.
///
/// ```no_run
/// use std::error::Error as _;
/// use etl_context::{Error, Etl, Extract, LeaseLost, PostgresJournal, Run};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let journal = PostgresJournal::connect("postgres://nightly@db.example.org/imports")?;
/// let mut extract = Run::builder("import").journal(journal).begin::<Etl>()?.start(Extract)?;
/// if let Err(Error::Journal { source, .. }) = extract.checkpoint(&512)
///     && let Some(lost) = source.source().and_then(|why| why.downcast_ref::<LeaseLost>())
/// {
///     eprintln!("{lost}; leaving it to them");
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the lease on run `{key}` was lost: {now}")]
#[non_exhaustive]
pub struct LeaseLost {
    /// The run's key.
    pub key: String,
    /// Whose it is now, as in `it belongs to process 12 on host b since 2026-11-23T20:55:19Z`.
    pub now: String,
}

impl LeaseLost {
    pub(super) fn refusal(self) -> JournalError {
        JournalError::no_longer_owner(self.to_string()).with_source(self)
    }
}

/// The right to write to a run.
#[derive(Debug, Clone)]
pub(super) struct Lease {
    pub(super) key: String,
    /// Who we are, and nobody else, not in any other database either.
    pub(super) owner: String,
    pub(super) epoch: i64,
    pub(super) duration: Duration,
}

impl Lease {
    /// Takes the run if nobody owns it. `owner` is this one and no other, so that it can be asked twice.
    pub(super) fn take(session: &mut Session, key: &str, owner: &str, duration: Duration) -> Result<Lease, Fault> {
        const TAKE: &str = "
            insert into etl_context.runs as run (key, owner, epoch, expires)
            values ($1, $2, 1, pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $3))
            on conflict (key) do update
            set owner = $2, epoch = run.epoch + 1, expires = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $3)
            where run.expires <= pg_catalog.clock_timestamp() or run.owner = $2
            returning epoch";
        if let Some(row) = session.change(TAKE, &[&key, &owner, &duration.as_secs_f64()])? {
            return Ok(Lease { key: key.to_owned(), owner: owner.to_owned(), epoch: row.get(0), duration });
        }
        session.settle();
        Err(owned(session, key)?.into())
    }

    /// Keeps the run for another while.
    ///
    /// # Errors
    ///
    /// [`LeaseLost`] as a refusal, if it belongs to somebody else.
    pub(super) fn renew(&self, session: &mut Session) -> Result<(), Fault> {
        // While a transaction of the owner's ends a phase, the row is locked, and nobody can take the run.
        const RENEW: &str = "
            update etl_context.runs set expires = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $3)
            where key = (
                select key from etl_context.runs where key = $1 and epoch = $2 and owner = $4 for no key update skip locked
            )
            returning key";
        match session.query_one(RENEW, &[&self.key, &self.epoch, &self.duration.as_secs_f64(), &self.owner])? {
            Some(_) => Ok(()),
            None => self.check(session),
        }
    }

    /// # Errors
    ///
    /// [`LeaseLost`] as a refusal, if the run belongs to somebody else.
    pub(super) fn check(&self, session: &mut Session) -> Result<(), Fault> {
        const OWNER: &str = "select epoch, owner from etl_context.runs where key = $1";
        let now = match session.query_one(OWNER, &[&self.key])? {
            // A run that was deleted and begun again has had this epoch too.
            Some(row) if row.get::<_, i64>(0) == self.epoch && row.get::<_, &str>(1) == self.owner => return Ok(()),
            Some(row) => format!("it belongs to {}", row.get::<_, &str>(1)),
            None => "the run was deleted".to_owned(),
        };
        Err(LeaseLost { key: self.key.clone(), now }.refusal().into())
    }

    /// # Errors
    ///
    /// A fault that passes, while a transaction of the owner's keeps the run.
    pub(super) fn is_free(&self, session: &mut Session) -> Result<(), Fault> {
        const LOCK: &str = "select 1 from etl_context.runs where key = $1 for no key update nowait";
        session.query(LOCK, &[&self.key]).map(drop)
    }

    /// Lets others have the run at once.
    pub(super) fn release(&self, session: &mut Session) -> Result<(), Fault> {
        const RELEASE: &str = "
            update etl_context.runs set expires = pg_catalog.clock_timestamp()
            where key = (
                select key from etl_context.runs where key = $1 and epoch = $2 and owner = $3 for no key update skip locked
            )";
        session.query(RELEASE, &[&self.key, &self.epoch, &self.owner]).map(drop)
    }
}

/// A run that is kept, and who is told if it is lost.
#[derive(Debug)]
pub(super) struct Kept {
    lease: Lease,
    stopper: Mutex<Stopper>,
    /// Whether nothing was heard of the database for as long as the lease lasts.
    is_given_up: AtomicBool,
}

impl Kept {
    pub(super) fn new(lease: Lease, stopper: Stopper) -> Self {
        Kept { lease, stopper: Mutex::new(stopper), is_given_up: AtomicBool::new(false) }
    }

    /// Tells this one from now on.
    pub(super) fn tell(&self, stopper: &Stopper) {
        self.stopper().clone_from(stopper);
        if self.check().is_err() {
            self.stop();
        }
    }

    /// # Errors
    ///
    /// [`LeaseLost`], if the run was given up.
    pub(super) fn check(&self) -> Result<(), JournalError> {
        if !self.is_given_up.load(Ordering::Acquire) {
            return Ok(());
        }
        let now = format!("the database was not heard of for {:?}, so that somebody else may have it", self.lease.duration);
        Err(LeaseLost { key: self.lease.key.clone(), now }.refusal())
    }

    fn stop(&self) {
        self.stopper().stop_lost_run();
    }

    fn stopper(&self) -> MutexGuard<'_, Stopper> {
        self.stopper.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held for Kept {
    fn renew(&self, session: &mut Session) -> Result<(), Fault> {
        if self.check().is_err() {
            // Whoever takes it now need not wait for us.
            return Ok(());
        }
        let renewed = self.lease.renew(session);
        if let Err(Fault::Refused(error)) = &renewed
            && error.is_ownership_lost()
        {
            self.stop();
        }
        renewed
    }

    fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Release);
        self.stop();
    }
}

/// This process as an owner from now on, and as no other owner in it: two that had the same name would both have the run.
pub(super) fn new_owner() -> String {
    static LAST: Mutex<String> = Mutex::new(String::new());
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let mut owner = owner_from_now_on();
    while owner == *last {
        owner = owner_from_now_on();
    }
    last.clone_from(&owner);
    owner
}

/// What an end needs of the transaction that commits it. That keeps others away until it ends, so from here on the server ends it if
/// it stands still for longer than the lease lasts; and once it is committed, it is to stay so.
pub(super) fn bound(transaction: &mut Transaction<'_>, lease: Duration) -> Result<(), postgres::Error> {
    const BOUND: &str = "
        select pg_catalog.set_config('idle_in_transaction_session_timeout', least(nullif(setting::bigint, 0), $1)::text, true),
            case pg_catalog.current_setting('synchronous_commit') when 'off' then pg_catalog.set_config('synchronous_commit', 'on', true) end
        from pg_catalog.pg_settings where name = 'idle_in_transaction_session_timeout'";
    let milliseconds = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
    transaction.query(BOUND, &[&milliseconds.clamp(1, i64::from(i32::MAX))]).map(drop)
}

/// The refusal that says who owns the run.
fn owned(session: &mut Session, key: &str) -> Result<JournalError, Fault> {
    const OWNER: &str = "
        select owner, greatest(0, ceil(extract(epoch from expires - pg_catalog.clock_timestamp())))::bigint
        from etl_context.runs where key = $1";
    Ok(match session.query_one(OWNER, &[&key])? {
        Some(row) => JournalError::owned(format!(
            "run `{key}` is owned by {}, whose lease runs for another {} seconds unless it is renewed; \
             wait until it has ended, or stop it; if it is gone, wait for the end of the lease",
            row.get::<_, &str>(0),
            row.get::<_, i64>(1)
        )),
        None => JournalError::owned(format!("run `{key}` was owned by somebody else a moment ago; try again")),
    })
}
