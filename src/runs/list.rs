//! Which runs of a job are there, and how are they? As a table for people, and as Markdown.

use std::fmt::{self, Write};

use crate::journal::JournalError;
use crate::record::clock::Timestamp;
use crate::report::markdown::Plain;
use crate::runs::job_run::JobRun;
use crate::text::counter::counted;
use crate::text::line::{length, one_line, own_line, shortened, told, wrapped};
use crate::text::number::{duration, grouped};
use crate::text::table::{Column, Table, width};

/// The runs of a job, the latest first: [`Runs::list`](crate::Runs::list) reads them.
///
/// As text they are a table of lines of at most 100 characters, or of so many: `{runs:.80}`. In JSON they are `job`, `runs`, each as
/// [`JobRun`] says, and `unreadable`, a list of texts.
#[derive(Debug)]
pub struct JobRuns {
    job: String,
    runs: Vec<JobRun>,
    unreadable: Vec<JournalError>,
}

/// On how many lines it is told what is not as expected, or why a run cannot be read.
const LINES: usize = 4;

const HEADINGS: [&str; 7] = ["run", "status", "began", "took", "attempts", "errors", "counts"];

impl JobRuns {
    pub(crate) fn new(job: &str, mut runs: Vec<JobRun>, unreadable: Vec<JournalError>) -> Self {
        runs.sort_by(|one, other| (other.start_time(), other.place()).cmp(&(one.start_time(), one.place())));
        JobRuns { job: job.to_owned(), runs, unreadable }
    }

    /// Whose runs these are; empty for those that are no job's: see [`Runs::others`](crate::Runs::others).
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

    /// Leaves only those runs of which this is true.
    pub fn retain(&mut self, keep: impl FnMut(&JobRun) -> bool) {
        self.runs.retain(keep);
    }

    /// Leaves only so many runs, the latest ones.
    pub fn truncate(&mut self, most: usize) {
        self.runs.truncate(most);
    }

    /// The same as a table in Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = format!("| {} |\n|---|---|---|--:|--:|--:|---|\n", HEADINGS.join(" | "));
        for run in &self.runs {
            let cells = cells(run).map(|cell| Plain(&cell).to_string());
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
        for line in self.unexpected() {
            let _ = writeln!(text, "\nNot as expected: {}", Plain(&line));
        }
        for error in &self.unreadable {
            let _ = writeln!(text, "\nNot read: {}", Plain(&told(error)));
        }
        text
    }

    /// What is not as expected of the latest attempts at the phases of each run.
    fn unexpected(&self) -> impl Iterator<Item = String> {
        self.runs.iter().flat_map(|run| {
            run.unexpected().map(|(phase, expectation)| format!("{}, {phase}: {expectation}", run.place().told_key()))
        })
    }
}

fn cells(run: &JobRun) -> [String; 7] {
    [
        one_line(&run.place().told_key(), 40),
        run.status().to_string(),
        moment(run.start_time()),
        duration(run.total_duration()),
        grouped(run.attempts()),
        grouped(run.error_count()),
        counts(run).join(", "),
    ]
}

fn counts(run: &JobRun) -> Vec<String> {
    run.totals().iter().filter(|(_, count)| *count > 0).map(|(name, count)| counted(name, *count)).collect()
}

/// As many of the counts as there is room for, and a sign if these are not all.
fn fitting(counts: &[String], room: usize) -> String {
    const MORE: &str = ", …";
    let whole = counts.join(", ");
    let shorter = (1..counts.len()).rev().map(|number| counts[..number].join(", ") + MORE);
    let fitting = [whole.clone()].into_iter().chain(shorter).find(|counts| length(counts) <= room);
    fitting.unwrap_or_else(|| shortened(&whole, room.max(1)))
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

impl JobRuns {
    fn table(&self, headings: [&str; 7], cells: impl Fn(&JobRun) -> [String; 7], with_owners: bool) -> Table {
        let columns = headings.map(|name| match name {
            "took" | "attempts" | "tries" | "errors" => Column::right(name),
            _ => Column::left(name),
        });
        let mut table = Table::new(columns.into_iter().chain(with_owners.then(|| Column::left("owner"))).collect());
        for run in &self.runs {
            let owner = run.owner().map_or_else(String::new, |owner| one_line(owner, 100));
            table.push(cells(run).into_iter().chain(with_owners.then_some(owner)).collect());
        }
        table
    }

    /// With a shorter heading, without the year, and with no more counts than there is room for.
    fn narrow_table(&self, longest: usize) -> Table {
        let narrow = |run: &JobRun, counts: String| {
            let [key, status, began, took, attempts, errors, _] = cells(run);
            [key, status, began.get(5..).unwrap_or_default().to_owned(), took, attempts, errors, counts]
        };
        let headings = HEADINGS.map(|name| if name == "attempts" { "tries" } else { name });
        let without_counts = self.table(headings, |run| narrow(run, String::new()), false).width() - "counts".len();
        let room = longest.saturating_sub(without_counts);
        self.table(headings, |run| narrow(run, fitting(&counts(run), room)), false)
    }

    /// Who has which run open is in the table if there is room for it, and else below.
    fn fmt_runs(&self, f: &mut fmt::Formatter<'_>, longest: usize) -> fmt::Result {
        let owned: Vec<_> = self.runs.iter().filter_map(|run| Some((run, run.owner()?))).collect();
        let [with_owners, without] = [!owned.is_empty(), false].map(|with_owners| self.table(HEADINGS, cells, with_owners));
        if with_owners.width() <= longest {
            return write!(f, "{with_owners:.longest$}");
        }
        let fitting = if without.width() <= longest { without } else { self.narrow_table(longest) };
        write!(f, "{fitting:.longest$}")?;
        let mut lines = owned.iter().map(|(run, owner)| format!("{} is open in {owner}", run.place().told_key()));
        lines.try_for_each(|line| writeln!(f, "{}", own_line(&line, longest)))
    }
}

impl fmt::Display for JobRuns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = width(f);
        self.fmt_runs(f, longest)?;
        let unexpected = self.unexpected().map(|line| format!("not as expected: {line}"));
        let unreadable = self.unreadable.iter().map(|error| format!("not read: {}", told(error)));
        let lines = unexpected.chain(unreadable).flat_map(|line| wrapped(&line, longest, LINES));
        lines.into_iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}
