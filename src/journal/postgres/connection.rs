//! Who speaks with the database? One client on a thread of its own: it brings an asynchronous runtime with it, which must not
//! be started on a thread that belongs to another one. That thread also does what has to be done again and again.

use std::collections::HashMap;
use std::fmt;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use postgres::types::ToSql;
use postgres::{Client, Row, Statement, Transaction};

use crate::journal::JournalError;
use crate::journal::postgres::database::Database;
use crate::journal::postgres::fault::Fault;

/// How long to wait before the database is asked again.
const PAUSE: Duration = Duration::from_millis(50);

type Job = Box<dyn FnOnce(&mut Session) + Send>;

type Again = Box<dyn FnMut(&mut Session) -> Result<(), Fault> + Send>;

/// The way to the thread that owns the client.
pub(super) struct Connection {
    /// `None` only while the connection is being closed.
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    database: Database,
}

impl Connection {
    /// Connects, and does some work first. A database that is just starting is waited for; one that is not there is not.
    pub(super) fn open(
        database: Database,
        first: impl FnMut(&mut Session) -> Result<(), Fault> + Send + 'static,
    ) -> Result<Self, JournalError> {
        database.check()?;
        let (jobs, to_do) = mpsc::channel();
        let mut session = Session { database: database.clone(), client: None, statements: HashMap::new(), chore: None };
        let thread = thread::Builder::new().name("etl-context postgres".to_owned()).spawn(move || session.serve(&to_do));
        let thread = thread.map_err(|error| JournalError::new("cannot start a thread for the database").with_source(error))?;
        let connection = Connection { jobs: Some(jobs), thread: Some(thread), database };
        connection.run(Duration::ZERO, first).map_err(|fault| connection.cannot("use", fault))?;
        Ok(connection)
    }

    /// Does the work, and does it again on a new connection for as long as the fault is one that passes and patience lasts.
    /// The work must therefore do no harm when it is done twice.
    pub(super) fn run<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnMut(&mut Session) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (report, outcome) = mpsc::channel();
        let job: Job = Box::new(move |session| {
            // Nobody waits for it any more if the caller has panicked.
            let _ = report.send(session.persist(patience, work));
        });
        let ended = || Fault::Refused(JournalError::new("the thread that speaks with the database has ended"));
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        if sent { outcome.recv().unwrap_or_else(|_| Err(ended())) } else { Err(ended()) }
    }

    /// Does this on the connection's thread every so often, from now on, whatever comes of it.
    pub(super) fn every(&self, interval: Duration, work: impl FnMut(&mut Session) -> Result<(), Fault> + Send + 'static) {
        let chore = Chore { interval, due: Instant::now() + interval, work: Box::new(work) };
        let job: Job = Box::new(move |session| session.chore = Some(chore));
        let _ = self.jobs.as_ref().map(|jobs| jobs.send(job));
    }

    /// Ends what is done every so often.
    pub(super) fn rest(&self) {
        let job: Job = Box::new(|session| session.chore = None);
        let _ = self.jobs.as_ref().map(|jobs| jobs.send(job));
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// The fault, with what was to be done and where.
    pub(super) fn cannot(&self, what: &str, fault: Fault) -> JournalError {
        fault.saying(&format!("cannot {what} the {}", self.database))
    }
}

/// What was asked for is done before the connection is closed.
impl Drop for Connection {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({})", self.database)
    }
}

/// Work that comes back.
struct Chore {
    interval: Duration,
    due: Instant,
    work: Again,
}

/// The client, on its thread.
pub(super) struct Session {
    database: Database,
    client: Option<Client>,
    /// The statements that this connection has prepared.
    statements: HashMap<&'static str, Statement>,
    chore: Option<Chore>,
}

impl Session {
    fn serve(&mut self, to_do: &Receiver<Job>) {
        loop {
            // However much else there is to do: a lease that is not renewed is lost.
            if self.chore.as_ref().is_some_and(|chore| chore.due <= Instant::now()) {
                self.do_chore();
            }
            let job = match self.chore.as_ref().map(|chore| chore.due.saturating_duration_since(Instant::now())) {
                Some(wait) => to_do.recv_timeout(wait),
                None => to_do.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match job {
                Ok(job) => job(self),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// A chore that fails is tried again the next time.
    fn do_chore(&mut self) {
        let Some(mut chore) = self.chore.take() else { return };
        let _ = self.persist(Duration::ZERO, &mut chore.work);
        chore.due = Instant::now() + chore.interval;
        self.chore = Some(chore);
    }

    fn persist<T>(&mut self, patience: Duration, mut work: impl FnMut(&mut Session) -> Result<T, Fault>) -> Result<T, Fault> {
        let begun = Instant::now();
        loop {
            match self.connect().and_then(|()| work(self)) {
                Err(fault) if fault.passes() => {
                    self.disconnect();
                    if begun.elapsed() >= patience {
                        return Err(fault);
                    }
                    thread::sleep(PAUSE);
                }
                outcome => return outcome,
            }
        }
    }

    fn connect(&mut self) -> Result<(), Fault> {
        // What the events promise does not depend on how the database is set up.
        const SETTINGS: &str = "
            set default_transaction_isolation = 'read committed';
            set lock_timeout = '5s';
            select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'";
        if self.client.as_ref().is_none_or(Client::is_closed) {
            self.disconnect();
            let mut client = self.database.connect()?;
            client.batch_execute(SETTINGS)?;
            self.client = Some(client);
        }
        Ok(())
    }

    fn disconnect(&mut self) {
        self.client = None;
        self.statements.clear();
    }

    fn client(&mut self) -> Result<&mut Client, Fault> {
        self.client.as_mut().ok_or_else(|| Fault::Refused(JournalError::new("there is no connection to the database")))
    }

    /// The rows of one statement, which is a transaction of its own.
    pub(super) fn query(&mut self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Fault> {
        let statement = match self.statements.get(sql) {
            Some(statement) => statement.clone(),
            None => self.client()?.prepare(sql)?,
        };
        let rows = self.client()?.query(&statement, parameters)?;
        self.statements.insert(sql, statement);
        Ok(rows)
    }

    /// The only row of one statement, if there is one.
    pub(super) fn query_one(&mut self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>, Fault> {
        Ok(self.query(sql, parameters)?.into_iter().next())
    }

    /// Several statements that hold together; dropped without a commit, they have not happened.
    pub(super) fn transaction(&mut self) -> Result<Transaction<'_>, Fault> {
        Ok(self.client()?.transaction()?)
    }
}
