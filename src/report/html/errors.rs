//! What went wrong in a phase? Its errors with time, attempt and what was behind them.

use std::fmt;

use crate::pipeline::phase::PhaseName;
use crate::record::error::ErrorRecord;
use crate::report::errors::PhaseErrors;
use crate::report::html::moment::Moments;
use crate::report::html::text::Folded;
use crate::report::summary::RunSummary;
use crate::text::number::grouped;

/// So many errors are always shown; the others can be unfolded.
const ERRORS_SHOWN: usize = 40;

/// The same for what is behind one error.
const SOURCES_SHOWN: usize = 6;

pub(crate) struct Errors<'a> {
    errors: PhaseErrors<'a>,
    moments: Moments,
}

impl<'a> Errors<'a> {
    pub(crate) fn new(summary: &'a RunSummary, phase: &'a PhaseName, moments: Moments) -> Self {
        Errors { errors: PhaseErrors::of(summary.record(), phase), moments }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    fn fmt_errors(&self, f: &mut fmt::Formatter<'_>, errors: &[&ErrorRecord], caption: &str) -> fmt::Result {
        f.write_str("<table class=\"errors\">\n")?;
        write!(f, "<caption>{caption}</caption>\n<thead><tr><th scope=\"col\" class=\"number\">Time (UTC)</th>")?;
        f.write_str("<th scope=\"col\" class=\"number\">Attempt</th><th scope=\"col\">Error</th></tr></thead>\n<tbody>\n")?;
        for error in errors {
            let attempt = error.attempt().map(|attempt| attempt.to_string()).unwrap_or_default();
            write!(f, "<tr><td class=\"number\">{}</td>", self.moments.time(error.time()))?;
            write!(f, "<td class=\"number\" data-label=\"attempt\">{attempt}</td>")?;
            write!(f, "<td>{}", Folded(error.message()))?;
            fmt_sources(f, &error.sources().collect::<Vec<_>>())?;
            f.write_str("</td></tr>\n")?;
        }
        f.write_str("</tbody>\n</table>\n")
    }
}

/// What was behind an error, outermost first.
fn fmt_sources(f: &mut fmt::Formatter<'_>, sources: &[&str]) -> fmt::Result {
    let (shown, hidden) = sources.split_at(sources.len().min(SOURCES_SHOWN));
    fmt_chain(f, shown)?;
    if !hidden.is_empty() {
        write!(f, "<details class=\"sources\"><summary>{} more behind it</summary>", grouped(hidden.len() as u64))?;
        fmt_chain(f, hidden)?;
        f.write_str("</details>")?;
    }
    Ok(())
}

fn fmt_chain(f: &mut fmt::Formatter<'_>, sources: &[&str]) -> fmt::Result {
    if sources.is_empty() {
        return Ok(());
    }
    f.write_str("<ul class=\"sources\">")?;
    sources.iter().try_for_each(|source| write!(f, "<li>caused by: {}</li>", Folded(source)))?;
    f.write_str("</ul>")
}

impl fmt::Display for Errors<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return Ok(());
        }
        let told = self.errors.told();
        let (shown, hidden) = told.split_at(told.len().min(ERRORS_SHOWN));
        let count = self.errors.count;
        self.fmt_errors(f, shown, &if count == 1 { "1 error".to_owned() } else { format!("{} errors", grouped(count)) })?;
        if !hidden.is_empty() {
            let more = format!("{} more", grouped(hidden.len() as u64));
            write!(f, "<details><summary>{more}</summary>")?;
            self.fmt_errors(f, hidden, &format!("{more} errors"))?;
            f.write_str("</details>\n")?;
        }
        match self.errors.untold(told.len()) {
            0 => Ok(()),
            untold => writeln!(
                f,
                "<p class=\"note\">{} more errors were recorded; the details of the first thousand are kept.</p>",
                grouped(untold)
            ),
        }
    }
}
