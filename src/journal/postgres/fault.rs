//! What went wrong between here and the database, and does it pass?

use std::error::Error as StdError;
use std::io;

use postgres::error::SqlState;

use crate::journal::JournalError;

/// Why something that was asked of the database was not done.
pub(super) enum Fault {
    /// The database, or the way to it, failed.
    Database(postgres::Error),
    /// What was asked for is refused.
    Refused(JournalError),
}

impl Fault {
    /// Whether it may be gone the next time: the server is not there or starting, or somebody else was in the way.
    pub(super) fn passes(&self) -> bool {
        match self {
            Fault::Database(error) => passes(error),
            Fault::Refused(_) => false,
        }
    }

    /// Says what was to be done, as in `cannot read the run`.
    pub(super) fn saying(self, what: &str) -> JournalError {
        match self {
            Fault::Database(error) => JournalError::new(format!("{what}: {}", explained(&error))).with_source(error),
            Fault::Refused(error) => error,
        }
    }
}

impl From<postgres::Error> for Fault {
    fn from(error: postgres::Error) -> Self {
        Fault::Database(error)
    }
}

impl From<JournalError> for Fault {
    fn from(error: JournalError) -> Self {
        Fault::Refused(error)
    }
}

fn passes(error: &postgres::Error) -> bool {
    const STATES: [SqlState; 8] = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_SESSION_TIMEOUT,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
    ];
    match error.code() {
        Some(state) => STATES.contains(state) || state.code().starts_with("08"),
        None => error.is_closed() || error.source().is_some_and(<dyn StdError>::is::<io::Error>),
    }
}

/// The error of the client only says `db error`; what the server said is behind it.
fn explained(error: &postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => format!("{} (SQLSTATE {})", said.message(), said.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}
