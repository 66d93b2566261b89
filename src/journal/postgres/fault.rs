//! What went wrong between here and the database, and does it pass?

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use postgres::error::{Severity, SqlState};

use crate::journal::JournalError;

/// Why something that was asked of the database was not done.
pub(super) enum Fault {
    /// The database, or the way to it, failed.
    Database(postgres::Error),
    /// What was asked for is refused.
    Refused(JournalError),
    /// The database has said nothing for this long.
    Silent(Duration),
    /// What went wrong last, while it is not known whether what was asked for has happened.
    InDoubt(Box<Fault>),
}

impl Fault {
    /// Whether it may be gone the next time: the server is not there or starting, or somebody else was in the way.
    pub(super) fn passes(&self) -> bool {
        match self {
            Fault::Database(error) => passes(error),
            Fault::Refused(_) | Fault::Silent(_) | Fault::InDoubt(_) => false,
        }
    }

    /// Whether what was sent may have happened nonetheless: the server has not said that it has not.
    pub(super) fn leaves_doubt(&self) -> bool {
        match self {
            Fault::Database(error) => error.as_db_error().is_none_or(|said| said.parsed_severity() != Some(Severity::Error)),
            Fault::Refused(_) => false,
            Fault::Silent(_) | Fault::InDoubt(_) => true,
        }
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        matches!(self, Fault::InDoubt(_))
    }

    /// Says what was to be done, as in `cannot read the run`.
    pub(super) fn saying(self, what: &str) -> JournalError {
        match self {
            Fault::Database(error) => JournalError::new(format!("{what}: {}", explained(&error))).with_source(error),
            Fault::Refused(error) => error,
            Fault::Silent(waited) => {
                JournalError::new(format!("{what}: it has said nothing for {} seconds", waited.as_secs_f64().ceil()))
            }
            Fault::InDoubt(fault) => fault.saying(what).in_doubt(),
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
    const STATES: [SqlState; 9] = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::IDLE_SESSION_TIMEOUT,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        // A standby, which may be promoted.
        SqlState::READ_ONLY_SQL_TRANSACTION,
    ];
    match error.code() {
        Some(state) => STATES.contains(state) || state.code().starts_with("08"),
        None => error.is_closed() || error.source().is_some_and(<dyn StdError>::is::<io::Error>),
    }
}

/// The error of the client only says `db error`; what the server said is behind it.
fn explained(error: &postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => format!("{} (SQLSTATE {}){}", said.message(), said.code().code(), advice(said.code())),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

/// What the server cannot know, for it is somebody between here and there.
fn advice(state: &SqlState) -> &'static str {
    match *state {
        SqlState::INVALID_SQL_STATEMENT_NAME | SqlState::DUPLICATE_PSTATEMENT => {
            "; a pool between this program and the server, such as pgbouncer, has to be in session mode"
        }
        _ => "",
    }
}
