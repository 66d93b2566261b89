//! Did a phase come to what was expected? Each figure of its latest attempt with its bounds, and a mark beside what is not so.

use std::fmt;

use crate::record::attempt::PhaseReport;
use crate::record::expectation::Expectation;
use crate::report::html::look::Look;
use crate::report::html::text::Folded;
use crate::text::number::grouped;

/// A phase of which more is expected has its others only in the JSON.
const MOST_SHOWN: usize = 100;

pub(crate) struct Expectations<'a>(pub(crate) &'a PhaseReport);

impl fmt::Display for Expectations<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown, more) = self.0.expectations().split_at(self.0.expectations().len().min(MOST_SHOWN));
        if shown.is_empty() {
            return Ok(());
        }
        f.write_str("<table class=\"errors expectations\">\n<caption>Expectations</caption>\n<thead><tr>")?;
        f.write_str("<th scope=\"col\">Outcome</th><th scope=\"col\">Found and expected</th></tr></thead>\n<tbody>\n")?;
        shown.iter().try_for_each(|expectation| fmt_expectation(f, expectation))?;
        f.write_str("</tbody>\n</table>\n")?;
        match more.len() {
            0 => Ok(()),
            more => writeln!(f, "<p class=\"note\">and {} more</p>", grouped(more as u64)),
        }
    }
}

fn fmt_expectation(f: &mut fmt::Formatter<'_>, expectation: &Expectation) -> fmt::Result {
    writeln!(f, "<tr><td>{}</td><td>{}</td></tr>", Look::of_expectation(expectation), Folded(&expectation.to_string()))
}
