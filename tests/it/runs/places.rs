//! The places on which a rule has to hold.

use std::path::Path;

use etl_context::Runs;
use tempfile::TempDir;

#[cfg(all(unix, feature = "postgres", feature = "testing"))]
use crate::postgres::server::{TestDatabase, database};

/// Where the runs of a job are kept, so that they can be asked for again.
pub(crate) enum Place {
    Folder(TempDir),
    #[cfg(all(unix, feature = "sqlite", feature = "testing"))]
    Sqlite(TempDir),
    #[cfg(all(unix, feature = "postgres", feature = "testing"))]
    Postgres(TestDatabase),
}

impl Place {
    /// As another process would find them.
    pub(crate) fn runs(&self) -> Runs {
        match self {
            Place::Folder(folder) => Runs::in_folder(folder.path().join("runs")),
            #[cfg(all(unix, feature = "sqlite", feature = "testing"))]
            Place::Sqlite(folder) => Runs::in_sqlite(folder.path().join("runs.db")),
            #[cfg(all(unix, feature = "postgres", feature = "testing"))]
            Place::Postgres(database) => Runs::in_postgres(database.url()).unwrap(),
        }
    }
}

/// Tries the rule on a place of each kind.
pub(crate) fn in_every_place(rule: impl Fn(&Place)) {
    rule(&Place::Folder(TempDir::new().unwrap()));
    #[cfg(all(unix, feature = "sqlite", feature = "testing"))]
    rule(&Place::Sqlite(TempDir::new().unwrap()));
    #[cfg(all(unix, feature = "postgres", feature = "testing"))]
    if let Some(database) = database() {
        rule(&Place::Postgres(database));
    }
}

pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}
