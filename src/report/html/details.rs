//! What else is known of each phase? Its result, its errors, its earlier attempts.

use std::fmt;

use serde_json::Value;

use crate::pipeline::phase::PhaseName;
use crate::record::attempt::PhaseReport;
use crate::record::phase::PhaseRecord;
use crate::report::html::errors::Errors;
use crate::report::html::expectations::Expectations;
use crate::report::html::look::Look;
use crate::report::html::moment::Moments;
use crate::report::html::parts::Parts;
use crate::report::html::processed::fmt_processed;
use crate::report::html::rejects::Rejects;
use crate::report::html::text::{Folded, Line, Name, readable};
use crate::report::summary::RunSummary;
use crate::text::number::{duration, grouped};

/// So many keys of a result are always shown, and so many can be unfolded.
const KEYS_SHOWN: usize = 24;
const KEYS_UNFOLDED: usize = 1_000;

/// A phase whose result has a longer text gets the whole width, in bytes.
const LONG_RESULT: usize = 160;

/// So many earlier attempts and overrides are told; the timeline has all attempts.
const ATTEMPTS_TOLD: usize = 20;

pub(crate) struct Details<'a> {
    summary: &'a RunSummary,
    moments: Moments,
}

/// A phase by name: errors can also be recorded under one that is not known otherwise.
struct Section<'a> {
    name: &'a PhaseName,
    phase: Option<&'a PhaseRecord>,
}

impl Section<'_> {
    /// A key or a value of the latest result takes more than a few lines.
    fn has_long_results(&self) -> bool {
        let latest = self.phase.and_then(PhaseRecord::latest_report);
        let mut results = latest.into_iter().flat_map(PhaseReport::own_results).take(KEYS_SHOWN);
        results.any(|(key, value)| key.len() > LONG_RESULT || readable(value).len() > LONG_RESULT)
    }
}

impl<'a> Details<'a> {
    pub(crate) fn new(summary: &'a RunSummary) -> Self {
        Details { summary, moments: Moments::of(summary) }
    }

    /// Whether there is more to say of the phase than its numbers.
    fn has(summary: &RunSummary, phase: &PhaseRecord) -> bool {
        let mut attempts = summary.attempts(phase);
        summary.record().error_count_for(phase.name().as_str()) > 0
            || attempts.any(|report| report.own_results().next().is_some())
            || summary.attempts(phase).nth(1).is_some()
            || Details::has_rejected(summary, phase)
            || Details::has_expectations(summary, phase)
            || phase.parts().len() > 0
            || phase.checkpoint().is_some()
            || !phase.overrides().is_empty()
    }

    fn has_rejected(summary: &RunSummary, phase: &PhaseRecord) -> bool {
        summary.latest(phase).is_some_and(|report| report.rejected().rows() > 0)
    }

    fn has_expectations(summary: &RunSummary, phase: &PhaseRecord) -> bool {
        summary.latest(phase).is_some_and(|report| !report.expectations().is_empty())
    }

    /// The phase's name, as a link if there is more about it here.
    pub(crate) fn link(summary: &RunSummary, phase: &PhaseRecord) -> String {
        let name = Name(phase.name().as_str());
        if Details::has(summary, phase) { format!("<a href=\"#phase-{}\">{name}</a>", phase.name()) } else { name.to_string() }
    }

    fn sections(&self) -> Vec<Section<'a>> {
        let record = self.summary.record();
        let known = record.phases().filter(|phase| Details::has(self.summary, phase));
        let mut sections = known.map(|phase| Section { name: phase.name(), phase: Some(phase) }).collect::<Vec<_>>();
        for (phase, _) in record.errors_by_phase() {
            if record.phase(phase.as_str()).is_none() {
                sections.push(Section { name: phase, phase: None });
            }
        }
        sections
    }

    fn fmt_section(&self, f: &mut fmt::Formatter<'_>, section: &Section<'_>) -> fmt::Result {
        let name = section.name;
        let errors = Errors::new(self.summary, name, self.moments);
        let has_tables = section.phase.is_some_and(|phase| {
            let summary = self.summary;
            Details::has_rejected(summary, phase) || Details::has_expectations(summary, phase) || phase.parts().len() > 0
        });
        let wide = if errors.is_empty() && !has_tables && !section.has_long_results() { "" } else { " wide" };
        write!(f, "<section class=\"phase{wide}\" aria-labelledby=\"phase-{name}\">\n<h3 id=\"phase-{name}\">{name}</h3>\n")?;
        if let Some(phase) = section.phase {
            self.fmt_known(f, phase)?;
        }
        writeln!(f, "{errors}</section>")
    }

    fn fmt_known(&self, f: &mut fmt::Formatter<'_>, phase: &PhaseRecord) -> fmt::Result {
        if let Some(latest) = self.summary.latest(phase) {
            fmt_results(f, latest)?;
            write!(f, "{}{}", Expectations(latest), Rejects(latest))?;
        }
        write!(f, "{}", Parts(phase))?;
        if let Some(cursor) = phase.checkpoint() {
            f.write_str("<dl class=\"keys\">\n")?;
            fmt_key(f, "last checkpoint", cursor)?;
            f.write_str("</dl>\n")?;
        }
        self.fmt_earlier(f, phase)?;
        self.fmt_overrides(f, phase)
    }

    fn fmt_earlier(&self, f: &mut fmt::Formatter<'_>, phase: &PhaseRecord) -> fmt::Result {
        let mut attempts = self.summary.attempts(phase).collect::<Vec<_>>();
        attempts.pop();
        if attempts.is_empty() {
            return Ok(());
        }
        f.write_str("<table class=\"attempts\">\n<caption>Earlier attempts</caption>\n<thead><tr>")?;
        f.write_str("<th scope=\"col\" class=\"number\">Attempt</th><th scope=\"col\">Status</th>")?;
        f.write_str("<th scope=\"col\" class=\"number\">Took</th><th scope=\"col\">Processed</th></tr></thead>\n<tbody>\n")?;
        let untold = attempts.len().saturating_sub(ATTEMPTS_TOLD);
        for report in &attempts[untold..] {
            fmt_attempt(f, report)?;
        }
        f.write_str("</tbody>\n</table>\n")?;
        match untold {
            0 => Ok(()),
            _ => writeln!(f, "<p class=\"note\">The first {} attempts are only on the timeline.</p>", grouped(untold as u64)),
        }
    }

    fn fmt_overrides(&self, f: &mut fmt::Formatter<'_>, phase: &PhaseRecord) -> fmt::Result {
        let overrides = phase.overrides();
        if overrides.is_empty() {
            return Ok(());
        }
        f.write_str("<ul class=\"overrides\">\n")?;
        for set in &overrides[overrides.len().saturating_sub(ATTEMPTS_TOLD)..] {
            let (from, to, time) = (set.from(), set.to(), self.moments.time(set.time()));
            writeln!(f, "<li>Status set by hand at {time} UTC: {from} to {to}</li>")?;
        }
        f.write_str("</ul>\n")
    }
}

fn fmt_attempt(f: &mut fmt::Formatter<'_>, report: &PhaseReport) -> fmt::Result {
    let (look, took) = (Look::of_attempt(report), duration(report.duration()));
    write!(f, "<tr><td class=\"number\">{}</td><td>{look}</td><td class=\"number\">{took}</td><td>", report.attempt())?;
    fmt_processed(f, report.counted())?;
    fmt_results(f, report)?;
    let mut broken = report.broken_expectations().take(ATTEMPTS_TOLD);
    broken.try_for_each(|expectation| write!(f, "<span class=\"unexpected\">{}</span>", Line(&expectation.to_string())))?;
    f.write_str("</td></tr>\n")
}

fn fmt_results(f: &mut fmt::Formatter<'_>, report: &PhaseReport) -> fmt::Result {
    let keys = report.own_results().count();
    if keys == 0 {
        return Ok(());
    }
    f.write_str("<dl class=\"keys\">\n")?;
    report.own_results().take(KEYS_SHOWN).try_for_each(|(key, value)| fmt_key(f, key, value))?;
    f.write_str("</dl>\n")?;
    if keys > KEYS_SHOWN {
        fmt_more_results(f, report, keys - KEYS_SHOWN)?;
    }
    Ok(())
}

fn fmt_more_results(f: &mut fmt::Formatter<'_>, report: &PhaseReport, hidden: usize) -> fmt::Result {
    writeln!(f, "<details><summary>{} more keys</summary><dl class=\"keys\">", grouped(hidden as u64))?;
    let unfolded = report.own_results().skip(KEYS_SHOWN).take(KEYS_UNFOLDED);
    unfolded.into_iter().try_for_each(|(key, value)| fmt_key(f, key, value))?;
    f.write_str("</dl>\n")?;
    if let Some(cut) = hidden.checked_sub(KEYS_UNFOLDED).filter(|cut| *cut > 0) {
        write!(f, "<p class=\"note\">{} more keys are not shown</p>", grouped(cut as u64))?;
    }
    f.write_str("</details>\n")
}

fn fmt_key(f: &mut fmt::Formatter<'_>, key: &str, value: &Value) -> fmt::Result {
    writeln!(f, "<div><dt>{}</dt><dd>{}</dd></div>", Folded(key), Folded(&readable(value)))
}

impl fmt::Display for Details<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sections = self.sections();
        if sections.is_empty() {
            return Ok(());
        }
        f.write_str(
            "<section aria-labelledby=\"results\">\n<h2 id=\"results\">Results and errors</h2>\n<div class=\"columns\">\n",
        )?;
        sections.iter().try_for_each(|section| self.fmt_section(f, section))?;
        f.write_str("</div>\n</section>\n")
    }
}
