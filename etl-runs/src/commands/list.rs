//! `list`: the jobs of a place, or the runs of a job.

mod jobs;

use std::path::PathBuf;

use clap::Args;
use etl_context::{JobRuns, RunStatus};
use serde_json::json;

use crate::answer::{Answer, Failure, TROUBLE};
use crate::place::Place;
use crate::screen::width;
use crate::text::shown;

/// List the jobs of a place, or the runs of a job, the latest first.
///
/// Without a job, its jobs are listed, and the journals there that are no job's.
///
/// Exits with 3 if a run cannot be read, which is told of below the others.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// A folder, an SQLite file or a PostgreSQL address
    place: PathBuf,
    /// The name of the job
    job: Option<String>,
    /// Only runs with this status: pending, running, completed, failed, stopped or unfinished; may be given several times
    #[arg(long)]
    status: Vec<RunStatus>,
    /// Only so many runs of a job, the latest ones
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// The runs of every job, rather than one line for each
    #[arg(long, conflicts_with = "job")]
    all: bool,
    /// One JSON document
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// A table in Markdown
    #[arg(long)]
    markdown: bool,
}

pub(crate) fn answer(asked: &Asked) -> Result<Answer, Failure> {
    let place = Place::of_jobs(&asked.place)?;
    match &asked.job {
        Some(job) => {
            place.has_job(job)?;
            let runs = asked.runs(&place, job)?;
            Ok(asked.told(&runs).with_code(code(&runs)))
        }
        None if asked.all || asked.markdown || asked.limit.is_some() || !asked.status.is_empty() => asked.of_every_job(&place),
        None => jobs::answer(&place, asked.json),
    }
}

impl Asked {
    /// Those that are asked for.
    fn runs(&self, place: &Place, job: &str) -> Result<JobRuns, Failure> {
        let mut runs = place.runs.list(job)?;
        self.cut(&mut runs);
        Ok(runs)
    }

    fn cut(&self, runs: &mut JobRuns) {
        runs.retain(|run| self.status.is_empty() || self.status.contains(&run.status()));
        runs.truncate(self.limit.unwrap_or(usize::MAX));
    }

    fn told(&self, runs: &JobRuns) -> Answer {
        if self.json {
            return Answer::json(&json!(runs));
        }
        if self.markdown { Answer::data(runs.to_markdown()) } else { Answer::for_people(format!("{runs:.*}", width())) }
    }

    fn of_every_job(&self, place: &Place) -> Result<Answer, Failure> {
        let mut lists = Vec::new();
        for job in place.runs.jobs()? {
            lists.push(self.runs(place, &job)?);
        }
        let mut others = place.runs.others()?;
        self.cut(&mut others);
        lists.push(others);
        lists.retain(|runs| runs.iter().len() > 0 || !runs.unreadable().is_empty());
        let code = lists.iter().map(code).max().unwrap_or_default();
        if self.json {
            return Ok(Answer::json(&json!({ "jobs": lists })).with_code(code));
        }
        let tables: Vec<_> = lists.iter().map(|runs| self.under_heading(runs)).collect();
        let text = tables.join("\n");
        Ok(if self.markdown { Answer::data(text) } else { Answer::for_people(text) }.with_code(code))
    }

    fn under_heading(&self, runs: &JobRuns) -> String {
        let heading = if runs.job().is_empty() { "runs of no job".to_owned() } else { shown(runs.job()) };
        let heading = if self.markdown { format!("## {heading}\n") } else { heading };
        format!("{heading}\n{}", self.told(runs).text)
    }
}

pub(crate) fn code(runs: &JobRuns) -> u8 {
    if runs.unreadable().is_empty() { 0 } else { TROUBLE }
}
