//! `rejects`: which rows a run has rejected, and why.

use std::cmp::Reverse;

use clap::Args;
use etl_context::{PhaseReport, RejectedReason};
use serde_json::json;

use crate::answer::{Answer, Failure};
use crate::found::Named;
use crate::text::{lines, shown};

/// Say which rows a run has rejected, and why.
///
/// By phase and reason, that with the most rows first, with some of the rows as JSON. Of each phase the latest attempt is told.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    #[command(flatten)]
    run: Named,
    /// A line of JSON for each reason
    #[arg(long)]
    json: bool,
}

pub(crate) fn answer(asked: &Asked) -> Result<Answer, Failure> {
    let (_, record) = asked.run.find()?;
    let summary = record.summary();
    let reports: Vec<_> = summary.latest_reports().filter(|report| report.rejected().rows() > 0).collect();
    if asked.json {
        return Ok(Answer::data(reports.iter().map(|report| json_lines(report)).collect()));
    }
    if reports.is_empty() {
        return Ok(Answer::for_people("no row was rejected\n".to_owned()));
    }
    let told: Vec<_> = reports.iter().map(|report| told(report)).collect();
    Ok(Answer::for_people(told.join("\n")))
}

/// The most frequent first.
fn reasons(report: &PhaseReport) -> Vec<&RejectedReason> {
    let mut reasons: Vec<_> = report.rejected().reasons().iter().collect();
    reasons.sort_by_key(|reason| Reverse(reason.rows()));
    reasons
}

fn told(report: &PhaseReport) -> String {
    let rejected = report.rejected();
    let mut told = vec![format!("{}, attempt {}: {} rejected", report.phase(), report.attempt(), rows(rejected.rows()))];
    for reason in reasons(report) {
        told.push(format!("  {}: {}", rows(reason.rows()), shown(reason.reason())));
        told.extend(reason.samples().iter().map(|sample| format!("    {}", shown(sample))));
    }
    if rejected.others() > 0 {
        told.push(format!("  {} for other reasons", rows(rejected.others())));
    }
    lines(told)
}

fn rows(number: u64) -> String {
    if number == 1 { "1 row".to_owned() } else { format!("{number} rows") }
}

/// The rows of further reasons have none.
fn json_lines(report: &PhaseReport) -> String {
    let line = |reason: Option<&str>, rows: u64, samples: &[String]| {
        let (phase, attempt) = (report.phase(), report.attempt());
        json!({ "phase": phase, "attempt": attempt, "reason": reason, "rows": rows, "samples": samples }).to_string() + "\n"
    };
    let reasons = reasons(report).into_iter().map(|reason| line(Some(reason.reason()), reason.rows(), reason.samples()));
    let others = Some(report.rejected().others()).filter(|rows| *rows > 0).map(|rows| line(None, rows, &[]));
    reasons.chain(others).collect()
}
