//! `prune`: removes completed runs that are no longer needed.

use clap::Args;
use etl_context::{JobRun, Keep};
use serde_json::json;

use crate::age::Age;
use crate::answer::{Answer, Failure, TROUBLE, YES};
use crate::command_line::OfJob;
use crate::place::Place;
use crate::screen::{ask, can_ask};
use crate::text::{lines, runs, shown};

/// Remove completed runs that are no longer needed.
///
/// Removes runs that are complete and that nobody has open; every other one stays.
///
/// On a terminal it says which, and asks; elsewhere it needs --yes, or --dry-run.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    #[command(flatten)]
    of: OfJob,
    #[command(flatten)]
    keep: Kept,
    /// Only say which runs would be removed
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Remove them without asking
    #[arg(long)]
    yes: bool,
    /// One JSON document
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Kept {
    /// Keep so many completed runs, the latest ones
    #[arg(long, value_name = "N")]
    keep_last: Option<usize>,
    /// Keep completed runs whose latest event is no older than this: weeks, days, hours or minutes, as in 90d
    #[arg(long, value_name = "AGE")]
    keep_within: Option<Age>,
}

impl Kept {
    fn rule(&self) -> Keep {
        let within = self.keep_within.map(|Age(age)| Keep::within(age));
        within.unwrap_or_else(|| Keep::last(self.keep_last.unwrap_or(usize::MAX)))
    }
}

pub(crate) fn answer(asked: &Asked) -> Result<Answer, Failure> {
    if !asked.dry_run && !asked.yes && !can_ask() {
        return Err(Failure::usage("nobody can be asked here: say --yes to remove runs, or --dry-run to see which"));
    }
    let (place, job) = (Place::of_jobs(&asked.of.place)?, &asked.of.job);
    place.has_job(job)?;
    if asked.yes {
        return asked.prune(&place);
    }
    let to_go = place.runs.to_prune(job, asked.keep.rule())?;
    if asked.dry_run {
        return Ok(asked.would_remove(&to_go));
    }
    if to_go.is_empty() {
        return Ok(Answer::for_people("removed no run\n".to_owned()));
    }
    anstream::eprint!("{}", keys(&to_go));
    if !ask(&format!("Remove {} of `{}`?", these(&to_go), shown(job)))? {
        return Ok(Answer::for_people("removed no run\n".to_owned()));
    }
    asked.prune(&place)
}

impl Asked {
    fn prune(&self, place: &Place) -> Result<Answer, Failure> {
        let pruned = place.runs.prune(&self.of.job, self.keep.rule())?;
        let left: Vec<_> = pruned.left.iter().map(ToString::to_string).collect();
        let code = if left.is_empty() { YES } else { TROUBLE };
        let answer = if self.json {
            Answer::json(&json!({ "job": self.of.job, "dry_run": false, "removed": pruned.removed, "left": left }))
        } else {
            Answer::for_people(format!("{pruned}\n"))
        };
        Ok(answer.with_code(code))
    }

    fn would_remove(&self, to_go: &[JobRun]) -> Answer {
        if self.json {
            let keys: Vec<_> = to_go.iter().map(JobRun::told_key).collect();
            return Answer::json(&json!({ "job": self.of.job, "dry_run": true, "removed": keys, "left": [] }));
        }
        let heading =
            if to_go.is_empty() { "would remove no run".to_owned() } else { format!("would remove {}:", runs(to_go.len())) };
        Answer::for_people(format!("{heading}\n{}", keys(to_go)))
    }
}

fn these(to_go: &[JobRun]) -> String {
    if to_go.len() == 1 { "this run".to_owned() } else { format!("these {}", runs(to_go.len())) }
}

fn keys(to_go: &[JobRun]) -> String {
    lines(to_go.iter().map(|run| format!("  {}", run.told_key())))
}
