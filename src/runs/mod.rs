//! How do the runs of a job know each other? Each has a key, usually a day, and all are kept in one place, which answers what the
//! next run, an operator and an auditor ask.
//!
//! [`Runs`] is that place; [`list::JobRuns`], [`missing::MissingRun`] and [`compare::Comparison`] are its answers. A
//! [`store::Store`] is where the runs are kept.
//!
//! Imports from `run`, which begins one of them, from `journal`, where they are kept, and from `report` and `record`.

pub(crate) mod compare;
mod earlier;
mod folder;
pub(crate) mod job_run;
mod json;
pub(crate) mod keep;
pub(crate) mod list;
mod look;
pub(crate) mod missing;
mod page;
pub(crate) mod place;
#[cfg(feature = "postgres")]
mod postgres;
mod result;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::journal::JournalError;
use crate::journal::owner::owned_by;
#[cfg(feature = "postgres")]
use crate::journal::postgres::database::Database;
use crate::record::RunRecord;
use crate::record::status::RunStatus;
use crate::run::{Run, RunBuilder};
use crate::runs::compare::Comparison;
use crate::runs::earlier::Others;
use crate::runs::folder::Folder;
use crate::runs::job_run::JobRun;
use crate::runs::keep::{Keep, Pruned};
use crate::runs::list::JobRuns;
use crate::runs::missing::MissingRun;
use crate::runs::place::Place;
use crate::runs::store::{KeptRun, Store, of_its_job};
use crate::text::line::shown;

/// Where the runs of jobs are kept, so that they know each other from night to night.
///
/// A job is a program that runs again and again. Each of its runs has a key: for what runs every night, the day.
///
/// ```
/// use etl_context::{Etl, Extract, Keep, Runs, dict};
///
/// # let folder = tempfile::tempdir()?;
/// # let runs = Runs::in_folder(folder.path());
/// # fn extract_after(page: u64) -> Result<etl_context::Dictionary, std::io::Error> { Ok(dict! { "page": page + 1 }) }
/// # let _ = stringify! {
/// let runs = Runs::in_folder("runs");
/// # };
/// let last = runs.latest_completed("taxi")?;
/// let page = last.and_then(|run| run.phase("extract")?.latest_report()?.result()?.get("page")?.as_u64());
///
/// let context = runs.run("taxi", "2026-11-25")?.begin::<Etl>()?; // a new run, one that goes on, or one that is done
/// let (extracted, _) = context.phase(Extract).run(|_| extract_after(page.unwrap_or(0)))?;
/// // … transform and load …
///
/// for missing in runs.missing("taxi", ["2026-11-24", "2026-11-25"])? {
///     println!("{missing}"); // 2026-11-24: never begun
/// }
/// println!("{}", runs.list("taxi")?);
/// runs.prune("taxi", Keep::last(90))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Where
///
/// [`in_folder`](Runs::in_folder), or, with the features of these names, in an SQLite file or in PostgreSQL. All three hold the same,
/// and a run is a journal as it would be without this: [`FileJournal`](crate::FileJournal) opens one of a folder, and so on.
///
/// # Which names
///
/// Any text of at most 200 bytes, of which bytes that are not small letters, digits, `-` or `_` count three times. In a folder, a run is
/// in `<job>/<key>.jsonl`, with these others as in `%2f`.
#[derive(Debug, Clone)]
pub struct Runs(Arc<dyn Store>);

impl Runs {
    /// In a folder, which is created with the first run.
    pub fn in_folder(path: impl Into<PathBuf>) -> Self {
        Runs(Arc::new(Folder(path.into())))
    }

    /// In an SQLite file, which is created with the first run. It may be the one that the job loads into.
    #[cfg(feature = "sqlite")]
    pub fn in_sqlite(path: impl Into<PathBuf>) -> Self {
        Runs(Arc::new(sqlite::SqliteFile::at(path.into())))
    }

    /// In a PostgreSQL database, whose tables are created with the first run.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the database cannot be reached, or if its tables are those of a newer version.
    #[cfg(feature = "postgres")]
    pub fn in_postgres(database: impl Into<Database>) -> Result<Self, JournalError> {
        Ok(Runs(Arc::new(postgres::InPostgres::connect(database.into())?)))
    }

    /// The run of the job under this key: a new one if there is none, one that goes on if it is not complete, and else one whose
    /// phases are all done. Once it has begun, [`recovery`](crate::Context::recovery) says which: it is `None` for a new one.
    ///
    /// The key is also in the run's metadata, as `key`, so that its reports have it.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if somebody else has the run open, if it cannot be read, or if a name is empty or too long.
    pub fn run(&self, job: &str, key: impl AsRef<str>) -> Result<RunBuilder, JournalError> {
        let first = Place::first(job, key.as_ref())?;
        let latest = self.latest_number(&first)?;
        self.open(&latest.unwrap_or(first))
    }

    /// Another run under the same key, which begins with the first phase. The earlier ones stay as they are; from now on, `run` leads
    /// to this one.
    ///
    /// # Errors
    ///
    /// As [`run`](Runs::run); also if somebody has the earlier one open.
    pub fn again(&self, job: &str, key: impl AsRef<str>) -> Result<RunBuilder, JournalError> {
        let first = Place::first(job, key.as_ref())?;
        let Some(latest) = self.latest_number(&first)? else { return self.open(&first) };
        if let Some(KeptRun { owner: Some(owner), .. }) = self.0.read(&latest)? {
            return Err(owned_by(&latest.told(), &shown(&owner)));
        }
        self.open(&latest.after())
    }

    fn open(&self, place: &Place) -> Result<RunBuilder, JournalError> {
        let run = Run::builder(&*place.job).recorded_in(self.0.journal(place)?).metadata("key", &*place.key);
        Ok(run.looking_back(Others { store: Arc::clone(&self.0), but: place.clone() }))
    }

    /// The latest of the runs that were begun under the key.
    fn latest_number(&self, first: &Place) -> Result<Option<Place>, JournalError> {
        let places = self.0.places(&first.job)?;
        Ok(places.into_iter().filter(|place| place.key == first.key).max())
    }

    /// Every run of the job, the latest first.
    ///
    /// Each is read as a whole; in a folder, a thousand runs of a few phases take less than a fifth of a second.
    /// Nobody is kept from going on with one meanwhile.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the place itself cannot be read. A run that cannot be read is [told of](JobRuns::unreadable) beside the
    /// others.
    pub fn list(&self, job: &str) -> Result<JobRuns, JournalError> {
        let (mut runs, mut unreadable) = (Vec::new(), Vec::new());
        self.0.each(job, &mut |place, kept| match kept.and_then(|kept| of_its_job(&place, kept)) {
            Ok(kept) => runs.extend(kept.map(|kept| JobRun::of(place, &kept))),
            Err(error) => unreadable.push(error),
        })?;
        Ok(JobRuns::new(job, runs, unreadable))
    }

    /// What the latest run under this key has come to, whoever has it open; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if it cannot be read.
    pub fn record(&self, job: &str, key: impl AsRef<str>) -> Result<Option<RunRecord>, JournalError> {
        let Some(place) = self.latest_number(&Place::first(job, key.as_ref())?)? else { return Ok(None) };
        Ok(self.read(&place)?.map(|kept| kept.record))
    }

    /// The run that completed and began last, whatever its key; `None` if none did. [`RunRecord::result`] is what one of its phases
    /// came to: from where a load goes on that takes what is new each night.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the place or any of the runs cannot be read: that one could be the one which is asked for.
    pub fn latest_completed(&self, job: &str) -> Result<Option<RunRecord>, JournalError> {
        let (mut latest, mut unreadable) = (None::<RunRecord>, None);
        self.0.each(job, &mut |place, kept| match kept.and_then(|kept| of_its_job(&place, kept)) {
            Ok(Some(KeptRun { record, .. })) => {
                let is_later = latest.as_ref().is_none_or(|latest| record.start_time() > latest.start_time());
                if is_later && record.run_status() == RunStatus::Completed {
                    latest = Some(record);
                }
            }
            Ok(None) => {}
            Err(error) => unreadable = Some(error),
        })?;
        unreadable.map_or(Ok(latest), Err)
    }

    /// Those of the keys under which no run has completed, in their order: for a backfill. The latest run under a key decides.
    ///
    /// ```
    /// use etl_context::{Etl, Runs};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let runs = Runs::in_folder(folder.path());
    /// runs.run("taxi", "2026-11-24")?.begin::<Etl>()?;
    /// let missing = runs.missing("taxi", (23..=24).map(|day| format!("2026-11-{day}")))?;
    /// let told: Vec<_> = missing.iter().map(ToString::to_string).collect();
    /// assert_eq!(told, ["2026-11-23: never begun", "2026-11-24: pending"]);
    /// for missing in &missing {
    ///     runs.run("taxi", missing)?.begin::<Etl>()?;
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the place, or the run under one of the keys, cannot be read.
    pub fn missing(&self, job: &str, keys: impl IntoIterator<Item: Into<String>>) -> Result<Vec<MissingRun>, JournalError> {
        let mut latest = BTreeMap::new();
        for place in self.0.places(job)? {
            let number = latest.entry(place.key).or_insert(place.number);
            *number = place.number.max(*number);
        }
        let mut missing = Vec::new();
        for key in keys.into_iter().map(Into::into) {
            let place = latest.get(&key).map(|number| Place { job: job.to_owned(), key: key.clone(), number: *number });
            let kept = place.map(|place| self.read(&place)).transpose()?.flatten();
            missing.extend(match kept {
                None => Some(MissingRun::never_begun(key)),
                Some(kept) => match job_run::status(&kept) {
                    RunStatus::Completed => None,
                    status => Some(MissingRun::not_completed(key, status, kept.owner)),
                },
            });
        }
        Ok(missing)
    }

    /// Two runs of the job beside one another, the latest ones under these keys; `None` if there is no run under one of them.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if one of them cannot be read.
    pub fn compare(
        &self,
        job: &str,
        first: impl AsRef<str>,
        second: impl AsRef<str>,
    ) -> Result<Option<Comparison>, JournalError> {
        let mut runs = Vec::new();
        for key in [first.as_ref(), second.as_ref()] {
            let Some(place) = self.latest_number(&Place::first(job, key)?)? else { return Ok(None) };
            let Some(kept) = self.read(&place)? else { return Ok(None) };
            runs.push((JobRun::of(place, &kept), kept.record));
        }
        let [(first, before), (second, after)] = &runs[..] else { return Ok(None) };
        Ok(Some(Comparison::of([first.clone(), second.clone()], [before, after])))
    }

    /// The runs that [`prune`](Runs::prune) would remove, the latest first.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the place cannot be read.
    pub fn to_prune(&self, job: &str, keep: Keep) -> Result<Vec<JobRun>, JournalError> {
        let runs = self.list(job)?;
        Ok(keep.to_go(&runs).into_iter().cloned().collect())
    }

    /// Removes the completed runs of the job that are not to be kept. A run that somebody has open stays, and so does one that is not
    /// complete, or cannot be read.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the place cannot be read. A run that cannot be removed is [told of](Pruned::left), and the others are removed.
    pub fn prune(&self, job: &str, keep: Keep) -> Result<Pruned, JournalError> {
        let mut pruned = Pruned::default();
        for run in self.to_prune(job, keep)? {
            match self.0.remove(run.place()) {
                Ok(()) => pruned.removed.push(run.place().told_key()),
                Err(error) => pruned.left.push(error),
            }
        }
        Ok(pruned)
    }

    fn read(&self, place: &Place) -> Result<Option<KeptRun>, JournalError> {
        self.0.read_of_job(place)
    }
}
