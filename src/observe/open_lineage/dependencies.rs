//! After what does an attempt start? After the phases of the edge by which the run came to it.

use crate::pipeline::Edge;
use crate::pipeline::order::Order;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::pipeline::position::Position;
use crate::pipeline::shape::PipelineShape;
use crate::record::RunRecord;
use crate::record::attempt::PhaseReport;
use crate::record::clock::Timestamp;

/// The phases of an edge, and how they have ended.
pub(crate) struct Dependencies<'a> {
    pub(crate) upstream: Vec<Upstream<'a>>,
    /// Whether the attempt needs them to have completed, or one to have failed.
    pub(crate) on_success: bool,
}

/// A phase that has ended, and with which attempt; `None` if its status was set by hand.
pub(crate) struct Upstream<'a> {
    pub(crate) phase: &'a PhaseName,
    pub(crate) report: Option<&'a PhaseReport>,
}

impl<'a> Dependencies<'a> {
    /// Those of an attempt that starts. `None` if it is one of the first, if the run keeps to no pipeline, and where the record does not
    /// tell by which of several edges the run came.
    pub(crate) fn of(record: &'a RunRecord, phase: &PhaseName) -> Option<Self> {
        let pipeline = record.pipeline()?;
        let edges = pipeline.edges().iter().filter(|edge| edge.phase == *phase);
        let mut ways: Vec<_> = edges.filter_map(|edge| Way::of(record, edge)).collect();
        ways.sort_by_key(|way| way.came);
        let taken = ways.pop()?;
        let others = ways.iter().any(|other| is_beside(pipeline, other.after, taken.after));
        (!others).then_some(taken.dependencies)
    }
}

/// An edge that may have been taken.
struct Way<'a> {
    after: &'a Position,
    dependencies: Dependencies<'a>,
    /// When the last of its phases had ended.
    came: Option<Timestamp>,
}

impl<'a> Way<'a> {
    /// `None` if not all of its phases have ended as they had to.
    fn of(record: &'a RunRecord, edge: &'a Edge) -> Option<Self> {
        let on_success = !matches!(edge.after, Position::Failed(_));
        let status = if on_success { PhaseStatus::Completed } else { PhaseStatus::Failed };
        let upstream = edge.after.phases().iter().map(|phase| Upstream::of(record, phase, status)).collect::<Option<Vec<_>>>()?;
        let came = upstream.iter().filter_map(|upstream| upstream.report.map(PhaseReport::end_time)).max();
        (!upstream.is_empty()).then_some(Way { after: &edge.after, dependencies: Dependencies { upstream, on_success }, came })
    }
}

impl<'a> Upstream<'a> {
    /// `None` if the phase has another status.
    fn of(record: &'a RunRecord, phase: &PhaseName, status: PhaseStatus) -> Option<Self> {
        let known = record.phase(phase.as_str())?;
        let mut ended_so = known.reports().iter().filter(|report| report.status() == status);
        if !known.status().is_end() {
            // It starts behind itself, as in a loop.
            return ended_so.next_back().map(|report| Upstream { phase: known.name(), report: Some(report) });
        }
        let report = known.latest_report().filter(|report| report.status() == status);
        (known.status() == status).then_some(Upstream { phase: known.name(), report })
    }
}

/// Whether the run may stand at both at once, at the ends of two branches.
fn is_beside(pipeline: &PipelineShape, one: &Position, other: &Position) -> bool {
    let Some(order) = Order::of(pipeline) else { return false };
    let mut pairs = one.phases().iter().flat_map(|left| other.phases().iter().map(move |right| (left, right)));
    pairs.any(|(left, right)| order.are_side_by_side(left, right))
}
