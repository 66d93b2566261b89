//! Which run is it? Another export is another run, and the same export is the same run, wherever it lies.

use std::path::Path;

use serde::Serialize;

use crate::error::ImportError;
use crate::export::Export;
use crate::load::sqlite::runs_of;

/// What makes it this import and not another: a journal of other ones is refused.
#[derive(Debug, Serialize)]
pub(crate) struct Parameters<'a> {
    pub(crate) export: &'a str,
    pub(crate) database: &'a Path,
}

/// A run in the database that it fills.
#[derive(Debug, PartialEq)]
pub(crate) struct InDatabase {
    /// Under which the journal finds it.
    pub(crate) key: String,
    /// A name for files that only this run has.
    pub(crate) name: String,
}

/// The latest run of the export, whatever the export is called, or the one after it.
pub(crate) fn in_database(database: &Path, export: &Export, again: bool) -> Result<InDatabase, ImportError> {
    let digest = short(&export.digest);
    let beginning = format!("skype-import/{digest}");
    let runs = runs_of(database, &beginning)?;
    let latest = runs.iter().filter_map(|key| number(key, &beginning)).max().unwrap_or(0);
    // Without any, the one that comes is the first one.
    Ok(match latest + u32::from(again && latest > 0) {
        0 | 1 => InDatabase { key: beginning, name: digest.to_owned() },
        number => InDatabase { key: format!("{beginning}/{number}"), name: format!("{digest}-{number}") },
    })
}

/// The first run of an export has no number.
fn number(key: &str, beginning: &str) -> Option<u32> {
    match key.strip_prefix(beginning)? {
        "" => Some(1),
        later => later.strip_prefix('/')?.parse().ok(),
    }
}

/// Long enough that no two exports meet in it, and short enough to be read.
fn short(digest: &str) -> &str {
    digest.get(..16).unwrap_or(digest)
}

/// The name of the export and what its content comes to, as in `skype-import/messages.json/f4da2b6c3a7d1e09`.
#[cfg(feature = "postgres")]
pub(crate) fn key(export: &Export) -> String {
    let digest = short(&export.digest);
    format!("skype-import/{}/{digest}", export.name.file_name().unwrap_or_default().display())
}

/// Tells the run from those with the same key in other databases. It shows no password.
#[cfg(feature = "postgres")]
pub(crate) fn fingerprint(url: &str, key: &str) -> String {
    let told = format!("{key} in {}", etl_context::Database::from(url));
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(told.as_bytes()))
}
