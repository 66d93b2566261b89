//! Which run is this, and how did it go? What somebody needs who reads no further.

use std::collections::BTreeSet;
use std::fmt;

use crate::pipeline::phase::PhaseStatus;
use crate::pipeline::shape::PipelineShape;
use crate::record::attempt::PhaseReport;
use crate::record::error::ErrorRecord;
use crate::record::phase::PhaseRecord;
use crate::record::status::RunStatus;
use crate::report::html::details::Details;
use crate::report::html::look::Look;
use crate::report::html::moment::Moments;
use crate::report::html::text::{self, Folded, WholeName};
use crate::report::summary::RunSummary;
use crate::text::number::{duration, grouped};

/// A longer name is shortened, and can be unfolded.
const LONGEST_NAME: usize = 120;

/// So many failed phases are named at the top.
const FAILURES_TOLD: usize = 3;

/// And so many that are not as expected, with so much that is not.
const WARNINGS_TOLD: usize = 5;

/// So many failures of observers are told.
const OBSERVER_FAILURES_TOLD: usize = 20;

pub(crate) struct Header<'a>(pub(crate) &'a RunSummary);

impl Header<'_> {
    fn fmt_observer_failures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.observer_failures() {
            0 => return Ok(()),
            1 => f.write_str("<p class=\"note\">An observer failed once; the run was not affected.</p>\n")?,
            times => writeln!(f, "<p class=\"note\">Observers failed {} times; the run was not affected.</p>", grouped(times))?,
        }
        let mut first = self.0.first_observer_failures().iter().take(OBSERVER_FAILURES_TOLD);
        first.try_for_each(|failure| writeln!(f, "<div class=\"note\">{}</div>", Folded(&failure.to_string())))
    }

    fn fmt_name(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.name();
        writeln!(f, "<h1 dir=\"auto\">{}</h1>", text::name(name, LONGEST_NAME))?;
        if name.chars().count() > LONGEST_NAME {
            writeln!(f, "{}", WholeName(name))?;
        }
        Ok(())
    }

    fn fmt_verdict(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.0.status();
        let so_far = if status == RunStatus::Running { " so far" } else { "" };
        let now = self.0.now_in_words();
        writeln!(
            f,
            "<p class=\"verdict\">{} after {}{so_far}{now}</p>",
            Look::of_run(status),
            duration(self.0.total_duration())
        )?;
        let failed = self.0.record().failed_phases();
        failed.take(FAILURES_TOLD).try_for_each(|phase| self.fmt_failure(f, phase))?;
        self.fmt_unexpected(f)
    }

    /// Which phases came to something else than was expected, though they did not fail for it.
    fn fmt_unexpected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phases = self.0.record().phases().filter(|phase| self.0.is_unexpected(phase));
        let warned = phases.filter(|phase| phase.status() != PhaseStatus::Failed).take(WARNINGS_TOLD);
        for (report, phase) in warned.filter_map(|phase| Some((self.0.latest(phase)?, phase))) {
            writeln!(f, "<div class=\"failure warning\"><p>{}, not as expected</p>", Details::link(self.0, phase))?;
            let mut broken = report.broken_expectations().take(WARNINGS_TOLD);
            broken.try_for_each(|expectation| write!(f, "{}", Folded(&expectation.to_string())))?;
            f.write_str("</div>\n")?;
        }
        Ok(())
    }

    /// The failed phase, with the error that ended it or came last, and what was behind that.
    fn fmt_failure(&self, f: &mut fmt::Formatter<'_>, phase: &PhaseRecord) -> fmt::Result {
        let name = phase.name();
        write!(f, "<div class=\"failure\"><p>{}", Details::link(self.0, phase))?;
        match self.0.latest(phase) {
            Some(report) if report.status() == PhaseStatus::Failed => {
                write!(f, ", attempt {}, {}", report.attempt(), Look::of_attempt(report).words())?;
            }
            _ => f.write_str(" was set to failed by hand")?,
        }
        f.write_str("</p>")?;
        let latest = self.0.latest(phase);
        let attempt = latest.map(PhaseReport::attempt);
        let last_recorded = || {
            let errors = self.0.record().errors_for(name.as_str()).filter(|error| error.attempt() == attempt);
            errors.last().map(ErrorRecord::error)
        };
        if let Some(error) = latest.and_then(PhaseReport::error).or_else(last_recorded) {
            write!(f, "{}", Folded(error.message()))?;
            if let Some(root) = error.sources().last() {
                write!(f, "<ul class=\"sources\"><li>caused by: {}</li></ul>", Folded(root))?;
            }
        }
        f.write_str("</div>\n")
    }

    fn fmt_facts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (summary, moments) = (self.0, Moments::of(self.0));
        let record = summary.record();
        let mut fact = |name: &str, value: &dyn fmt::Display| writeln!(f, "<div><dt>{name}</dt><dd>{value}</dd></div>");
        fact("Began (UTC)", &moments.date_and_time(record.start_time()))?;
        match summary.end_time() {
            Some(end) => fact("Ended (UTC)", &moments.date_and_time(end))?,
            None => fact("As of (UTC)", &moments.date_and_time(summary.taken()))?,
        }
        let completed = record.phases().filter(|phase| phase.status() == PhaseStatus::Completed).count();
        fact("Phases completed", &format!("{completed} of {}", known_phases(summary)))?;
        fact("Attempts", &grouped(record.phases().map(|phase| summary.attempts(phase).count() as u64).sum()))?;
        fact("Errors", &grouped(summary.error_count()))?;
        if let Some(pipeline) = record.pipeline() {
            fact("Pipeline", &text::name(pipeline.name(), 64))?;
        }
        fact("Run id", &summary.run_id())
    }
}

/// Those of the pipeline, or else those that the run has come to.
fn known_phases(summary: &RunSummary) -> usize {
    let record = summary.record();
    let of_pipeline = record.pipeline().map(PipelineShape::phases).unwrap_or_default();
    let names: BTreeSet<_> = of_pipeline.into_iter().chain(record.phases().map(PhaseRecord::name)).collect();
    names.len()
}

impl fmt::Display for Header<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<header>\n")?;
        self.fmt_name(f)?;
        self.fmt_verdict(f)?;
        f.write_str("<dl class=\"facts\">\n")?;
        self.fmt_facts(f)?;
        f.write_str("</dl>\n")?;
        match self.0.record().running_phases().count() as u64 {
            0 => {}
            1 => f.write_str(
                "<p class=\"note\">A phase was running at that moment; what it did since is not in this report.</p>\n",
            )?,
            several => {
                let several = grouped(several);
                write!(f, "<p class=\"note\">{several} phases were running at that moment; ")?;
                f.write_str("what they did since is not in this report.</p>\n")?;
            }
        }
        self.fmt_observer_failures(f)?;
        f.write_str("</header>\n")
    }
}
