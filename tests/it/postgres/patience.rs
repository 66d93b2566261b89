//! Waiting for what happens by itself, such as the end of a lease.

use std::thread;
use std::time::{Duration, Instant};

use etl_context::{Journal, JournalError, PostgresJournal};

/// What is found, once it is there.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "within a minute, {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Takes the run as soon as nobody owns it.
pub(crate) fn when_free(mut journal: PostgresJournal) -> Result<PostgresJournal, JournalError> {
    let outcome = eventually("the lease of the last owner ends", || match journal.load() {
        Err(error) if error.is_owned() => None,
        outcome => Some(outcome),
    });
    outcome.map(|_| journal)
}
