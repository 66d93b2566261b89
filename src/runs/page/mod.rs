//! How do the runs of a job look on a page? A grid of runs by phases, in one file that needs no other, with a link from each cell.

mod address;
mod grid;
mod trend;

use std::fmt;
use std::fs;
use std::path::Path;

use crate::journal::JournalError;
use crate::record::status::RunStatus;
use crate::report::html::text::name;
use crate::report::html::{fmt_beginning, fmt_end};
use crate::runs::Runs;
use crate::runs::list::JobRuns;
use crate::runs::page::address::page_of;
use crate::runs::page::grid::Grid;
use crate::text::line::told;
use crate::text::number::grouped;

impl JobRuns {
    /// The same as one HTML page that needs nothing else: a row for each run, a column for each phase, coloured as on the page of a run,
    /// with how long each took and what it counted, and both as small trends over the last thirty runs that completed.
    ///
    /// Each row links to `<key>.html`, with the key as [`Runs`] names files, and each cell to its phase there:
    /// [`Runs::write_html`] writes these too. The page has no script and loads nothing; it is light or dark as the reader's system is.
    #[must_use]
    pub fn to_html(&self) -> String {
        Page(self).to_string()
    }
}

impl Runs {
    /// Writes the page of the job, `index.html`, and the page of each of its runs, to this folder, which is created if it is not there.
    ///
    /// ```
    /// use etl_context::{Etl, Runs};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let runs = Runs::in_folder(folder.path().join("runs"));
    /// # let site = folder.path().join("site");
    /// runs.run("taxi", "2026-11-25")?.begin::<Etl>()?;
    /// runs.write_html("taxi", &site)?;
    /// assert!(site.join("index.html").exists() && site.join("2026-11-25.html").exists());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the runs cannot be read, or a page cannot be written.
    pub fn write_html(&self, job: &str, folder: impl AsRef<Path>) -> Result<(), JournalError> {
        let folder = folder.as_ref();
        fs::create_dir_all(folder).map_err(|error| JournalError::io("create the folder", folder, error))?;
        let runs = self.list(job)?;
        for run in &runs {
            if let Some(kept) = self.read(run.place())? {
                write(&folder.join(page_of(run)), &kept.record.summary().to_html())?;
            }
        }
        write(&folder.join("index.html"), &runs.to_html())
    }
}

fn write(path: &Path, page: &str) -> Result<(), JournalError> {
    fs::write(path, page).map_err(|error| JournalError::io("write", path, error))
}

struct Page<'a>(&'a JobRuns);

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (runs, job) = (self.0, name(self.0.job(), 80));
        fmt_beginning(f, &format!("{job}: {} runs", grouped(runs.iter().len() as u64)), include_str!("job.css"))?;
        write!(f, "<header>\n<h1>{job}</h1>\n<p>{}</p>\n</header>\n", in_words(runs))?;
        write!(f, "{}", Grid::of(runs))?;
        for error in runs.unreadable() {
            writeln!(f, "<p class=\"note\">Not read: {}</p>", name(&told(error), 400))?;
        }
        fmt_end(f)
    }
}

/// As in `31 runs: 29 completed, 1 failed, 1 unfinished`.
fn in_words(runs: &JobRuns) -> String {
    use RunStatus::{Completed, Failed, Pending, Running, Stopped, Unfinished};
    let number = |status| runs.iter().filter(|run| run.status() == status).count() as u64;
    let numbers = [Completed, Failed, Stopped, Unfinished, Running, Pending].map(|status| (number(status), status));
    let told: Vec<_> = numbers
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, status)| format!("{} {status}", grouped(*number)))
        .collect();
    let all = match runs.iter().len() as u64 {
        0 => return "No run yet".to_owned(),
        1 => "1 run".to_owned(),
        all => format!("{} runs", grouped(all)),
    };
    format!("{all}: {}", told.join(", "))
}
