//! Which ways lead through the pipeline? Its phases below one another in the order of their declaration, with arrows.

use std::fmt;

use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::pipeline::position::Position;
use crate::pipeline::shape::PipelineShape;
use crate::report::html::lanes::{Arrow, Shared, Side, Way, ways};
use crate::report::html::look::Look;
use crate::report::html::rows::{Row, arrows, rows};
use crate::report::html::text;
use crate::report::summary::RunSummary;
use crate::text::line::shortened;
use crate::text::list::listed;

/// A pipeline with more of them is told as a list of edges only.
const MOST_PHASES: usize = 64;
const MOST_ARROWS: usize = 400;

/// A picture with more phases than this gets as much of a printed page as it needs.
const MOST_IN_A_SMALL_ONE: usize = 15;

/// A longer name is shortened in the picture.
const LONGEST_NAME: usize = 26;

// All of it in pixels.
const ROW: usize = 46;
const BOX: usize = 28;
const BAR: usize = 22;
const CHARACTER: usize = 8;
const STATUS: usize = 100;
const LANE: usize = 13;
const CORNER: i32 = 5;

pub(crate) struct Diagram<'a>(pub(crate) &'a RunSummary);

impl fmt::Display for Diagram<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(pipeline) = self.0.record().pipeline() else { return Ok(()) };
        f.write_str("<section aria-labelledby=\"pipeline\">\n<h2 id=\"pipeline\">Pipeline</h2>\n")?;
        let arrows = pipeline.edges().iter().map(|edge| edge.after.phases().len().max(1)).sum::<usize>();
        if pipeline.phases().len() <= MOST_PHASES && arrows <= MOST_ARROWS {
            write!(f, "<figure>\n{}", Picture::new(self.0, pipeline))?;
            let dotted = pipeline.edges().iter().any(|edge| matches!(edge.after, Position::Failed(_)));
            let arrows = if dotted {
                "A solid arrow is taken after a phase completed, a dotted one after it failed"
            } else {
                "An arrow is taken after a phase completed"
            };
            let joins = if pipeline.joins_branches() {
                " Where a bar says “all of”, every phase whose arrow leads to it is needed."
            } else {
                ""
            };
            let finally =
                pipeline.finally().map_or("", |_| " A phase without an arrow to it runs finally, wherever the run stands.");
            let again = " A phase that failed may always be tried again.";
            writeln!(f, "<figcaption>{arrows}.{joins}{again}{finally}</figcaption>\n</figure>")?;
        } else {
            fmt_list(f, pipeline)?;
        }
        f.write_str("</section>\n")
    }
}

fn fmt_list(f: &mut fmt::Formatter<'_>, pipeline: &PipelineShape) -> fmt::Result {
    f.write_str("<table class=\"edges\">\n<thead><tr><th scope=\"col\">Phase</th><th scope=\"col\">May start after</th></tr></thead>\n<tbody>\n")?;
    for phase in pipeline.phases() {
        writeln!(f, "<tr><th scope=\"row\">{phase}</th><td>{}</td></tr>", predecessors(pipeline, phase))?;
    }
    f.write_str("</tbody>\n</table>\n")
}

/// As in `extract, validate or a failure of load`.
fn predecessors(pipeline: &PipelineShape, phase: &PhaseName) -> String {
    let edges = pipeline.edges().iter().filter(|edge| edge.phase == *phase);
    let names = edges.map(|edge| match &edge.after {
        Position::Idle => "the start".to_owned(),
        Position::Completed(phase) => phase.to_string(),
        Position::Failed(phase) => format!("a failure of {phase}"),
        Position::Joined(phases) => all_of(phases),
        Position::Any => "anything, finally".to_owned(),
    });
    names.collect::<Vec<_>>().join(" or ")
}

/// As in `all of users and orders`.
fn all_of(phases: &[PhaseName]) -> String {
    format!("all of {}", listed(&phases.iter().map(PhaseName::as_str).collect::<Vec<_>>(), "and"))
}

/// The drawing.
struct Picture<'a> {
    summary: &'a RunSummary,
    pipeline: &'a PipelineShape,
    rows: Vec<Row<'a>>,
    arrows: Vec<(Arrow, Way)>,
    /// The sides of the boxes.
    left: i32,
    right: i32,
    width: i32,
}

impl<'a> Picture<'a> {
    fn new(summary: &'a RunSummary, pipeline: &'a PipelineShape) -> Self {
        let rows = rows(pipeline);
        let arrows = arrows(pipeline, &rows);
        let ways = ways(&arrows);
        let lanes = |wanted: Side| {
            let lanes = ways.iter().filter_map(|way| match way {
                Way::Beside { side, lane, .. } if *side == wanted => Some(lane + 1),
                _ => None,
            });
            lanes.max().map_or(1, |lanes| (lanes + 1) * LANE)
        };
        let longest = pipeline.phases().into_iter().map(|name| name.as_str().len().min(LONGEST_NAME)).max().unwrap_or_default();
        let left = pixels(lanes(Side::Left));
        let right = left + pixels(longest * CHARACTER + STATUS);
        let width = right + pixels(lanes(Side::Right));
        Picture { summary, pipeline, rows, arrows: arrows.into_iter().zip(ways).collect(), left, right, width }
    }

    fn height(&self) -> i32 {
        pixels(self.rows.len() * ROW + BOX + 2)
    }

    fn fmt_box(&self, f: &mut fmt::Formatter<'_>, row: usize, class: &str, name: &str, status: &str) -> fmt::Result {
        let (x, y, width) = (self.left, pixels(row * ROW + 1), self.right - self.left);
        let (baseline, inside, end) = (y + 18, x + 10, self.right - 10);
        let shown = shortened(name, LONGEST_NAME);
        write!(f, "<g class=\"box {class}\"><title>{name} {status}</title>")?;
        write!(f, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{BOX}\" rx=\"6\"/>")?;
        write!(f, "<text x=\"{inside}\" y=\"{baseline}\">{shown}</text>")?;
        writeln!(f, "<text class=\"status\" x=\"{end}\" y=\"{baseline}\" text-anchor=\"end\">{status}</text></g>")
    }

    /// Where branches come together: a bar over the whole width.
    fn fmt_bar(&self, f: &mut fmt::Formatter<'_>, row: usize, joined: &[PhaseName]) -> fmt::Result {
        let (x, y, width) = (self.left, pixels(row * ROW + 1), self.right - self.left);
        let (middle, baseline) = (i32::midpoint(self.left, self.right), y + 15);
        write!(f, "<g class=\"join\"><title>{}</title>", all_of(joined))?;
        write!(f, "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{BAR}\"/>")?;
        writeln!(f, "<text x=\"{middle}\" y=\"{baseline}\" text-anchor=\"middle\">all of {}</text></g>", joined.len())
    }

    fn fmt_arrow(&self, f: &mut fmt::Formatter<'_>, arrow: Arrow, way: Way) -> fmt::Result {
        match way {
            Way::Down => {
                let x = i32::midpoint(self.left, self.right);
                let is_bar = arrow.from.checked_sub(1).is_some_and(|place| matches!(self.rows[place], Row::Join(_)));
                let height = if is_bar { BAR } else { BOX };
                let (from, to) = (pixels(arrow.from * ROW + height + 1), pixels(arrow.to * ROW + 1));
                write!(f, "<path class=\"{}\" d=\"M{x} {from}V{}\"/>", class_of(arrow), to - 6)?;
                writeln!(f, "<path class=\"head\" d=\"M{x} {to}l-4 -7h8z\"/>")
            }
            Way::Beside { side, lane, shared } => self.fmt_beside(f, arrow, side, pixels((lane + 1) * LANE), shared),
        }
    }

    /// Out of the box, along the lane, and back in.
    fn fmt_beside(&self, f: &mut fmt::Formatter<'_>, arrow: Arrow, side: Side, away: i32, shared: Shared) -> fmt::Result {
        let (edge, outwards) = if side == Side::Left { (self.left, -1) } else { (self.right, 1) };
        let (leaves, reaches) = (height_of(arrow.leaves()), height_of(arrow.reaches()));
        // Drawn from the end that is shared, so that the dots of all arrows on the lane fall together.
        let (from, to) = if shared == Shared::Beginning { (leaves, reaches) } else { (reaches, leaves) };
        let (lane, before_lane) = (edge + outwards * away, edge + outwards * (away - CORNER));
        let turn = if to > from { CORNER } else { -CORNER };
        write!(f, "<path class=\"{}\" d=\"M{edge} {from}H{before_lane}", class_of(arrow))?;
        write!(f, "Q{lane} {from} {lane} {}V{}", from + turn, to - turn)?;
        writeln!(f, "Q{lane} {to} {before_lane} {to}H{edge}\"/>")?;
        writeln!(f, "<path class=\"head\" d=\"M{edge} {reaches}l{0} -4v8z\"/>", outwards * 7)
    }
}

fn class_of(arrow: Arrow) -> &'static str {
    if arrow.dotted { "arrow dotted" } else { "arrow" }
}

/// Where on the page a port is; see [`Arrow::leaves`].
fn height_of(port: usize) -> i32 {
    const PORTS: usize = 4;
    pixels(port / PORTS * ROW + 1) + [4, 10, 18, 24][port % PORTS]
}

/// The picture has a few thousand of them.
fn pixels(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl fmt::Display for Picture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = (self.width, self.height());
        let tall = if self.rows.len() > MOST_IN_A_SMALL_ONE { " tall" } else { "" };
        write!(f, "<svg class=\"diagram{tall}\" role=\"img\" aria-labelledby=\"diagram-title diagram-description\" ")?;
        writeln!(f, "width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">")?;
        writeln!(f, "<title id=\"diagram-title\">The pipeline {}</title>", text::name(self.pipeline.name(), 64))?;
        let described =
            self.pipeline.phases().into_iter().map(|phase| format!("{phase} after {}", predecessors(self.pipeline, phase)));
        writeln!(f, "<desc id=\"diagram-description\">{}.</desc>", described.collect::<Vec<_>>().join("; "))?;
        self.arrows.iter().try_for_each(|(arrow, way)| self.fmt_arrow(f, *arrow, *way))?;
        self.fmt_box(f, 0, "start", "start", "")?;
        for (place, row) in (1..).zip(&self.rows) {
            match row {
                Row::Join(joined) => self.fmt_bar(f, place, joined)?,
                Row::Phase(phase) => {
                    let known = self.summary.record().phase(phase.as_str());
                    let look = known.map_or(Look::of_status(PhaseStatus::Pending), |known| Look::of_phase(self.summary, known));
                    self.fmt_box(f, place, look.class(), phase.as_str(), look.word())?;
                }
            }
        }
        f.write_str("</svg>\n")
    }
}
