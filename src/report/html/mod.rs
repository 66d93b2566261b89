//! What does a run look like on a page? One file that needs no other: no script, no font, nothing from a network.
//!
//! The page is well-formed XML as well, so that any parser can check it.

mod axis;
mod details;
mod diagram;
mod errors;
mod expectations;
mod gaps;
mod header;
mod lanes;
pub(crate) mod look;
mod metadata;
mod moment;
mod parts;
mod phases;
mod processed;
mod rejects;
mod rows;
pub(crate) mod text;
mod ticks;
mod timeline;

use std::fmt;

use crate::report::html::details::Details;
use crate::report::html::diagram::Diagram;
use crate::report::html::header::Header;
use crate::report::html::metadata::Metadata;
use crate::report::html::phases::Phases;
use crate::report::html::timeline::Timeline;
use crate::report::summary::RunSummary;

impl RunSummary {
    /// The same as one HTML page that needs nothing else: a timeline with a bar for each attempt, counts, rates, results,
    /// errors under their phase, the pipeline's diagram.
    ///
    /// The page has no script and loads nothing. It is light or dark as the reader's system is, and it prints. Every text of
    /// the author's (names, results, errors) is escaped; a long one is folded.
    ///
    /// ```
    /// use etl_context::{Context, Extract};
    ///
    /// let summary = Context::new("<nightly>").start(Extract)?.complete(())?.summary();
    /// let page = summary.to_html();
    /// assert!(page.starts_with("<!DOCTYPE html>"));
    /// assert!(page.contains("&lt;nightly&gt;"));
    /// # Ok::<(), etl_context::Error>(())
    /// ```
    #[must_use]
    pub fn to_html(&self) -> String {
        Page(self).to_string()
    }
}

/// The whole page.
struct Page<'a>(&'a RunSummary);

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let summary = self.0;
        fmt_beginning(f, &format!("{}: {}", text::name(summary.name(), 80), summary.status()), "")?;
        write!(f, "{}{}{}{}", Header(summary), Metadata(summary), Timeline::new(summary), Phases::new(summary))?;
        write!(f, "<div class=\"below\">\n{}<div class=\"beside\">\n", Details::new(summary))?;
        writeln!(f, "{}</div>\n</div>", Diagram(summary))?;
        fmt_end(f)
    }
}

/// What a page begins with, down to its first element; the title is escaped already, and the style is added to that of a run's page.
pub(crate) fn fmt_beginning(f: &mut fmt::Formatter<'_>, title: &str, style: &str) -> fmt::Result {
    f.write_str("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n")?;
    f.write_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n")?;
    f.write_str("<meta name=\"color-scheme\" content=\"light dark\"/>\n")?;
    writeln!(f, "<title>{title}</title>\n<style>\n{}{style}</style>\n</head>\n<body>\n<main>", include_str!("report.css"))
}

pub(crate) fn fmt_end(f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "</main>\n<footer>Written by etl-context {}</footer>\n</body>\n</html>", env!("CARGO_PKG_VERSION"))
}
