//! Which runs of a job are there, and how are they? As a table for people, and as Markdown.

use std::fmt::{self, Write};

use crate::journal::JournalError;
use crate::record::clock::Timestamp;
use crate::report::markdown::Plain;
use crate::runs::job_run::JobRun;
use crate::text::counter::counted;
use crate::text::line::{one_line, told};
use crate::text::number::{duration, grouped};
use crate::text::table::{Column, Table, WIDTH};

/// The runs of a job, the latest first: [`Runs::list`](crate::Runs::list) reads them.
///
/// As text they are a table of lines of at most 100 characters.
#[derive(Debug)]
pub struct JobRuns {
    job: String,
    runs: Vec<JobRun>,
    unreadable: Vec<JournalError>,
}

const HEADINGS: [&str; 7] = ["run", "status", "began", "took", "attempts", "errors", "counts"];

impl JobRuns {
    pub(crate) fn new(job: &str, mut runs: Vec<JobRun>, unreadable: Vec<JournalError>) -> Self {
        runs.sort_by(|one, other| (other.start_time(), other.place()).cmp(&(one.start_time(), one.place())));
        JobRuns { job: job.to_owned(), runs, unreadable }
    }

    /// Whose runs these are.
    #[must_use]
    pub fn job(&self) -> &str {
        &self.job
    }

    /// The runs, the latest first.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &JobRun> {
        self.runs.iter()
    }

    /// Why others cannot be told of: a journal that is damaged, or of a newer version.
    #[must_use]
    pub fn unreadable(&self) -> &[JournalError] {
        &self.unreadable
    }

    /// The same as a table in Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = format!("| {} |\n|---|---|---|--:|--:|--:|---|\n", HEADINGS.join(" | "));
        for run in &self.runs {
            let cells = cells(run).map(|cell| Plain(&cell).to_string());
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        for error in &self.unreadable {
            let _ = writeln!(text, "\nNot read: {}", Plain(&told(error)));
        }
        text
    }
}

fn cells(run: &JobRun) -> [String; 7] {
    let counts: Vec<_> = run.totals().iter().filter(|(_, count)| *count > 0).map(|(name, count)| counted(name, *count)).collect();
    [
        one_line(&run.place().told_key(), 40),
        run.status().to_string(),
        moment(run.start_time()),
        duration(run.total_duration()),
        grouped(run.attempts()),
        grouped(run.error_count()),
        counts.join(", "),
    ]
}

/// As in `2026-11-25 03:00`, in UTC.
pub(crate) fn moment(time: Timestamp) -> String {
    time.to_string().get(..16).unwrap_or_default().replace('T', " ")
}

impl<'a> IntoIterator for &'a JobRuns {
    type Item = &'a JobRun;
    type IntoIter = std::slice::Iter<'a, JobRun>;

    fn into_iter(self) -> Self::IntoIter {
        self.runs.iter()
    }
}

impl fmt::Display for JobRuns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let right_aligned = [3, 4, 5];
        let columns = HEADINGS.iter().enumerate();
        let columns =
            columns.map(|(place, name)| if right_aligned.contains(&place) { Column::right(name) } else { Column::left(name) });
        let mut table = Table::new(columns.collect());
        self.runs.iter().for_each(|run| table.push(cells(run).into()));
        write!(f, "{table}")?;
        for error in &self.unreadable {
            writeln!(f, "not read: {}", one_line(&told(error), WIDTH))?;
        }
        Ok(())
    }
}
