//! How much did each phase do, and how long did it take? One group of rows for each phase, one row for each of its counters.

use std::fmt;

use crate::record::attempt::PhaseReport;
use crate::record::counted::Counted;
use crate::record::phase::PhaseRecord;
use crate::report::html::details::Details;
use crate::report::html::look::Look;
use crate::report::html::text::Name;
use crate::report::summary::RunSummary;
use crate::report::times::Times;
use crate::text::counter::{amount, amount_per_second};
use crate::text::number::{duration, grouped, percentage};

/// A longer number may be broken into lines.
const LONGEST_ON_A_LINE: usize = 16;

pub(crate) struct Phases<'a> {
    summary: &'a RunSummary,
    /// Any phase knows a total.
    with_totals: bool,
}

impl<'a> Phases<'a> {
    pub(crate) fn new(summary: &'a RunSummary) -> Self {
        let latest = summary.record().phases().filter_map(|phase| summary.latest(phase));
        let with_totals = latest.flat_map(PhaseReport::counted).any(|counted| counted.total.is_some());
        Phases { summary, with_totals }
    }

    fn fmt_heading(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let totals = if self.with_totals { &["Expected", "Done"][..] } else { &[] };
        f.write_str("<thead><tr>")?;
        for name in ["Phase", "Status"] {
            write!(f, "<th scope=\"col\">{name}</th>")?;
        }
        for name in ["Attempts", "Errors", "Took"] {
            write!(f, "<th scope=\"col\" class=\"number\">{name}</th>")?;
        }
        f.write_str("<th scope=\"col\">Share of the time</th><th scope=\"col\">Counter</th>")?;
        for name in ["Processed"].iter().chain(totals).chain(&["Per second"]) {
            write!(f, "<th scope=\"col\" class=\"number\">{name}</th>")?;
        }
        f.write_str("</tr></thead>\n")
    }

    fn fmt_phase(&self, f: &mut fmt::Formatter<'_>, phase: &PhaseRecord, share: Option<f64>) -> fmt::Result {
        let counters = self.summary.latest(phase).into_iter().flat_map(PhaseReport::counted).collect::<Vec<_>>();
        f.write_str("<tbody>\n<tr>")?;
        self.fmt_measured(f, phase, share, counters.len().max(1))?;
        for (index, counted) in counters.iter().enumerate() {
            if index > 0 {
                f.write_str("<tr>")?;
            }
            self.fmt_counter(f, counted)?;
            f.write_str("</tr>\n")?;
        }
        if counters.is_empty() {
            writeln!(f, "<td colspan=\"{}\"></td></tr>", if self.with_totals { 5 } else { 3 })?;
        }
        f.write_str("</tbody>\n")
    }

    fn fmt_measured(&self, f: &mut fmt::Formatter<'_>, phase: &PhaseRecord, share: Option<f64>, rows: usize) -> fmt::Result {
        let attempts = grouped(self.summary.attempts(phase).count() as u64);
        write!(f, "<th scope=\"rowgroup\" rowspan=\"{rows}\">{}</th>", Details::link(self.summary, phase))?;
        write!(f, "<td rowspan=\"{rows}\">{}", Look::of_phase(self.summary, phase))?;
        f.write_str(if self.summary.is_unexpected(phase) {
            "<span class=\"unexpected\">not as expected</span></td>"
        } else {
            "</td>"
        })?;
        for (label, count) in [("attempts", attempts), ("errors", self.errors(phase))] {
            write!(f, "<td class=\"number\" rowspan=\"{rows}\" data-label=\"{label}\">{count}</td>")?;
        }
        write!(f, "<td class=\"number\" rowspan=\"{rows}\" data-label=\"took\">{}</td>", self.took(phase))?;
        write!(f, "<td rowspan=\"{rows}\" data-label=\"share\">")?;
        if let Some(share) = share {
            write!(f, "<span class=\"share\"><span style=\"width:{share:.2}%\"></span></span> {}", percentage(share))?;
        }
        f.write_str("</td>")
    }

    fn errors(&self, phase: &PhaseRecord) -> String {
        grouped(self.summary.record().error_count_for(phase.name().as_str()))
    }

    /// How long the latest attempt took, to which the counts belong, and all of them.
    fn took(&self, phase: &PhaseRecord) -> String {
        let Some(latest) = self.summary.latest(phase) else { return String::new() };
        let took = duration(latest.duration());
        match self.summary.attempts(phase).count() {
            1 => took,
            attempts => {
                let all = duration(self.summary.time_in(phase));
                format!("{took}<span class=\"note\">{all} in {} attempts</span>", grouped(attempts as u64))
            }
        }
    }

    fn fmt_counter(&self, f: &mut fmt::Formatter<'_>, counted: &Counted<'_>) -> fmt::Result {
        let number = |label: &str, text: Option<String>| {
            let text = text.unwrap_or_default();
            if text.len() <= LONGEST_ON_A_LINE {
                return format!("<td class=\"number\" data-label=\"{label}\">{text}</td>");
            }
            format!("<td class=\"number long\" data-label=\"{label}\">{}</td>", text.replace(',', ",<wbr/>"))
        };
        write!(f, "<td class=\"counter\">{}</td>", Name(counted.name))?;
        f.write_str(&number("processed", Some(counted.amount())))?;
        if self.with_totals {
            f.write_str(&number("expected", counted.total.map(|total| amount(counted.name, total))))?;
            f.write_str(&number("done", counted.percent().map(percentage)))?;
        }
        f.write_str(&number("per second", counted.per_second().map(|speed| amount_per_second(counted.name, speed))))
    }
}

impl fmt::Display for Phases<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.summary.record().phases().next().is_none() {
            return Ok(());
        }
        f.write_str("<section aria-labelledby=\"phases\">\n<h2 id=\"phases\">Phases</h2>\n")?;
        f.write_str("<div class=\"scroll\"><table class=\"phases\">\n")?;
        f.write_str("<caption class=\"aside\">The latest attempt at each phase, and what all of them took.</caption>\n")?;
        self.fmt_heading(f)?;
        let times = Times::of(self.summary);
        let share = |phase| times.share(self.summary.time_in(phase));
        self.summary.record().phases().try_for_each(|phase| self.fmt_phase(f, phase, share(phase)))?;
        f.write_str("</table></div>\n")?;
        if let Some(words) = times.side_by_side() {
            writeln!(f, "<p class=\"note\">{words}</p>")?;
        }
        f.write_str("</section>\n")
    }
}
