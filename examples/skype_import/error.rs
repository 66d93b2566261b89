//! Why an import cannot go on.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A caller's own error, with which it stops a running phase.
pub(crate) type Stop = Box<dyn std::error::Error + Send + Sync>;

const EXPORT: &str = "expected the messages.json of a Skype export, or the tar archive around it";

/// Every message says what failed, on which file, and why.
///
/// The cause is part of the message and therefore not repeated as `source()`.
#[derive(Debug, Error)]
pub(crate) enum ImportError {
    #[error("cannot read the export {}: {problem}; {EXPORT}", file.display())]
    UnreadableExport { file: PathBuf, problem: io::Error },

    #[error("{file} is no readable Skype export: {problem}; {EXPORT}")]
    NotAnExport {
        file: String,
        /// Knows the line and the column.
        problem: serde_json::Error,
    },

    #[error("the archive {} contains no messages.json; {EXPORT}", file.display())]
    ArchiveWithoutMessages { file: PathBuf },

    #[error("cannot {action} {}: {problem}", file.display())]
    Staging { action: &'static str, file: PathBuf, problem: io::Error },

    #[error("the staged file {} has no readable line at byte {offset}: {problem}", file.display())]
    DamagedStaging { file: PathBuf, offset: u64, problem: String },

    #[error("cannot {action} the database {}: {problem}", file.display())]
    Database { action: &'static str, file: PathBuf, problem: rusqlite::Error },

    #[cfg(feature = "postgres")]
    #[error("cannot {action} the tables in the schema `skype`: {}", said(problem))]
    Postgres { action: &'static str, problem: postgres::Error },

    /// The caller's callback returned this error.
    #[error(transparent)]
    Stopped(Stop),
}

/// What the server said; the error itself only tells that it said something.
#[cfg(feature = "postgres")]
fn said(problem: &postgres::Error) -> String {
    problem.as_db_error().map_or_else(|| problem.to_string(), ToString::to_string)
}
