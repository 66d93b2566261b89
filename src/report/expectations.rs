//! What is told of that which was expected of phases? In a table what is not so, in Markdown all of it, of the latest attempts.

use std::fmt;

use crate::record::attempt::PhaseReport;
use crate::record::expectation::Expectation;
use crate::record::phase::PhaseRecord;
use crate::report::markdown::Code;
use crate::report::summary::RunSummary;
use crate::text::line::wrapped;
use crate::text::number::grouped;
use crate::text::table::WIDTH;

/// How many the table lists, and on how many lines each.
const BREACHES_LISTED: usize = 10;
const BREACH_LINES: usize = 3;

/// How many Markdown lists.
const MOST_TOLD: usize = 100;

impl RunSummary {
    /// The phases of whose latest attempt something was expected.
    fn expecting(&self) -> impl Iterator<Item = (&PhaseReport, &Expectation)> {
        let latest = self.record().phases().filter_map(|phase| self.latest(phase));
        latest.flat_map(|report| report.expectations().iter().map(move |expectation| (report, expectation)))
    }

    /// Whether the phase's latest attempt is not as expected.
    pub(crate) fn is_unexpected(&self, phase: &PhaseRecord) -> bool {
        self.latest(phase).is_some_and(|report| report.broken_expectations().next().is_some())
    }

    pub(super) fn fmt_unexpected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let breaches = self.expecting().filter(|(_, expectation)| !expectation.holds()).collect::<Vec<_>>();
        if breaches.is_empty() {
            return Ok(());
        }
        f.write_str("\n\nnot as expected")?;
        let (listed, more) = breaches.split_at(breaches.len().min(BREACHES_LISTED));
        for (report, expectation) in listed {
            let lines = wrapped(&format!("  {}: {expectation}", report.phase()), WIDTH, BREACH_LINES);
            lines.iter().try_for_each(|line| write!(f, "\n{line}"))?;
        }
        if more.is_empty() { Ok(()) } else { write!(f, "\n  and {} more", grouped(more.len() as u64)) }
    }

    pub(super) fn fmt_expectations_as_markdown(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = self.expecting().peekable();
        if told.peek().is_none() {
            return Ok(());
        }
        f.write_str("\n## Expectations\n\n| phase | | found and expected |\n|---|---|---|\n")?;
        for (report, expectation) in told.by_ref().take(MOST_TOLD) {
            let outcome =
                if expectation.holds() { outcome(expectation).to_owned() } else { format!("**{}**", outcome(expectation)) };
            writeln!(f, "| {} | {outcome} | {} |", report.phase(), Code(&expectation.to_string()))?;
        }
        match told.count() {
            0 => Ok(()),
            more => writeln!(f, "\nand {} more", grouped(more as u64)),
        }
    }
}

/// In words: one that fails its phase is told apart from a warning by how the phase is.
pub(crate) fn outcome(expectation: &Expectation) -> &'static str {
    match (expectation.holds(), expectation.is_checked()) {
        (false, _) => "not as expected",
        (true, true) => "as expected",
        (true, false) => "not checked",
    }
}
