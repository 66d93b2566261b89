//! How does a report get into its file? Whole or not at all, and whatever became of the run.

use std::error::Error as StdError;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf, absolute};

use crate::error::Error;
use crate::observe::{Observation, Observer};
use crate::record::RunRecord;
use crate::record::event::Event;
use crate::record::run_id::RunId;
use crate::record::status::RunStatus;
use crate::report::summary::RunSummary;
use crate::text::line::{shown_path, told};

/// A run that comes to the same end again and again, round by round, writes its report anew when it has grown by this part.
const GROWN_BY: u64 = 100;

/// Writes the report of a run whenever the run has come to an end, and when this process lets go of it.
#[derive(Debug)]
pub(crate) struct ReportFile {
    path: PathBuf,
    /// Of how many events the report tells that was written last, or was to be, and how the run was.
    latest: Option<(u64, RunStatus)>,
}

impl ReportFile {
    /// Nothing is written or looked for yet. A relative path is meant as of now, wherever the process goes later.
    pub(crate) fn new(path: &Path) -> Self {
        ReportFile { path: absolute(path).unwrap_or_else(|_| path.to_owned()), latest: None }
    }

    /// A file may be written here, and it is not the one in which the run is recorded.
    ///
    /// # Errors
    ///
    /// [`Error::Report`].
    pub(crate) fn check(&self, journal: Option<&Path>) -> Result<(), Error> {
        let refused = |reason| Err(Error::Report { path: self.path.clone(), reason });
        if self.path.file_name().is_none() {
            return refused("that names no file");
        }
        if self.path.is_dir() {
            return refused("that is a folder; name a file in it");
        }
        match journal {
            Some(journal) if resolved(journal) == resolved(&self.path) => {
                refused("that is the file of the run's journal; give the report a path of its own")
            }
            _ => Ok(()),
        }
    }

    fn write(&mut self, run: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let record = run.record();
        self.latest = Some((record.events(), record.run_status()));
        let summary = RunSummary::of_watched(run);
        let written = self.told(&summary).and_then(|text| replace(&self.path, record.run_id(), &text));
        written.map_err(|error| format!("`{}` cannot be written: {}", shown_path(&self.path), told(&error)).into())
    }

    /// The report in the form of which the path speaks.
    fn told(&self, summary: &RunSummary) -> io::Result<String> {
        let extension = self.path.extension().unwrap_or_default().to_ascii_lowercase();
        match extension.to_str() {
            Some("md") => Ok(summary.to_markdown()),
            Some("json") => Ok(serde_json::to_string_pretty(summary)? + "\n"),
            _ => Ok(summary.to_html()),
        }
    }

    /// Whether the run has come to an end that the report does not tell yet.
    fn is_due(&self, record: &RunRecord) -> bool {
        let (events, status) = (record.events(), record.run_status());
        let is_news = |(told, as_it_was)| as_it_was != status || events - told >= events / GROWN_BY;
        matches!(status, RunStatus::Completed | RunStatus::Failed | RunStatus::Stopped) && self.latest.is_none_or(is_news)
    }
}

impl Observer for ReportFile {
    fn observe(&mut self, event: &Event, run: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        match event {
            Event::PhaseEnded { .. } | Event::RunStopped { .. } if self.is_due(run.record()) => self.write(run),
            _ => Ok(()),
        }
    }

    fn closed(&mut self, run: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        let events = run.record().events();
        if self.latest.is_some_and(|(told, _)| told == events) { Ok(()) } else { self.write(run) }
    }
}

/// The path with all links followed, also of a file that is not there yet.
fn resolved(path: &Path) -> PathBuf {
    let whole = fs::canonicalize(path).ok();
    let in_folder = || Some(fs::canonicalize(path.parent()?).ok()?.join(path.file_name()?));
    whole.or_else(in_folder).unwrap_or_else(|| path.to_owned())
}

/// Writes the text beside the file and puts it in its place, so that nobody ever sees half of it.
fn replace(path: &Path, run: RunId, text: &str) -> io::Result<()> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{run}"));
    let beside = path.with_file_name(name);
    let replaced = write_synced(&beside, text).and_then(|()| fs::rename(&beside, path));
    if replaced.is_err() {
        // There may be none, and it is the error above that says why.
        let _ = fs::remove_file(&beside);
    }
    replaced
}

fn write_synced(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
