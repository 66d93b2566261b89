//! What stands in which row of the diagram, and which arrows lead from row to row? The start is in row 0; each phase has a row, and
//! above it one for each join that leads to it.

use std::collections::BTreeMap;

use crate::pipeline::phase::PhaseName;
use crate::pipeline::position::Position;
use crate::pipeline::shape::PipelineShape;
use crate::report::html::lanes::Arrow;

/// What stands in a row.
#[derive(Clone, Copy)]
pub(crate) enum Row<'a> {
    Phase(&'a PhaseName),
    /// The bar at which branches come together that are all needed, of which these are the last phases.
    Join(&'a [PhaseName]),
}

/// The rows from 1 on.
pub(crate) fn rows(pipeline: &PipelineShape) -> Vec<Row<'_>> {
    let mut joins: BTreeMap<&PhaseName, Vec<Row<'_>>> = BTreeMap::new();
    for edge in pipeline.edges() {
        if let Position::Joined(phases) = &edge.after {
            joins.entry(&edge.phase).or_default().push(Row::Join(phases));
        }
    }
    let phases = pipeline.phases().into_iter();
    phases.flat_map(|phase| joins.remove(phase).unwrap_or_default().into_iter().chain([Row::Phase(phase)])).collect()
}

/// One for each edge; where branches come together one from each of them to the bar, and one from there.
pub(crate) fn arrows(pipeline: &PipelineShape, rows: &[Row<'_>]) -> Vec<Arrow> {
    let phases = (1..).zip(rows).filter_map(|(place, row)| match row {
        Row::Phase(phase) => Some((*phase, place)),
        Row::Join(_) => None,
    });
    let places: BTreeMap<_, _> = phases.collect();
    let place = |phase: &PhaseName| places.get(phase).copied().unwrap_or_default();
    let simple = pipeline.edges().iter().filter_map(|edge| {
        let dotted = matches!(edge.after, Position::Failed(_));
        let from = match &edge.after {
            Position::Idle => 0,
            Position::Completed(phase) | Position::Failed(phase) => place(phase),
            Position::Joined(_) | Position::Any => return None,
        };
        Some(Arrow { from, to: place(&edge.phase), dotted })
    });
    let mut arrows: Vec<_> = simple.collect();
    for (bar, row) in (1..).zip(rows) {
        if let Row::Join(joined) = row {
            arrows.extend(joined.iter().map(|phase| Arrow { from: place(phase), to: bar, dotted: false }));
            // The phase is below its bars.
            let below = rows[bar..].iter().position(|row| matches!(row, Row::Phase(_))).unwrap_or_default();
            arrows.push(Arrow { from: bar, to: bar + 1 + below, dotted: false });
        }
    }
    arrows
}
