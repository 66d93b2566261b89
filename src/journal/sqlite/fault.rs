//! What went wrong in the database, and has it happened all the same?

use std::path::Path;

use rusqlite::{Error, ErrorCode, ffi};

use crate::journal::JournalError;
use crate::text::line::{shown_path, told};

/// Why something that was asked of the database was not done.
#[derive(Debug)]
pub(super) enum Fault {
    /// It has not happened.
    Database(Error),
    /// It is refused, for this reason.
    Refused(String),
    /// A commit failed in such a way that a crash could still make it happen.
    InDoubt(Error),
    /// It is refused in words of its own.
    Journal(JournalError),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Fault::Database(error)
    }
}

impl From<JournalError> for Fault {
    fn from(error: JournalError) -> Self {
        Fault::Journal(error)
    }
}

impl Fault {
    pub(super) fn is_in_doubt(&self) -> bool {
        matches!(self, Fault::InDoubt(_))
    }

    /// Says what was to be done, as in `cannot write to`, and with which database.
    pub(super) fn saying(self, what: &str, database: &Path) -> JournalError {
        let cannot = |reason: &str| JournalError::new(format!("cannot {what} the database `{}`: {reason}", shown_path(database)));
        match self {
            Fault::Database(error) => cannot(&explained(&error)).with_source(error),
            Fault::Refused(reason) => cannot(&reason),
            Fault::InDoubt(error) => cannot(&explained(&error)).with_source(error).in_doubt(),
            Fault::Journal(error) => error,
        }
    }
}

/// The fault of a commit.
///
/// Where the write-ahead log could not be written, the end of the transaction is not in it, for that is written last. Where it could
/// not be synced, it is there, and whoever opens the database after a crash may find it or not.
pub(super) fn of_commit(error: Error) -> Fault {
    let is_undone = match error.sqlite_error() {
        Some(error) => {
            matches!(
                error.code,
                ErrorCode::DiskFull
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::ReadOnly
                    | ErrorCode::ConstraintViolation
            ) || error.extended_code == ffi::SQLITE_IOERR_WRITE
        }
        None => false,
    };
    if is_undone { Fault::Database(error) } else { Fault::InDoubt(error) }
}

/// The words of SQLite, and what they mean here.
fn explained(error: &Error) -> String {
    let said = told(error);
    if error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_BUSY_SNAPSHOT) {
        return format!("{said}: it was begun before the latest event; begin it with `TransactionBehavior::Immediate`");
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            format!("{said}: another connection is writing to it; end its transaction, or wait until it has ended")
        }
        Some(ErrorCode::NotADatabase) => format!("{said}; it is no SQLite database, or an encrypted one"),
        Some(ErrorCode::DatabaseCorrupt) => format!("{said}; restore it from a copy"),
        Some(ErrorCode::DiskFull) => format!("{said}; make room on its disk"),
        _ => said,
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::{Error, ffi};

    use super::of_commit;

    fn failed_with(code: i32) -> Error {
        Error::SqliteFailure(ffi::Error::new(code), None)
    }

    /// No test through the public API can make a sync fail.
    #[test]
    fn a_commit_is_in_doubt_if_its_sync_failed_and_not_if_it_was_not_written() {
        for code in [ffi::SQLITE_FULL, ffi::SQLITE_BUSY, ffi::SQLITE_IOERR_WRITE, ffi::SQLITE_READONLY] {
            assert!(!of_commit(failed_with(code)).is_in_doubt(), "{code}");
        }
        for code in [ffi::SQLITE_IOERR_FSYNC, ffi::SQLITE_IOERR_READ, ffi::SQLITE_IOERR, ffi::SQLITE_NOMEM] {
            assert!(of_commit(failed_with(code)).is_in_doubt(), "{code}");
        }
    }
}
