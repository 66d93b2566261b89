//! Which run is it? Another export is another run, and the same export is the same run, wherever it lies.

use serde::Serialize;

#[cfg(feature = "postgres")]
use crate::export::Export;

/// What makes it this import and not another: a journal of other ones is refused.
#[derive(Debug, Serialize)]
pub(crate) struct Parameters<'a> {
    pub(crate) export: &'a str,
    pub(crate) database: &'a std::path::Path,
}

/// The name of the export and what its content comes to, as in `skype-import/messages.json/f4da2b6c3a7d1e09`.
#[cfg(feature = "postgres")]
pub(crate) fn key(export: &Export) -> String {
    // Long enough that no two exports meet in it, and short enough to be read.
    let digest = export.digest.get(..16).unwrap_or(&export.digest);
    format!("skype-import/{}/{digest}", export.name.file_name().unwrap_or_default().display())
}

/// Tells the run from those with the same key in other databases. It shows no password.
#[cfg(feature = "postgres")]
pub(crate) fn fingerprint(url: &str, key: &str) -> String {
    let told = format!("{key} in {}", etl_context::Database::from(url));
    format!("{:016x}", xxhash_rust::xxh3::xxh3_64(told.as_bytes()))
}
