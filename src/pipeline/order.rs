//! Which phases come before which, and which run side by side? Known of a pipeline that joins branches; others run one by one.

use std::collections::BTreeMap;

use crate::pipeline::phase::PhaseName;
use crate::pipeline::position::Position;
use crate::pipeline::shape::PipelineShape;

/// The edges of a pipeline as a graph of its phases.
#[derive(Debug, PartialEq)]
pub(crate) struct Order {
    places: BTreeMap<PhaseName, usize>,
    /// Which phases an edge leads to from each one.
    next: Vec<Vec<usize>>,
    previous: Vec<Vec<usize>>,
    /// The phases of each join.
    joins: Vec<Vec<usize>>,
}

/// How a phase stands to another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    Before,
    Behind,
    /// Each leads to the other one, or both are the same.
    Around,
    /// None leads to the other.
    Apart,
}

impl Order {
    /// `None` of a pipeline that joins nothing.
    pub(crate) fn of(pipeline: &PipelineShape) -> Option<Self> {
        pipeline.joins_branches().then(|| Order::of_edges(pipeline))
    }

    fn of_edges(pipeline: &PipelineShape) -> Self {
        let places: BTreeMap<_, _> = pipeline.phases().into_iter().cloned().zip(0..).collect();
        let mut order =
            Order { next: vec![Vec::new(); places.len()], previous: vec![Vec::new(); places.len()], joins: Vec::new(), places };
        for edge in pipeline.edges() {
            let Some(to) = order.place(&edge.phase) else { continue };
            let from = edge.after.phases().iter().filter_map(|phase| order.place(phase)).collect::<Vec<_>>();
            for place in &from {
                order.next[*place].push(to);
                order.previous[to].push(*place);
            }
            if matches!(edge.after, Position::Joined(_)) {
                order.joins.push(from);
            }
        }
        order
    }

    fn place(&self, phase: &PhaseName) -> Option<usize> {
        self.places.get(phase).copied()
    }

    /// How each other phase stands to this one; a phase that is none of the pipeline stands apart.
    pub(crate) fn around<'a>(&'a self, phase: &PhaseName) -> impl Fn(&PhaseName) -> Relation + use<'a> {
        let place = self.place(phase);
        let (behind, before) = (reached(place, &self.next), reached(place, &self.previous));
        move |other| match self.place(other) {
            Some(other) if Some(other) == place || (behind[other] && before[other]) => Relation::Around,
            Some(other) if behind[other] => Relation::Behind,
            Some(other) if before[other] => Relation::Before,
            _ => Relation::Apart,
        }
    }

    /// Whether neither of the phases leads to the other.
    pub(crate) fn are_apart(&self, one: &PhaseName, other: &PhaseName) -> bool {
        self.around(one)(other) == Relation::Apart
    }

    /// Whether both phases are needed by what joins them: neither leads to the other, and they lead to two phases of a join.
    pub(crate) fn are_side_by_side(&self, one: &PhaseName, other: &PhaseName) -> bool {
        let joined_behind = |phase: &PhaseName, join: &[usize]| {
            let place = self.place(phase);
            let behind = reached(place, &self.next);
            join.iter().copied().filter(|joined| Some(*joined) == place || behind[*joined]).collect::<Vec<_>>()
        };
        let are_joined = |join: &Vec<usize>| {
            let (of_one, of_other) = (joined_behind(one, join), joined_behind(other, join));
            of_one.iter().any(|left| of_other.iter().any(|right| left != right))
        };
        self.are_apart(one, other) && self.joins.iter().any(are_joined)
    }
}

/// All that one or more steps lead to.
fn reached(from: Option<usize>, steps: &[Vec<usize>]) -> Vec<bool> {
    let mut reached = vec![false; steps.len()];
    let mut open = from.map(|place| steps[place].clone()).unwrap_or_default();
    while let Some(place) = open.pop() {
        if !reached[place] {
            reached[place] = true;
            open.extend(&steps[place]);
        }
    }
    reached
}
