//! The runs in a database: a list of the latest, and one of them as a whole.

use std::time::Duration;

use etl_context::{Database, ListedRun, PostgresRuns, RunId, RunStatus, RunSummary, Timestamp};

/// How many runs are listed.
const LATEST: u32 = 20;

const HEADINGS: [&str; 7] = ["run id", "key", "status", "phase", "began", "duration", "owner"];

/// The latest runs as a table, the latest first.
pub(crate) fn list(url: &str) -> Result<String, String> {
    let runs = connect(url)?.list_runs(None, LATEST).map_err(|error| error.to_string())?;
    if runs.is_empty() {
        return Ok(format!("there is no run in the {}\n", Database::from(url)));
    }
    Ok(aligned(&runs.iter().map(cells).collect::<Vec<_>>()))
}

/// The run with this id.
pub(crate) fn read(url: &str, run: RunId) -> Result<RunSummary, String> {
    let record = connect(url)?.read(run).map_err(|error| error.to_string())?;
    let record = record.ok_or_else(|| format!("there is no run {run} in the {}", Database::from(url)))?;
    Ok(record.summary())
}

fn connect(url: &str) -> Result<PostgresRuns, String> {
    PostgresRuns::connect(url).map_err(|error| error.to_string())
}

fn cells(run: &ListedRun) -> [String; 7] {
    let or_none = |text: Option<&str>| text.unwrap_or("-").to_owned();
    [
        run.run_id.to_string(),
        run.key.clone(),
        status(run),
        or_none(run.current_phase.as_deref()),
        to_the_second(run.start_time),
        duration(run.duration),
        or_none(run.owner.as_deref().map(without_since)),
    ]
}

/// A phase that runs while nobody owns the run does not run any more.
fn status(run: &ListedRun) -> String {
    match (run.status, &run.owner) {
        (RunStatus::Running, None) => "interrupted".to_owned(),
        (status, _) => status.to_string(),
    }
}

/// `process 12 on host b since 2026-11-23T20:55:19Z` without the time.
fn without_since(owner: &str) -> &str {
    owner.split(" since ").next().unwrap_or(owner)
}

/// As in `2026-11-23T20:55:19Z`.
fn to_the_second(time: Timestamp) -> String {
    let text = time.to_string();
    text.split(['.', 'Z']).next().map_or_else(|| text.clone(), |seconds| format!("{seconds}Z"))
}

/// As in `0.41 s`, `2 min 05 s` and `3 h 12 min`.
fn duration(duration: Duration) -> String {
    match duration.as_secs() {
        0..60 => format!("{:.2} s", duration.as_secs_f64()),
        seconds @ 60..3_600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {:02} min", seconds / 3_600, seconds / 60 % 60),
    }
}

fn aligned(rows: &[[String; 7]]) -> String {
    let headings = HEADINGS.map(str::to_owned);
    let rows: Vec<_> = [&headings].into_iter().chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..HEADINGS.len()).map(width).collect();
    let line = |row: &&[String; 7]| {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| match HEADINGS[column] {
            "duration" => format!("{cell:>width$}"),
            _ => format!("{cell:<width$}"),
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}
