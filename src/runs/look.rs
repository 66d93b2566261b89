//! What is there to look at, for somebody who did not begin it? The jobs of a place, a single run with all of its record, and the
//! journals there that are no job's.

use crate::journal::JournalError;
use crate::record::RunRecord;
use crate::runs::Runs;
use crate::runs::job_run::JobRun;
use crate::runs::list::JobRuns;
use crate::runs::place::Place;
use crate::runs::store::KeptRun;

impl Runs {
    /// The jobs of which runs are kept here, in the order of their names.
    ///
    /// ```
    /// use etl_context::{Etl, Runs};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let runs = Runs::in_folder(folder.path());
    /// runs.run("taxi", "2026-11-25")?.begin::<Etl>()?;
    /// runs.run("bus", "2026-11-25")?.begin::<Etl>()?;
    /// assert_eq!(runs.jobs()?, ["bus", "taxi"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the place cannot be read.
    pub fn jobs(&self) -> Result<Vec<String>, JournalError> {
        Ok(self.0.jobs()?.into_iter().collect())
    }

    /// A run under this key, with its record: the latest one, or that with this [number](JobRun::number). `None` if there is none.
    ///
    /// ```
    /// use etl_context::{Etl, RunStatus, Runs};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let runs = Runs::in_folder(folder.path());
    /// runs.run("taxi", "2026-11-25")?.begin::<Etl>()?;
    /// let (run, record) = runs.look("taxi", "2026-11-25", None)?.expect("it has begun");
    /// assert_eq!((run.status(), run.owner()), (RunStatus::Pending, None));
    /// println!("{}", record.summary());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`JournalError`] if it cannot be read.
    pub fn look(
        &self,
        job: &str,
        key: impl AsRef<str>,
        number: impl Into<Option<u32>>,
    ) -> Result<Option<(JobRun, RunRecord)>, JournalError> {
        let first = Place::first(job, key.as_ref())?;
        let place = match number.into() {
            Some(number) => Some(Place { number, ..first }),
            None => self.latest_number(&first)?,
        };
        let Some(place) = place else { return Ok(None) };
        Ok(self.read(&place)?.map(|kept| (JobRun::of(place, &kept), kept.record)))
    }

    /// The runs here that are no job's, because a journal of their own was given to [`Run::builder`](crate::Run::builder), the latest
    /// first: files named `*.jsonl` that lie in the folder itself, or runs with another key in the database.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the place cannot be read. A run that cannot be read is [told of](JobRuns::unreadable) beside the others.
    pub fn others(&self) -> Result<JobRuns, JournalError> {
        let (mut runs, mut unreadable) = (Vec::new(), Vec::new());
        for key in self.0.others()? {
            match self.0.read_other(&key) {
                Ok(kept) => runs.extend(kept.map(|kept| other(&key, &kept))),
                Err(error) => unreadable.push(error),
            }
        }
        Ok(JobRuns::new("", runs, unreadable))
    }

    /// One of these with its record: the file of this name in the folder, whatever it ends in, or the run with this key in the database.
    /// `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if it cannot be read.
    pub fn other(&self, key: &str) -> Result<Option<(JobRun, RunRecord)>, JournalError> {
        Ok(self.0.read_other(key)?.map(|kept| (other(key, &kept), kept.record)))
    }
}

fn other(key: &str, kept: &KeptRun) -> JobRun {
    JobRun::of(Place { job: kept.record.name().to_owned(), key: key.to_owned(), number: 1 }, kept)
}
