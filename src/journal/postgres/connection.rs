//! Who speaks with the database? One client on a thread of its own: it brings an asynchronous runtime with it, which must not
//! be started on a thread that belongs to another one. And whoever asks does not wait longer than he wants to.

use std::fmt;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::journal::JournalError;
use crate::journal::postgres::call::Call;
use crate::journal::postgres::database::Database;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::session::Session;

/// How much longer than its patience a call may take, because its last try was begun by then.
pub(super) const GRACE: Duration = Duration::from_secs(5);

type Job = Box<dyn FnOnce(&mut Session) + Send>;

/// The way to the thread that owns the client.
pub(super) struct Connection {
    /// `None` before the first call, and after one that had no answer: its thread is left to itself.
    worker: Mutex<Option<Worker>>,
    database: Database,
}

impl Connection {
    /// Connects when it is first asked for something.
    pub(super) fn new(database: Database) -> Self {
        Connection { worker: Mutex::default(), database }
    }

    /// Connects, and does some work first. A database that is just starting is waited for; one that is not there is not.
    pub(super) fn open(
        database: Database,
        first: impl FnMut(&mut Session) -> Result<(), Fault> + Send + 'static,
    ) -> Result<Self, JournalError> {
        database.check()?;
        let limit = database.time_to_connect() + GRACE;
        let connection = Connection::new(database);
        connection.run_within(Duration::ZERO, limit, first).map_err(|fault| connection.cannot("use", fault))?;
        Ok(connection)
    }

    /// Does the work, and does it again on a new connection for as long as the fault is one that passes and patience lasts.
    /// The work must therefore do no harm when it is done twice.
    pub(super) fn run<T: Send + 'static>(
        &self,
        patience: Duration,
        work: impl FnMut(&mut Session) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        self.run_within(patience, patience.saturating_add(GRACE), work)
    }

    /// The same, and waits for it until the limit, whatever the connection does.
    pub(super) fn run_within<T: Send + 'static>(
        &self,
        patience: Duration,
        limit: Duration,
        work: impl FnMut(&mut Session) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        let (report, outcome) = mpsc::channel();
        let call = Arc::new(Call::default());
        let made = Arc::clone(&call);
        let worker = self.send(Box::new(move |session| {
            // Nobody waits for it any more if the caller has panicked.
            let _ = report.send(session.make(made, patience, work));
        }))?;
        match outcome.recv_timeout(limit) {
            Ok(outcome) => outcome,
            Err(RecvTimeoutError::Disconnected) => Err(ended()),
            Err(RecvTimeoutError::Timeout) => {
                self.leave(worker);
                let fault = Fault::Silent(limit);
                Err(if call.give_up() { Fault::InDoubt(Box::new(fault)) } else { fault })
            }
        }
    }

    /// Hands the job to the thread, and says which thread that is.
    fn send(&self, job: Job) -> Result<thread::ThreadId, Fault> {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let worker = match &mut *worker {
            Some(worker) => worker,
            none => none.insert(Worker::start(&self.database)?),
        };
        worker.send(job)
    }

    /// Leaves this thread to itself. It ends when its connection does, and nobody waits for that.
    fn leave(&self, silent: thread::ThreadId) {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(left) = worker.take_if(|worker| worker.thread.as_ref().is_some_and(|thread| thread.thread().id() == silent)) {
            left.leave();
        }
    }

    pub(super) fn database(&self) -> &Database {
        &self.database
    }

    /// The fault, with what was to be done and where.
    pub(super) fn cannot(&self, what: &str, fault: Fault) -> JournalError {
        fault.saying(&format!("cannot {what} the {}", self.database))
    }
}

fn ended() -> Fault {
    Fault::Refused(JournalError::new("the thread that speaks with the database has ended"))
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({})", self.database)
    }
}

/// A thread with a client.
struct Worker {
    /// `None` only while the connection is being closed.
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    /// Says nothing, and is closed when the thread ends.
    ended: Receiver<()>,
}

impl Worker {
    fn start(database: &Database) -> Result<Self, Fault> {
        let (jobs, to_do) = mpsc::channel::<Job>();
        let (ends, ended) = mpsc::channel();
        let mut session = Session::new(database.clone());
        let work = move || {
            let _ends: Sender<()> = ends;
            for job in to_do {
                job(&mut session);
            }
        };
        match thread::Builder::new().name("etl-context postgres".to_owned()).spawn(work) {
            Ok(thread) => Ok(Worker { jobs: Some(jobs), thread: Some(thread), ended }),
            Err(error) => Err(JournalError::new("cannot start a thread for the database").with_source(error).into()),
        }
    }

    fn send(&self, job: Job) -> Result<thread::ThreadId, Fault> {
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        self.thread.as_ref().filter(|_| sent).map(|thread| thread.thread().id()).ok_or_else(ended)
    }

    fn leave(mut self) {
        self.thread = None;
    }
}

/// What was asked for is done before the connection is closed, which is not waited for without end.
impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take()
            && self.ended.recv_timeout(GRACE) == Err(RecvTimeoutError::Disconnected)
        {
            let _ = thread.join();
        }
    }
}
