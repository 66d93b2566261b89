//! Where an import reads and writes.

use std::fs;
use std::path::{self, Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use tempfile::{Builder, TempDir};

use crate::command_line::Import;
use crate::staging::Staging;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/skype_import/sample/messages.json");

/// These two make it this import and not another: a journal of other ones is refused.
#[derive(Serialize)]
pub(crate) struct Places {
    pub(crate) export: PathBuf,
    /// An absolute path, which is always that of a file: `SQLite` has other uses for some relative ones.
    pub(crate) database: PathBuf,
    #[serde(skip)]
    pub(crate) journal: Option<PathBuf>,
    #[serde(skip)]
    pub(crate) report: Option<PathBuf>,
    #[serde(skip)]
    #[cfg_attr(not(feature = "open-lineage"), allow(dead_code, reason = "without the feature there is none"))]
    pub(crate) lineage: Option<PathBuf>,
    #[serde(skip)]
    pub(crate) staging: Staging,
    #[serde(skip)]
    staging_directory: StagingDirectory,
    /// The directory of a temporary database, removed with this value unless the database is kept.
    #[serde(skip)]
    database_directory: Option<TempDir>,
}

enum StagingDirectory {
    /// Removed with this value.
    Temporary(TempDir),
    /// Kept for the process that goes on with this import, and removed once the import is complete.
    Kept(PathBuf),
}

impl Places {
    pub(crate) fn of(request: Import) -> anyhow::Result<Self> {
        let (database, database_directory) = match request.database {
            Some(file) => (path::absolute(file).context("--db needs the path of a file")?, None),
            None => temporary_database()?,
        };
        let staging_directory = match &request.journal {
            Some(journal) => StagingDirectory::beside(journal)?,
            None => StagingDirectory::temporary(&database)?,
        };
        let export = request.export.unwrap_or_else(|| SAMPLE.into());
        Ok(Places {
            export: path::absolute(export).context("the export needs a path")?,
            database,
            journal: request.journal,
            report: request.report,
            lineage: request.lineage,
            staging: Staging::open(staging_directory.path())?,
            staging_directory,
            database_directory,
        })
    }

    /// Removes what only an unfinished import needs. Without this call, a temporary database is removed.
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        if let Some(mut directory) = self.database_directory {
            directory.disable_cleanup(true);
        }
        if let StagingDirectory::Kept(directory) = self.staging_directory {
            fs::remove_dir_all(&directory).with_context(|| format!("cannot remove {}", directory.display()))?;
        }
        Ok(())
    }
}

fn temporary_database() -> anyhow::Result<(PathBuf, Option<TempDir>)> {
    let directory = Builder::new().prefix("skype_import-").tempdir().context("cannot create a temporary database")?;
    Ok((directory.path().join("skype.db"), Some(directory)))
}

impl StagingDirectory {
    /// Beside the database, where there is room for the export.
    fn temporary(database: &Path) -> anyhow::Result<Self> {
        let parent = database.parent().unwrap_or(database);
        let directory = Builder::new().prefix(".skype_import-").tempdir_in(parent);
        let refused = || format!("cannot write to the directory of the database {}", database.display());
        directory.map(StagingDirectory::Temporary).with_context(refused)
    }

    /// Where the next process that opens this journal finds it.
    fn beside(journal: &Path) -> anyhow::Result<Self> {
        let mut directory = journal.as_os_str().to_owned();
        directory.push(".staging");
        let directory = PathBuf::from(directory);
        fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
        Ok(StagingDirectory::Kept(directory))
    }

    fn path(&self) -> &Path {
        match self {
            StagingDirectory::Temporary(directory) => directory.path(),
            StagingDirectory::Kept(directory) => directory,
        }
    }
}
