//! `missing`: under which keys no run has completed.

use clap::Args;
use serde_json::json;

use crate::answer::{Answer, Failure, NO, YES};
use crate::command_line::OfJob;
use crate::days::Days;
use crate::place::Place;
use crate::text::lines;

/// Say under which keys no run has completed.
///
/// Prints each key with how its run is: never begun, failed, unfinished, running.
///
/// Exits with 1 if there are any.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    #[command(flatten)]
    of: OfJob,
    /// The keys that should be there
    #[arg(required_unless_present = "days")]
    keys: Vec<String>,
    /// The days that should be there, with both ends, as in 2026-11-01..2026-11-30
    #[arg(long, value_name = "DAY..DAY", conflicts_with = "keys")]
    days: Option<Days>,
    /// One JSON document
    #[arg(long)]
    json: bool,
}

pub(crate) fn answer(asked: &Asked) -> Result<Answer, Failure> {
    let (place, job) = (Place::of_jobs(&asked.of.place)?, &asked.of.job);
    let days = asked.days.into_iter().flat_map(Days::keys);
    let missing = place.runs.missing(job, asked.keys.iter().cloned().chain(days))?;
    let answer =
        if asked.json { Answer::json(&json!({ "job": job, "missing": missing })) } else { Answer::for_people(lines(&missing)) };
    Ok(answer.with_code(if missing.is_empty() { YES } else { NO }))
}
