//! When did what run? A row for each attempt, with a bar on an axis that all rows share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::record::attempt::{FailureCause, PhaseReport};
use crate::record::clock::Timestamp;
use crate::record::phase::PhaseRecord;
use crate::report::html::axis::Axis;
use crate::report::html::gaps::Gaps;
use crate::report::html::look::Look;
use crate::report::html::moment::Moments;
use crate::report::html::text::Name;
use crate::report::html::ticks::{Tick, side, ticks};
use crate::report::summary::RunSummary;
use crate::text::number::{duration, grouped};

/// A phase with more attempts shows the first and the last ones in rows of their own, and those between them in one.
const MOST_ROWS: usize = 12;
const LAST_ROWS: usize = 8;

/// With more rows, the axis is repeated below them.
const ROWS_ON_A_SCREEN: usize = 24;

/// Where more attempts share a row, those that would be drawn on the same spot are drawn once.
const MOST_BARS: usize = 1_000;

pub(crate) struct Timeline<'a> {
    summary: &'a RunSummary,
    moments: Moments,
    origin: Timestamp,
    axis: Axis,
    ticks: Vec<Tick>,
    gaps: Gaps<'a>,
}

/// The attempts that share a row: one, unless there are very many.
type Row<'a> = Vec<&'a PhaseReport>;

impl<'a> Timeline<'a> {
    pub(crate) fn new(summary: &'a RunSummary) -> Self {
        let origin = summary.origin();
        let spans = summary.spans().collect::<Vec<_>>();
        let end = spans.iter().map(|(_, end)| *end).max().unwrap_or(0);
        let axis = Axis::new(spans, end);
        let mut interrupted: BTreeMap<u64, Vec<&PhaseReport>> = BTreeMap::new();
        for report in summary.all_attempts().filter(|report| report.cause() == Some(FailureCause::Interrupted)) {
            interrupted.entry(report.end_time().microseconds_since(origin)).or_default().push(report);
        }
        let gaps = Gaps::new(&axis, &interrupted);
        Timeline { summary, moments: Moments::of(summary), origin, ticks: ticks(&axis), axis, gaps }
    }

    fn rows(&self, phase: &'a PhaseRecord) -> Vec<Row<'a>> {
        let mut attempts = self.summary.attempts(phase).collect::<Vec<_>>();
        if attempts.len() <= MOST_ROWS {
            return attempts.into_iter().map(|report| vec![report]).collect();
        }
        let last = attempts.split_off(attempts.len() - LAST_ROWS);
        let between = attempts.split_off(MOST_ROWS - LAST_ROWS - 1);
        let single = |report| vec![report];
        attempts.into_iter().map(single).chain([between]).chain(last.into_iter().map(single)).collect()
    }

    fn place(&self, moment: Timestamp) -> f64 {
        self.axis.place(moment.microseconds_since(self.origin))
    }

    fn fmt_axis(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<div class=\"axis\">")?;
        self.gaps.fmt_letters(f)?;
        for Tick { place, label, spare } in &self.ticks {
            let spare = if *spare { " spare" } else { "" };
            write!(f, "<span class=\"tick {}{spare}\" style=\"left:{place:.3}%\">{label}</span>", side(*place))?;
        }
        f.write_str("</div>")
    }

    fn fmt_phase(&self, f: &mut fmt::Formatter<'_>, phase: &'a PhaseRecord) -> fmt::Result {
        let rows = self.rows(phase);
        if rows.is_empty() {
            return Ok(());
        }
        f.write_str("<tbody>\n")?;
        for (index, row) in rows.iter().enumerate() {
            f.write_str("<tr>")?;
            if index == 0 {
                write!(f, "<th scope=\"rowgroup\" rowspan=\"{}\">{}</th>", rows.len(), Name(phase.name().as_str()))?;
            }
            match row[..] {
                [report] => self.fmt_attempt(f, report)?,
                _ => self.fmt_attempts(f, row)?,
            }
            f.write_str("<td class=\"track\"><svg class=\"ruler\" aria-hidden=\"true\"><use href=\"#marks\"/></svg>")?;
            f.write_str("<div class=\"scale\">")?;
            self.drawn(row).try_for_each(|report| self.fmt_bar(f, report))?;
            f.write_str("</div></td></tr>\n")?;
        }
        f.write_str("</tbody>\n")
    }

    fn fmt_attempt(&self, f: &mut fmt::Formatter<'_>, report: &PhaseReport) -> fmt::Result {
        let (started, look) = (self.moments.time(report.start_time()), Look::of_attempt(report));
        write!(f, "<td class=\"number\">{}</td><td>{look}</td>", report.attempt())?;
        write!(f, "<td class=\"number\">{started}</td><td class=\"number\">{}</td>", duration(report.duration()))
    }

    fn fmt_attempts(&self, f: &mut fmt::Formatter<'_>, row: &[&PhaseReport]) -> fmt::Result {
        let [first, .., last] = row else { return Ok(()) };
        let started = self.moments.time(first.start_time());
        write!(f, "<td class=\"number\">{}–{}</td>", first.attempt(), last.attempt())?;
        write!(f, "<td>{} attempts</td><td class=\"number\">{started}</td><td></td>", grouped(row.len() as u64))
    }

    /// The attempts of a row that are drawn.
    fn drawn<'r>(&self, row: &'r Row<'a>) -> impl Iterator<Item = &'r PhaseReport> {
        let mut spots = BTreeSet::new();
        row.iter().copied().filter(move |report| {
            let spot = format!("{:.1} {}", self.place(report.start_time()), Look::of_attempt(report).class());
            row.len() <= MOST_BARS || spots.insert(spot)
        })
    }

    fn fmt_bar(&self, f: &mut fmt::Formatter<'_>, report: &PhaseReport) -> fmt::Result {
        let (left, right) = (self.place(report.start_time()), self.place(report.end_time()));
        let look = Look::of_attempt(report);
        let (from, to) = (self.moments.time(report.start_time()).plain(), self.moments.time(report.end_time()).plain());
        let (phase, attempt, took) = (report.phase(), report.attempt(), duration(report.duration()));
        write!(
            f,
            "<span class=\"bar {}\" style=\"left:{left:.3}%;width:{:.3}%\" \
             title=\"{phase}, attempt {attempt}: {}, {from} to {to} UTC, {took}\"></span>",
            look.class(),
            (right - left).max(0.0),
            look.words()
        )
    }

    /// The lines of the ticks and the gaps, which are drawn behind every row.
    fn fmt_marks(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<svg class=\"marks\" aria-hidden=\"true\"><defs><g id=\"marks\">")?;
        self.gaps.fmt_bands(f)?;
        for Tick { place, .. } in &self.ticks {
            write!(f, "<line class=\"moment\" x1=\"{place:.3}%\" x2=\"{place:.3}%\" y2=\"100%\"/>")?;
        }
        f.write_str("</g></defs></svg>\n")
    }
}

impl fmt::Display for Timeline<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.summary.record().phases().map(|phase| self.rows(phase).len()).sum::<usize>();
        if rows == 0 {
            return Ok(());
        }
        f.write_str("<section aria-labelledby=\"timeline\">\n<h2 id=\"timeline\">Timeline</h2>\n")?;
        self.fmt_marks(f)?;
        f.write_str("<table class=\"timeline\">\n")?;
        f.write_str("<caption class=\"aside\">One row for each attempt; the axis is the time since the run began.</caption>\n")?;
        f.write_str("<thead><tr><th scope=\"col\">Phase</th><th scope=\"col\" class=\"number\">Attempt</th>")?;
        f.write_str("<th scope=\"col\">Status</th><th scope=\"col\" class=\"number\">Started (UTC)</th>")?;
        f.write_str(
            "<th scope=\"col\" class=\"number\">Took</th><th scope=\"col\" class=\"track\"><span class=\"aside\">Time</span>",
        )?;
        self.fmt_axis(f)?;
        f.write_str("</th></tr></thead>\n")?;
        self.summary.record().phases().try_for_each(|phase| self.fmt_phase(f, phase))?;
        if rows > ROWS_ON_A_SCREEN {
            f.write_str("<tfoot aria-hidden=\"true\"><tr><td colspan=\"5\"></td><td class=\"track\">")?;
            self.fmt_axis(f)?;
            f.write_str("</td></tr></tfoot>\n")?;
        }
        f.write_str("</table>\n")?;
        writeln!(f, "{}</section>", self.gaps)
    }
}
