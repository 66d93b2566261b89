//! Where an import reads and writes.

use std::path::{self, Path, PathBuf};

use anyhow::Context as _;
use tempfile::{Builder, TempDir};

use crate::command_line::Import;
use crate::staging::Staging;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/skype_import/sample/messages.json");

pub(crate) struct Places {
    pub(crate) export: PathBuf,
    /// An absolute path, which is always that of a file: `SQLite` has other uses for some relative ones.
    pub(crate) database: PathBuf,
    pub(crate) staging: Staging,
    /// Removed with this value.
    _staging_directory: TempDir,
    /// The directory of a temporary database, removed with this value unless the database is kept.
    database_directory: Option<TempDir>,
}

impl Places {
    pub(crate) fn of(request: Import) -> anyhow::Result<Self> {
        let (database, database_directory) = match request.database {
            Some(file) => (path::absolute(file).context("--db needs the path of a file")?, None),
            None => temporary_database()?,
        };
        let staging_directory = staging_directory(&database)?;
        Ok(Places {
            export: request.export.unwrap_or_else(|| SAMPLE.into()),
            database,
            staging: Staging::open(staging_directory.path())?,
            _staging_directory: staging_directory,
            database_directory,
        })
    }

    /// Without this call, a temporary database is removed.
    pub(crate) fn keep_database(&mut self) {
        if let Some(directory) = &mut self.database_directory {
            directory.disable_cleanup(true);
        }
    }
}

fn temporary_database() -> anyhow::Result<(PathBuf, Option<TempDir>)> {
    let directory = Builder::new().prefix("skype_import-").tempdir().context("cannot create a temporary database")?;
    Ok((directory.path().join("skype.db"), Some(directory)))
}

/// Beside the database, where there is room for the export.
fn staging_directory(database: &Path) -> anyhow::Result<TempDir> {
    let parent = database.parent().unwrap_or(database);
    let directory = Builder::new().prefix(".skype_import-").tempdir_in(parent);
    directory.with_context(|| format!("cannot write to the directory of the database {}", database.display()))
}
