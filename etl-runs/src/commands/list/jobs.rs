//! A line for each job: how many runs it has, and how its latest one is.

use etl_context::{JobRun, JobRuns};
use serde_json::{Value, json};

use crate::answer::{Answer, Failure};
use crate::commands::list::code;
use crate::place::Place;
use crate::screen::width;
use crate::text::{lines, shown};

const HEADINGS: [&str; 5] = ["job", "runs", "latest", "status", "began"];

pub(super) fn answer(place: &Place, is_json: bool) -> Result<Answer, Failure> {
    let mut jobs = Vec::new();
    for job in place.runs.jobs()? {
        jobs.push(place.runs.list(&job)?);
    }
    let others = place.runs.others()?;
    let code = jobs.iter().chain([&others]).map(code).max().unwrap_or_default();
    let answer = if is_json { Answer::json(&document(&jobs, &others)) } else { Answer::for_people(table(place, &jobs, &others)) };
    Ok(answer.with_code(code))
}

fn document(jobs: &[JobRuns], others: &JobRuns) -> Value {
    let job = |runs: &JobRuns| {
        let (number, unreadable) = (runs.iter().len(), runs.unreadable().len());
        json!({ "job": runs.job(), "runs": number, "unreadable": unreadable, "latest": runs.iter().next() })
    };
    json!({ "jobs": jobs.iter().map(job).collect::<Vec<_>>(), "others": others })
}

fn table(place: &Place, jobs: &[JobRuns], others: &JobRuns) -> String {
    let has_others = others.iter().len() > 0 || !others.unreadable().is_empty();
    if jobs.is_empty() && !has_others {
        return format!("there is no run in {}\n", place.told);
    }
    let of_jobs = (!jobs.is_empty()).then(|| aligned(&jobs.iter().map(cells).collect::<Vec<_>>()) + &unreadable(jobs));
    let of_no_job = has_others.then(|| format!("runs of no job\n{others:.*}", width()));
    of_jobs.into_iter().chain(of_no_job).collect::<Vec<_>>().join("\n")
}

fn unreadable(jobs: &[JobRuns]) -> String {
    let jobs = jobs.iter().map(|runs| (runs, runs.unreadable().len())).filter(|(_, number)| *number > 0);
    lines(jobs.map(|(runs, number)| format!("{number} of `{}` not read: list them to see why", shown(runs.job()))))
}

fn cells(runs: &JobRuns) -> [String; 5] {
    let latest = runs.iter().next();
    let of_latest = |tell: fn(&JobRun) -> String| latest.map(tell).unwrap_or_default();
    [
        shown(runs.job()),
        runs.iter().len().to_string(),
        of_latest(JobRun::told_key),
        of_latest(|run| run.status().to_string()),
        of_latest(|run| to_the_minute(&run.start_time().to_string())),
    ]
}

/// As in `2026-11-23 20:55`, in UTC.
fn to_the_minute(time: &str) -> String {
    time.get(..16).unwrap_or(time).replace('T', " ")
}

fn aligned(rows: &[[String; 5]]) -> String {
    let headings = HEADINGS.map(str::to_owned);
    let rows: Vec<_> = [&headings].into_iter().chain(rows).collect();
    let widest = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (widths, longest): (Vec<_>, _) = ((0..HEADINGS.len()).map(widest).collect(), width());
    let line = |row: &&[String; 5]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match HEADINGS[column] {
            "runs" => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        line.trim_end().chars().take(longest).collect::<String>() + "\n"
    };
    rows.iter().map(line).collect()
}
