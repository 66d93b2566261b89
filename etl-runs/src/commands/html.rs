//! `html`: the page of a job.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::answer::{Answer, Failure};
use crate::commands::list::code;
use crate::commands::show::write;
use crate::found::Named;
use crate::place::Place;
use crate::text::{runs, shown};

/// Write the page of a job: a grid of its runs by phases.
///
/// A grid of its runs by phases, in one page that needs nothing else; of a single journal, the page of its run.
///
/// Exits with 3 if a run cannot be read, which the page tells of.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// A folder, an SQLite file, a PostgreSQL address, or a single journal
    place: PathBuf,
    /// The name of the job
    job: Option<String>,
    /// The file to write; or a folder (there already, or with a `/` at its end), for the page as index.html with that of each run beside it.
    /// Without it, the page goes to standard output
    #[arg(short, long, value_name = "PATH")]
    output: Option<PathBuf>,
}

pub(crate) fn answer(asked: &Asked) -> Result<Answer, Failure> {
    let place = Place::at(&asked.place)?;
    if place.journal.is_some() {
        let named = Named::alone(asked.place.clone(), asked.job.clone());
        return asked.write(&named.find()?.1.summary().to_html());
    }
    let job = asked.job.as_deref().ok_or_else(|| Failure::usage(format!("say of which job in {}", place.told)))?;
    place.has_job(job)?;
    let list = place.runs.list(job)?;
    let answer = match asked.output.as_deref().filter(|path| is_folder(path)) {
        Some(folder) => {
            place.runs.write_html(job, folder)?;
            anstream::eprintln!(
                "wrote {} and the pages of {}",
                shown(&folder.join("index.html").to_string_lossy()),
                runs(list.iter().len())
            );
            Answer::data(String::new())
        }
        None => asked.write(&list.to_html())?,
    };
    Ok(answer.with_code(code(&list)))
}

impl Asked {
    fn write(&self, page: &str) -> Result<Answer, Failure> {
        match &self.output {
            Some(file) => write(file, page).map(|()| Answer::data(String::new())),
            None => Ok(Answer::data(page.to_owned())),
        }
    }
}

fn is_folder(path: &Path) -> bool {
    path.is_dir() || path.to_string_lossy().ends_with(std::path::is_separator)
}
