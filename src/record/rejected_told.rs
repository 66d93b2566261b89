//! What is told of the rows that an attempt has rejected? How many, which share of all rows that is, and why.

use serde::Serialize;

use crate::record::attempt::PhaseReport;
use crate::record::rejected::Rejected;
use crate::text::number::{grouped, percentage};

/// As in `{"rows": 3, "percent": 1.5, "reasons": [{"reason": "no sender", "rows": 3, "samples": ["7"]}]}`.
#[derive(Serialize)]
pub(super) struct Details<'a> {
    rows: u64,
    percent: Option<f64>,
    #[serde(flatten)]
    rejected: &'a Rejected,
}

impl PhaseReport {
    /// As in `3,000 rows rejected (1.0 %), 12 of them before`.
    pub(crate) fn rejected_rows(&self) -> Option<String> {
        let (rejected, percent) = (self.rejected(), self.rejected_percent()?);
        let rows = if rejected.rows() == 1 { "row" } else { "rows" };
        let before = match rejected.carried() {
            0 => String::new(),
            carried => format!(", {} of them before", grouped(carried)),
        };
        Some(format!("{} {rows} rejected ({}){before}", grouped(rejected.rows()), percentage(percent)))
    }

    pub(super) fn rejected_details(&self) -> Option<Details<'_>> {
        let rejected = Some(self.rejected()).filter(|rejected| !rejected.is_empty())?;
        Some(Details { rows: rejected.rows(), percent: self.rejected_percent(), rejected })
    }
}
