//! Which rejected rows are told in a table? For each phase the reasons, the most frequent first, with a row to look at.

use std::cmp::Reverse;
use std::fmt;

use crate::record::attempt::PhaseReport;
use crate::record::phase::PhaseRecord;
use crate::record::rejected::{Rejected, RejectedReason};
use crate::report::summary::RunSummary;
use crate::text::line::own_line;
use crate::text::number::{grouped, percentage};
use crate::text::table::width;

/// How many reasons of a phase the table lists.
const REASONS_LISTED: usize = 5;

/// How many phases.
const PHASES_LISTED: usize = 10;

impl PhaseReport {
    /// As in `1.0 % rejected`; `None` if no row was.
    fn rejected_share(&self) -> Option<String> {
        self.rejected_percent().map(|percent| format!("{} rejected", percentage(percent)))
    }
}

impl Rejected {
    /// The reasons, that with the most rows first, and how many rows there are besides.
    pub(super) fn most_frequent(&self, most: usize) -> (Vec<&RejectedReason>, u64) {
        let mut reasons = self.reasons().iter().collect::<Vec<_>>();
        reasons.sort_by_key(|reason| Reverse(reason.rows()));
        reasons.truncate(most);
        let told = reasons.iter().fold(0, |sum: u64, reason| sum.saturating_add(reason.rows()));
        (reasons, self.rows().saturating_sub(told))
    }
}

impl RunSummary {
    /// As in `1.0 % rejected`, of the phase's latest attempt; empty if no row was.
    pub(super) fn rejected_cell(&self, phase: &PhaseRecord) -> String {
        self.latest(phase).and_then(PhaseReport::rejected_share).unwrap_or_default()
    }

    /// Whether any phase has rejected rows.
    pub(super) fn has_rejected(&self) -> bool {
        self.record().phases().any(|phase| !self.rejected_cell(phase).is_empty())
    }

    pub(super) fn fmt_rejected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let longest = width(f).saturating_sub(2);
        let told = self.latest_reports().filter_map(|report| Some((report, report.rejected_rows()?))).collect::<Vec<_>>();
        for (report, rows) in told.iter().take(PHASES_LISTED) {
            write!(f, "\n\n{}: {rows}", report.phase())?;
            let (reasons, more) = report.rejected().most_frequent(REASONS_LISTED);
            for reason in reasons {
                let sample = reason.samples().first().map(|sample| format!(", as in {sample}")).unwrap_or_default();
                write!(f, "\n  {}", own_line(&format!("{} {}{sample}", grouped(reason.rows()), reason.reason()), longest))?;
            }
            if more > 0 {
                write!(f, "\n  {} for other reasons", grouped(more))?;
            }
        }
        match told.len().saturating_sub(PHASES_LISTED) {
            0 => Ok(()),
            more => write!(f, "\n\nand rows of {} other phases", grouped(more as u64)),
        }
    }
}
