//! Who keeps what is held under a lease? A thread that renews it at a third of its time, over a connection that nothing else has to
//! wait for, and that knows by the clock of this machine when nothing was heard for as long as the lease lasts.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::journal::JournalError;
use crate::journal::postgres::connection::Connection;
use crate::journal::postgres::database::Database;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::session::Session;

/// For a renewal there is at least this much time, also after a pause of the process.
const LEAST: Duration = Duration::from_millis(500);

/// After how long a renewal that failed is tried again.
const SOON: Duration = Duration::from_millis(200);

/// What is held under a lease.
pub(super) trait Held: Send + Sync + 'static {
    fn renew(&self, session: &mut Session) -> Result<(), Fault>;

    /// Nothing could be renewed for as long as the lease lasts, so somebody else may have it.
    fn give_up(&self);
}

/// Renews from now on, until it is dropped.
#[derive(Debug)]
pub(super) struct Keeper {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn start(database: Database, lease: Duration, held: Arc<impl Held>) -> Result<Self, JournalError> {
        let (stop, stopped) = mpsc::channel();
        let heard = Instant::now();
        let keeping = Keeping { connection: Connection::new(database), lease, heard, held };
        let thread = thread::Builder::new().name("etl-context lease".to_owned()).spawn(move || keeping.keep(&stopped));
        let thread = thread.map_err(|error| JournalError::new("cannot start a thread for the lease").with_source(error))?;
        Ok(Keeper { stop: Some(stop), thread: Some(thread) })
    }
}

/// Nothing is renewed any more.
impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Keeping<H> {
    connection: Connection,
    lease: Duration,
    /// When the renewal was asked for that succeeded last: the lease lasts at least from then on. Or when the process went on that
    /// was paused.
    heard: Instant,
    held: Arc<H>,
}

impl<H: Held> Keeping<H> {
    fn keep(mut self, stopped: &Receiver<()>) {
        let mut due = self.heard + self.lease / 3;
        while stopped.recv_timeout(due.saturating_duration_since(Instant::now())) == Err(RecvTimeoutError::Timeout) {
            let begun = Instant::now();
            if begun > due + self.lease / 3 {
                // The process was paused and has not asked. Whether somebody has taken the run meanwhile, the database says.
                self.heard = begun;
            }
            due = (begun + self.renew()).max(Instant::now());
        }
    }

    /// Says how long after its beginning the next renewal is due. One that failed is tried again soon, so that nobody who lets go of
    /// what is held has to wait for a server that is not there.
    fn renew(&mut self) -> Duration {
        let (begun, held) = (Instant::now(), Arc::clone(&self.held));
        let left = (self.heard + self.lease).saturating_duration_since(begun).max(LEAST);
        let outcome = self.connection.run_within(Duration::ZERO, left, move |session| held.renew(session));
        let third = self.lease / 3;
        match outcome {
            Ok(()) => self.heard = begun,
            Err(_) if self.heard.elapsed() >= self.lease => self.held.give_up(),
            Err(fault) if fault.passes() => return third.min(SOON),
            Err(_) => {}
        }
        third
    }
}
