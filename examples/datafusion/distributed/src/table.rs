//! How is a table written so that it is there as a whole, or not at all? Into a folder of the attempt, which is renamed at the end.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::parquet::arrow::ArrowWriter;

/// A folder that is not there yet.
pub struct Staged {
    staging: PathBuf,
    folder: PathBuf,
}

impl Staged {
    /// What an attempt before has left is removed.
    pub fn begin(folder: &Path) -> Result<Self> {
        let staging = folder.with_extension("unfinished");
        remove(&staging)?;
        fs::create_dir_all(&staging).with_context(|| format!("cannot make `{}`", staging.display()))?;
        Ok(Staged { staging, folder: folder.to_owned() })
    }

    pub fn path(&self) -> &Path {
        &self.staging
    }

    /// From here on the folder is there, whatever happens. Nobody has read the one that it replaces, for the phase had not completed.
    pub fn commit(self) -> Result<PathBuf> {
        let committed = || format!("cannot commit `{}`", self.folder.display());
        remove(&self.folder)?;
        File::open(&self.staging).and_then(|staging| staging.sync_all()).with_context(committed)?;
        fs::rename(&self.staging, &self.folder).with_context(committed)?;
        let above = self.folder.parent().unwrap_or(Path::new("."));
        File::open(above).and_then(|above| above.sync_all()).with_context(committed)?;
        Ok(self.folder)
    }
}

fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", folder.display()))
        }
        _ => Ok(()),
    }
}

/// A Parquet file that is being written.
pub struct Table(ArrowWriter<File>);

impl Table {
    pub fn create(path: &Path, schema: SchemaRef) -> Result<Self> {
        let file = File::create(path).with_context(|| format!("cannot write `{}`", path.display()))?;
        Ok(Table(ArrowWriter::try_new(file, schema, None)?))
    }

    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        Ok(self.0.write(batch)?)
    }

    /// The size of the file, in bytes.
    pub fn finish(mut self) -> Result<u64> {
        self.0.finish()?;
        let file = self.0.inner();
        file.sync_all()?;
        Ok(file.metadata()?.len())
    }
}
