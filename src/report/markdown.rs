//! What is told of a run in Markdown? The summary as GitHub shows it, for a ticket, a wiki page or a mail.
//!
//! Texts from outside only get into code: spans in tables, fences for errors. There no character means anything, and GitHub
//! makes neither a link of it nor calls a person.

use std::fmt;

use crate::pipeline::mermaid;
use crate::pipeline::shape::PipelineShape;
use crate::record::attempt::PhaseReport;
use crate::record::error::ErrorRecord;
use crate::report::errors::PhaseErrors;
use crate::report::summary::RunSummary;
use crate::report::times::Times;
use crate::text::line::shortened;
use crate::text::number::{duration, grouped, percentage};
use crate::text::unseen::is_unseen;

/// So many errors of a phase, sources of an error, and keys are told; the JSON has them all.
const MOST_ERRORS: usize = 50;
const MOST_SOURCES: usize = 10;
const MOST_KEYS: usize = 100;
const MOST_OBSERVER_FAILURES: usize = 20;

/// A longer text is cut.
const LONGEST_CELL: usize = 200;
const LONGEST_ERROR: usize = 1_000;

impl RunSummary {
    /// The same as Markdown, as GitHub shows it: tables, errors with their sources, the pipeline as a Mermaid diagram.
    ///
    /// Texts of the author's (names, results, errors) are escaped, and very long ones are cut.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        Markdown(self).to_string()
    }
}

struct Markdown<'a>(&'a RunSummary);

impl fmt::Display for Markdown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fmt_header(f)?;
        self.fmt_metadata(f)?;
        self.fmt_phases(f)?;
        self.fmt_attempts(f)?;
        self.0.fmt_parts_as_markdown(f)?;
        self.fmt_results(f)?;
        self.fmt_rejected(f)?;
        self.0.fmt_expectations_as_markdown(f)?;
        self.fmt_errors(f)?;
        self.fmt_pipeline(f)
    }
}

impl Markdown<'_> {
    fn fmt_header(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (summary, record) = (self.0, self.0.record());
        writeln!(f, "# {}\n", Code(summary.name()))?;
        let now = summary.now_in_words();
        writeln!(f, "**{}** after {}{now}\n", summary.status(), duration(summary.total_duration()))?;
        writeln!(f, "| | |\n|---|---|\n| run | `{}` |\n| began | {} |", summary.run_id(), record.start_time())?;
        match summary.end_time() {
            Some(end) => writeln!(f, "| ended | {end} |")?,
            None => writeln!(f, "| as of | {} |", summary.taken())?,
        }
        writeln!(f, "| errors | {} |", grouped(summary.error_count()))?;
        if summary.observer_failures() > 0 {
            writeln!(f, "| failures of observers | {} |", grouped(summary.observer_failures()))?;
        }
        let mut failures = summary.first_observer_failures().iter().take(MOST_OBSERVER_FAILURES);
        failures.try_for_each(|failure| writeln!(f, "| | {} |", Code(&failure.to_string())))
    }

    fn fmt_phases(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.record().phases().next().is_none() {
            return Ok(());
        }
        f.write_str("\n## Phases\n\n| phase | status | attempts | duration | share | processed |\n|---|---|--:|--:|--:|---|\n")?;
        let times = Times::of(self.0);
        for phase in self.0.record().phases() {
            let (attempts, share) = (self.0.attempts(phase).count(), times.share(self.0.time_in(phase)));
            let share = share.map(percentage).unwrap_or_default();
            let latest = self.0.latest(phase);
            let (took, processed) = (latest.map(|report| duration(report.duration())), latest.map(processed));
            let (took, processed) = (took.unwrap_or_default(), processed.unwrap_or_default());
            writeln!(f, "| {} | {} | {attempts} | {took} | {share} | {processed} |", phase.name(), phase.status())?;
        }
        times.side_by_side().map_or(Ok(()), |words| writeln!(f, "\n{words}"))
    }

    /// Only if a phase has more than one, so that the table above does not say it all.
    fn fmt_attempts(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let record = self.0.record();
        if record.phases().all(|phase| self.0.attempts(phase).count() <= 1) {
            return Ok(());
        }
        f.write_str("\n## Attempts\n\n| phase | attempt | status | started | duration |\n|---|--:|---|---|--:|\n")?;
        for report in record.phases().flat_map(|phase| self.0.attempts(phase)) {
            let cause = report.cause().map(|cause| format!(" ({cause})")).unwrap_or_default();
            let (phase, attempt, status) = (report.phase(), report.attempt(), report.status());
            let (started, took) = (report.start_time(), duration(report.duration()));
            writeln!(f, "| {phase} | {attempt} | {status}{cause} | {started} | {took} |")?;
        }
        Ok(())
    }

    fn fmt_results(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let latest = self.0.record().phases().filter_map(|phase| self.0.latest(phase));
        let mut told = latest.filter(|report| report.own_results().next().is_some()).peekable();
        if told.peek().is_some() {
            f.write_str("\n## Results\n")?;
        }
        for report in told {
            let results =
                report.own_results().map(|(key, value)| (key, value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
            write!(f, "\n### {}\n", report.phase())?;
            fmt_keys(f, results)?;
        }
        Ok(())
    }

    fn fmt_rejected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let latest = self.0.record().phases().filter_map(|phase| self.0.latest(phase));
        let mut told = latest.filter_map(|report| Some((report, report.rejected_rows()?))).peekable();
        if told.peek().is_some() {
            f.write_str("\n## Rejected rows\n")?;
        }
        for (report, rows) in told {
            write!(f, "\n### {}\n\n{rows}\n\n| rows | reason | samples |\n|--:|---|---|\n", report.phase())?;
            let (reasons, others) = report.rejected().most_frequent(MOST_KEYS);
            for reason in reasons {
                let samples = reason.samples().iter().map(|sample| Code(sample).to_string()).collect::<Vec<_>>().join("<br>");
                writeln!(f, "| {} | {} | {samples} |", grouped(reason.rows()), Code(reason.reason()))?;
            }
            if others > 0 {
                writeln!(f, "| {} | for other reasons | |", grouped(others))?;
            }
        }
        Ok(())
    }

    fn fmt_errors(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phases = PhaseErrors::all(self.0.record());
        if !phases.is_empty() {
            f.write_str("\n## Errors\n")?;
        }
        phases.iter().try_for_each(|errors| write!(f, "\n### {}\n\n{}", errors.phase, Fence(errors)))
    }

    fn fmt_pipeline(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(pipeline) = self.0.record().pipeline() else { return Ok(()) };
        let name = Code(PipelineShape::name(pipeline));
        write!(f, "\n## Pipeline\n\n{name}\n\n```mermaid\n{}```\n", mermaid::flowchart(&pipeline.phases(), pipeline.edges()))?;
        if pipeline.joins_branches() { f.write_str("\nWhat follows `all` needs every phase that leads to it.\n") } else { Ok(()) }
    }

    fn fmt_metadata(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metadata = self.0.record().metadata();
        if metadata.is_empty() {
            return Ok(());
        }
        f.write_str("\n## Metadata\n")?;
        fmt_keys(f, metadata.iter().map(|(key, value)| (key.as_str(), value.clone())))
    }
}

/// As in `1,250 conversations, 400 of 1,000 messages (40 %), 12 per second`.
fn processed(report: &PhaseReport) -> String {
    let counters = report.counted().map(|counted| format!("{} {counted}", Code(counted.name)));
    counters.collect::<Vec<_>>().join("<br>")
}

fn fmt_keys<'a>(f: &mut fmt::Formatter<'_>, keys: impl Iterator<Item = (&'a str, String)>) -> fmt::Result {
    f.write_str("\n| key | value |\n|---|---|\n")?;
    let mut keys = keys.fuse();
    keys.by_ref().take(MOST_KEYS).try_for_each(|(key, value)| writeln!(f, "| {} | {} |", Code(key), Code(&value)))?;
    match keys.count() {
        0 => Ok(()),
        more => writeln!(f, "\nand {} more", grouped(more as u64)),
    }
}

/// A text as code on one line, also in a table.
pub(super) struct Code<'a>(pub(super) &'a str);

impl fmt::Display for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = visible(&shortened(self.0, LONGEST_CELL), |_| false);
        if text.trim().is_empty() {
            return Ok(());
        }
        if !text.contains(['`', '|']) && !text.ends_with('\\') && text.trim() == text {
            return write!(f, "`{text}`");
        }
        // A span cannot hold its own delimiter, nor a table's cell a bar; where there is one, entities stand for signs.
        write!(f, "<code>{}</code>", Plain(&text))
    }
}

/// A text on one line that means nothing but itself, also in a table.
pub(crate) struct Plain<'a>(pub(crate) &'a str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in visible(self.0, |_| false).chars() {
            if MARKUP.contains(character) {
                write!(f, "&#{};", u32::from(character))?;
            } else {
                write!(f, "{character}")?;
            }
        }
        Ok(())
    }
}

/// Signs that mean something in Markdown, in HTML or to GitHub.
const MARKUP: &str = "\\`*_[]<>&|~@:#!$";

/// Errors one below the other, as they are.
struct Fence<'a>(&'a PhaseErrors<'a>);

impl fmt::Display for Fence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = self.0.told();
        errors.truncate(MOST_ERRORS);
        let told = errors.iter().map(|error| told(error)).collect::<Vec<_>>().join("\n");
        // Longer than any in the text, so that the text cannot end it.
        let fence = "`".repeat(longest_run(&told, '`').max(2) + 1);
        writeln!(f, "{fence}text\n{told}\n{fence}")?;
        match self.0.untold(errors.len()) {
            0 => Ok(()),
            more => writeln!(f, "\nand {} more", grouped(more)),
        }
    }
}

/// The error with its sources, a line or more for each.
fn told(error: &ErrorRecord) -> String {
    let attempt = error.attempt().map(|attempt| format!(", attempt {attempt}")).unwrap_or_default();
    let mut told = format!("{}{attempt}: {}", error.time(), lines(error.message()));
    for source in error.sources().take(MOST_SOURCES) {
        told.push_str("\n  caused by: ");
        told.push_str(&lines(source));
    }
    match error.sources().skip(MOST_SOURCES).count() {
        0 => told,
        more => format!("{told}\n  and {more} more behind it"),
    }
}

fn lines(text: &str) -> String {
    let text = shortened(text, LONGEST_ERROR).replace("\r\n", "\n");
    visible(&text, |character| matches!(character, '\n' | '\t')).replace('\n', "\n    ")
}

/// The text with what cannot be seen escaped, unless it is kept.
fn visible(text: &str, kept: impl Fn(char) -> bool) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_unseen(character) && !kept(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|character| character != of).map(str::len).max().unwrap_or_default()
}
