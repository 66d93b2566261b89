//! Which run is meant: by its job and its key, by the key alone where it is no job's, by its id, or as the only one of a file.

use std::path::PathBuf;

use clap::Args;
use etl_context::{JobRun, RunId, RunRecord};

use crate::answer::Failure;
use crate::place::Place;
use crate::text::shown;

/// The run that a command line names.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// A folder, an SQLite file, a PostgreSQL address, or a single journal
    pub(crate) place: PathBuf,
    /// Its job; or, alone, the key or the id of a run that is no job's
    pub(crate) job: Option<String>,
    /// Its key
    pub(crate) key: Option<String>,
    /// Which of several runs under the key, from 1; the latest if it is not said
    #[arg(long, value_name = "N", requires = "key")]
    number: Option<u32>,
}

type Found = (JobRun, RunRecord);

impl Named {
    /// A single journal, with what else was said.
    pub(crate) fn alone(place: PathBuf, job: Option<String>) -> Self {
        Named { place, job, key: None, number: None }
    }

    /// The run, with all that is known of it.
    ///
    /// # Errors
    ///
    /// If there is none, if it cannot be read, or if it takes more or fewer words to name it.
    pub(crate) fn find(&self) -> Result<Found, Failure> {
        let place = Place::at(&self.place)?;
        match (&place.journal, &self.job, &self.key) {
            (Some(journal), None, _) => {
                let found = place.runs.other(journal)?;
                found.ok_or_else(|| Failure::trouble(format!("the journal {} holds no run yet", place.told)))
            }
            (Some(_), Some(job), _) => {
                let message = format!("{} is a single journal, so leave out `{}` and what follows it", place.told, shown(job));
                Err(Failure::usage(message))
            }
            (None, Some(job), Some(key)) => self.of_job(&place, job, key),
            (None, Some(key), None) => of_no_job(&place, key),
            (None, None, _) => Err(Failure::usage(format!("say which run in {}: its job and its key", place.told))),
        }
    }

    fn of_job(&self, place: &Place, job: &str, key: &str) -> Result<Found, Failure> {
        if let Some(found) = place.runs.look(job, key, self.number)? {
            return Ok(found);
        }
        place.has_job(job)?;
        let number = self.number.map(|number| format!(", number {number},")).unwrap_or_default();
        Err(no_run(&format!("`{}`{number} of `{}`", shown(key), shown(job)), place))
    }
}

fn of_no_job(place: &Place, key: &str) -> Result<Found, Failure> {
    let by_key = place.runs.other(key)?;
    let found = by_key.map_or_else(|| key.parse().map_or(Ok(None), |id| with_id(place, id)), |found| Ok(Some(found)))?;
    if let Some(found) = found {
        return Ok(found);
    }
    let key = shown(key);
    if place.runs.jobs()?.iter().any(|job| shown(job) == key) {
        return Err(Failure::usage(format!("say which run of `{key}`; `etl-runs list` lists their keys")));
    }
    Err(no_run(&format!("`{key}`"), place))
}

/// Looks through all that is there.
fn with_id(place: &Place, id: RunId) -> Result<Option<Found>, Failure> {
    if let Some(run) = place.runs.others()?.iter().find(|run| run.run_id() == id) {
        return Ok(place.runs.other(run.key())?);
    }
    for job in place.runs.jobs()? {
        if let Some(run) = place.runs.list(&job)?.iter().find(|run| run.run_id() == id) {
            return Ok(place.runs.look(&job, run.key(), run.number())?);
        }
    }
    Ok(None)
}

fn no_run(named: &str, place: &Place) -> Failure {
    Failure::trouble(format!("there is no run {named} in {}", place.told))
}
