//! Where an import reads and writes.

use std::fs;
use std::path::{self, Path, PathBuf};

use anyhow::Context as _;
use tempfile::{Builder, TempDir};

use crate::command_line::Import;
use crate::report::Report;
#[cfg(feature = "postgres")]
use crate::run_key;
use crate::staging::Staging;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sample/messages.json");

pub(crate) struct Places {
    pub(crate) export: PathBuf,
    pub(crate) destination: Destination,
    /// The page that tells of the run. An import into PostgreSQL has one only if it is told where to put it.
    pub(crate) report: Option<Report>,
    pub(crate) lineage: Option<PathBuf>,
    pub(crate) staging: Staging,
    staging_directory: StagingDirectory,
    /// The directory of a temporary database, removed with this value unless the database is kept.
    database_directory: Option<TempDir>,
}

/// Where the rows go, and the record of the run.
pub(crate) enum Destination {
    Sqlite {
        /// An absolute path, which is always that of a file: `SQLite` has other uses for some relative ones.
        database: PathBuf,
        journal: Option<PathBuf>,
    },
    #[cfg(feature = "postgres")]
    Postgres {
        url: String,
        /// Under which the journal in the database finds this import, and no other.
        key: String,
    },
}

enum StagingDirectory {
    /// Removed with this value.
    Temporary(TempDir),
    /// Kept for the process that goes on with this import, and removed once the import is complete.
    Kept(PathBuf),
}

impl Places {
    pub(crate) fn of(request: Import) -> anyhow::Result<Self> {
        let export = path::absolute(request.export.as_deref().unwrap_or(Path::new(SAMPLE))).context("the export needs a path")?;
        let (destination, database_directory) = Destination::of(&request, &export)?;
        let staging_directory = StagingDirectory::of(&destination)?;
        let report = request.report.map(Report::asked_for).or_else(|| destination.report());
        Ok(Places {
            export,
            destination,
            report,
            lineage: request.lineage,
            staging: Staging::new(staging_directory.path()),
            staging_directory,
            database_directory,
        })
    }

    /// Whether the run may have been on another machine before.
    pub(crate) fn may_be_staged_elsewhere(&self) -> bool {
        !matches!(self.destination, Destination::Sqlite { .. })
    }

    /// Removes what only an unfinished import needs. Without this call, a temporary database is removed.
    pub(crate) fn finish(&mut self) -> anyhow::Result<()> {
        if let Some(directory) = &mut self.database_directory {
            directory.disable_cleanup(true);
        }
        match &self.staging_directory {
            StagingDirectory::Kept(directory) if directory.exists() => {
                fs::remove_dir_all(directory).with_context(|| format!("cannot remove {}", directory.display()))
            }
            _ => Ok(()),
        }
    }
}

impl Destination {
    /// Together with the directory of the database, if that is a temporary one.
    #[cfg_attr(not(feature = "postgres"), allow(unused_variables, reason = "only the key of a run is made of the export"))]
    fn of(request: &Import, export: &Path) -> anyhow::Result<(Self, Option<TempDir>)> {
        #[cfg(feature = "postgres")]
        if let Some(url) = &request.postgres {
            return Ok((Destination::Postgres { url: url.clone(), key: run_key::of_export(export)? }, None));
        }
        let (database, directory) = match &request.database {
            Some(file) => (path::absolute(file).context("--db needs the path of a file")?, None),
            None => temporary_database()?,
        };
        Ok((Destination::Sqlite { database, journal: request.journal.clone() }, directory))
    }

    /// The one that is written though nobody said where to put it.
    #[cfg_attr(not(feature = "postgres"), allow(clippy::unnecessary_wraps, reason = "beside a server there is no place for one"))]
    fn report(&self) -> Option<Report> {
        match self {
            Destination::Sqlite { database, .. } => Some(Report::beside(database)),
            #[cfg(feature = "postgres")]
            Destination::Postgres { .. } => None,
        }
    }
}

fn temporary_database() -> anyhow::Result<(PathBuf, Option<TempDir>)> {
    let directory = Builder::new().prefix("skype_import-").tempdir().context("cannot create a temporary database")?;
    Ok((directory.path().join("skype.db"), Some(directory)))
}

impl StagingDirectory {
    fn of(destination: &Destination) -> anyhow::Result<Self> {
        match destination {
            Destination::Sqlite { journal: Some(journal), .. } => StagingDirectory::beside(journal),
            Destination::Sqlite { database, journal: None } => StagingDirectory::temporary(database),
            #[cfg(feature = "postgres")]
            Destination::Postgres { url, key } => {
                let name = format!("skype_import-{}", run_key::fingerprint(url, key));
                Ok(StagingDirectory::Kept(std::env::temp_dir().join(name)))
            }
        }
    }

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
