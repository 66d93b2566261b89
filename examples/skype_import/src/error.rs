//! Why an import cannot go on.

use std::io;
use std::path::PathBuf;

use etl_context::JournalError;
use thiserror::Error;

/// A caller's own error, with which it stops a running phase.
pub(crate) type Stop = Box<dyn std::error::Error + Send + Sync>;

const EXPORT: &str = "expected the messages.json of a Skype export, or the archive around it (.tar, .tar.gz, .zip)";

/// Every message says what failed, on which file, and why.
///
/// The cause is part of the message and therefore not repeated as `source()`.
#[derive(Debug, Error)]
pub(crate) enum ImportError {
    #[error("cannot read the export {}: {problem}; {EXPORT}", file.display())]
    UnreadableExport { file: PathBuf, problem: io::Error },

    #[error("{file} is no readable Skype export: {problem} at line {line} column {column}; {EXPORT}")]
    NotAnExport { file: String, problem: &'static str, line: u64, column: u64 },

    #[error("{} is {kind}; {EXPORT}", file.display())]
    KindNotRead { file: PathBuf, kind: &'static str },

    #[error("{file} has changed since it was extracted")]
    ExportChanged { file: String },

    #[error("the archive {} contains no messages.json; {EXPORT}", file.display())]
    ArchiveWithoutMessages { file: PathBuf },

    #[error("cannot {action} {}: {problem}", file.display())]
    Staging { action: &'static str, file: PathBuf, problem: io::Error },

    #[error("the staged file {} has no readable line at byte {offset}: {problem}", file.display())]
    DamagedStaging { file: PathBuf, offset: u64, problem: String },

    #[error("cannot {action} the database {}: {problem}", file.display())]
    Database { action: &'static str, file: PathBuf, problem: rusqlite::Error },

    #[error("the database {} has a table `{table}` that is not one of this import; give another file with --db", file.display())]
    ForeignDatabase { file: PathBuf, table: &'static str },

    #[error("cannot write {what} {}: {problem}", file.display())]
    Unwritable { what: &'static str, file: PathBuf, problem: io::Error },

    #[error("{one} and {other} are the same file, {}", file.display())]
    SameFile { one: &'static str, other: &'static str, file: PathBuf },

    #[cfg(feature = "postgres")]
    #[error("cannot {action} the tables in the schema `skype`: {}", said(problem))]
    Postgres { action: &'static str, problem: postgres::Error },

    /// The caller's callback returned this error.
    #[error(transparent)]
    Stopped(Stop),
}

/// The error and its causes, each of them once: some messages tell of their causes themselves.
pub(crate) fn told(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain().map(ToString::to_string) {
        match told.as_str() {
            "" => told = cause,
            before if before.contains(&cause) => {}
            _ => told = format!("{told}: {cause}"),
        }
    }
    told
}

/// Whether another process has the run, or has taken it from this one.
pub(crate) fn belongs_to_another(error: &anyhow::Error) -> bool {
    let mut refusals = error.chain().filter_map(|cause| cause.downcast_ref::<JournalError>());
    refusals.any(|refusal| refusal.is_owned() || refusal.is_ownership_lost())
}

/// Whether the command line asks for what cannot be meant.
pub(crate) fn is_wrong_command(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<ImportError>(), Some(ImportError::SameFile { .. }))
}

/// What the server said; the error itself only tells that it said something.
#[cfg(feature = "postgres")]
fn said(problem: &postgres::Error) -> String {
    problem.as_db_error().map_or_else(|| problem.to_string(), ToString::to_string)
}
