//! What runs are there, and how are they? For those who watch from elsewhere.

use std::time::Duration;

use crate::journal::JournalError;
use crate::journal::postgres::connection::Connection;
use crate::journal::postgres::database::Database;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::session::Session;
use crate::journal::postgres::{events, schema};
use crate::record::RunRecord;
use crate::record::clock::Timestamp;
use crate::record::run_id::RunId;
use crate::record::status::RunStatus;

/// Reads the runs in a PostgreSQL database, whoever owns them. It creates nothing and needs no more than the right to read.
///
/// ```no_run
/// use etl_context::PostgresRuns;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let runs = PostgresRuns::connect("postgres://nightly@db.example.org/imports")?;
/// for run in runs.list_runs("import", 10)? {
///     let owner = run.owner.as_deref().unwrap_or("nobody");
///     println!("{} {} since {}, owned by {owner}", run.key, run.status, run.start_time);
///     if let Some(record) = runs.read(run.run_id)? {
///         println!("{}", record.summary());
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PostgresRuns {
    connection: Connection,
}

/// A run as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListedRun {
    /// The run's identity.
    pub run_id: RunId,
    /// Under which key a [`PostgresJournal`](crate::PostgresJournal) finds it.
    pub key: String,
    /// The name that the author gave it.
    pub name: String,
    /// Its status, as in [`RunSummary::status`](crate::RunSummary::status). A run that is `running` and has no owner was
    /// interrupted.
    pub status: RunStatus,
    /// The phase that is running.
    pub current_phase: Option<String>,
    /// When it began.
    pub start_time: Timestamp,
    /// From its beginning to the end of the phase that ended last. While it has an owner and a phase is running, or none has
    /// ended, until now.
    pub duration: Duration,
    /// Who owns it now.
    pub owner: Option<String>,
}

/// How long a server that restarts is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

impl PostgresRuns {
    /// Connects to the database, from a [`DbConfig`](crate::DbConfig), a connection string, or a [`Database`].
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the database cannot be reached, or if its tables are those of a newer version.
    pub fn connect(database: impl Into<Database>) -> Result<Self, JournalError> {
        let connection = Connection::open(database.into(), |session| schema::exists(session).map(drop))?;
        Ok(PostgresRuns { connection })
    }

    /// The latest runs of this name, or of any name with `None`, the latest first, and no more than `limit`.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the database cannot be read.
    pub fn list_runs<'a>(&self, name: impl Into<Option<&'a str>>, limit: u32) -> Result<Vec<ListedRun>, JournalError> {
        const LIST: &str = "
            select run_id::text, key, name, status, current_phase,
                to_char(start_time at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),
                greatest(0, extract(epoch from duration))::float8, owner
            from etl_context.run_list
            where $1::text is null or name = $1
            order by start_time desc, run_list.run_id desc
            limit $2";
        let name = name.into().map(events::findable);
        let listed = self.connection.run(PATIENCE, move |session| {
            if !schema::exists(session)? {
                return Ok(Vec::new());
            }
            // How many rows have to be looked at depends on the limit.
            session.query_anew(LIST, &[&name, &i64::from(limit)])?.iter().map(|row| Ok(listed(row)?)).collect()
        });
        listed.map_err(|fault| self.cannot_read(fault))
    }

    /// The run with this identity; `None` if the database does not hold it.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the database cannot be read, or if what it holds is damaged.
    pub fn read(&self, run: RunId) -> Result<Option<RunRecord>, JournalError> {
        self.record_of(&run.to_string())
    }

    pub(super) fn record_of(&self, run: &str) -> Result<Option<RunRecord>, JournalError> {
        let read = events::of_run(&self.connection, PATIENCE, run);
        let events = read.map_err(|fault| self.cannot_read(fault))?;
        if events.is_empty() {
            return Ok(None);
        }
        RunRecord::replay(&events).map(Some).ok_or_else(|| JournalError::impossible(run))
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    pub(super) fn cannot_read(&self, fault: Fault) -> JournalError {
        self.connection.cannot("read", fault)
    }
}

/// The identity of the run with this key, once it has begun.
pub(super) fn run_id(session: &mut Session, key: &str) -> Result<Option<String>, Fault> {
    const RUN: &str = "select run_id::text from etl_context.runs where key = $1 and run_id is not null";
    Ok(session.query_one(RUN, &[&key])?.map(|row| row.get(0)))
}

fn listed(row: &postgres::Row) -> Result<ListedRun, JournalError> {
    let unreadable = |what: &str| JournalError::new(format!("the view `etl_context.run_list` holds an unreadable {what}"));
    let (run_id, status, start_time): (&str, &str, &str) = (row.get(0), row.get(3), row.get(5));
    Ok(ListedRun {
        run_id: run_id.parse().map_err(|_| unreadable("run_id"))?,
        key: row.get(1),
        name: row.get(2),
        status: status.parse().map_err(|_| unreadable("status"))?,
        current_phase: row.get(4),
        start_time: start_time.parse().map_err(|_| unreadable("start_time"))?,
        duration: Duration::try_from_secs_f64(row.get(6)).map_err(|_| unreadable("duration"))?,
        owner: row.get(7),
    })
}
