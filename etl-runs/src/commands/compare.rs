//! `compare`: two runs of a job beside one another.

use clap::Args;
use serde_json::json;

use crate::answer::{Answer, Failure, NO, YES};
use crate::command_line::OfJob;
use crate::place::Place;
use crate::screen::width;
use crate::text::shown;

/// Put two runs of a job beside one another.
///
/// Phase by phase: how each ended, how long it took, what it counted; and what the two were asked to do differently.
///
/// Exits with 1 if they are different in anything but how long they took.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    #[command(flatten)]
    of: OfJob,
    /// The key of the first run
    first: String,
    /// The key of the second run
    second: String,
    /// One JSON document
    #[arg(long)]
    json: bool,
}

pub(crate) fn answer(asked: &Asked) -> Result<Answer, Failure> {
    let (place, job) = (Place::of_jobs(&asked.of.place)?, &asked.of.job);
    let Some(comparison) = place.runs.compare(job, &asked.first, &asked.second)? else {
        place.has_job(job)?;
        let is_missing = |key: &&&String| matches!(place.runs.look(job, key, None), Ok(None));
        let missing = [&asked.first, &asked.second].iter().find(is_missing).map_or_else(String::new, |key| shown(key));
        return Err(Failure::trouble(format!("there is no run `{missing}` of `{}` in {}", shown(job), place.told)));
    };
    let answer =
        if asked.json { Answer::json(&json!(comparison)) } else { Answer::for_people(format!("{comparison:.*}", width())) };
    Ok(answer.with_code(if comparison.has_same_outcome() { YES } else { NO }))
}
