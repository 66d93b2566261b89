//! Where does a run stand? At the phase that ended last; where a pipeline joins branches, at the end of each of them.

use crate::pipeline::order::Order;
use crate::pipeline::phase::PhaseName;
use crate::pipeline::position::Position;
use crate::pipeline::shape::PipelineShape;
use crate::record::RunRecord;
use crate::record::phase::PhaseRecord;

impl RunRecord {
    /// The phase that ended last, judged by its present status; the phases of a join, once the last of them has completed. A running
    /// phase does not change it. Where branches run side by side there is more than one: see [`positions`](RunRecord::positions).
    #[must_use]
    pub fn position(&self) -> Position {
        let Some(index) = self.ended else { return Position::Idle };
        let position = self.phases[index].position();
        match (&self.order, &position) {
            (Some(order), Position::Completed(phase)) => {
                let standing = self.standing(order);
                let joined = self.joins_of(&standing).find(|join| join.phases().contains(phase)).cloned();
                joined.unwrap_or(position)
            }
            _ => position,
        }
    }

    /// All where the run stands: at the end of each branch, and at each join whose branches have all come to their end. One position,
    /// unless the pipeline joins branches.
    ///
    /// ```
    /// use etl_context::{Error, pipeline};
    ///
    /// pipeline! {
    ///     Nightly {
    ///         Users = "users" after Idle;
    ///         Orders = "orders" after Idle;
    ///         Merge = "merge" after (Users, Orders);
    ///     }
    /// }
    ///
    /// let [users, orders] = Nightly::context("nightly").fork();
    /// let users = users.start(Users)?.complete(())?;
    /// let joined = users.join(orders.start(Orders)?.complete(())?)?;
    /// let positions = joined.record().positions();
    /// let positions = positions.iter().map(ToString::to_string).collect::<Vec<_>>();
    /// assert_eq!(positions, ["Completed<users>", "Completed<orders>", "Joined<(users, orders)>"]);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn positions(&self) -> Vec<Position> {
        let Some(order) = &self.order else { return vec![self.position()] };
        let mut standing = self.standing(order);
        let joined = self.joins_of(&standing).cloned().collect::<Vec<_>>();
        standing.extend(joined);
        standing
    }

    /// The completed phases at which the run stands.
    pub(crate) fn standing_at(&self) -> Vec<&PhaseName> {
        let positions = self.positions();
        let completed = |phase: &&PhaseRecord| positions.contains(&Position::Completed(phase.name().clone()));
        self.phases().filter(completed).map(PhaseRecord::name).collect()
    }

    /// The phases that may start where the run stands, in the order of the pipeline, whether they have completed or not.
    pub(super) fn startable(&self) -> Vec<&PhaseName> {
        let positions = self.positions();
        let edges = self.pipeline().into_iter().flat_map(PipelineShape::edges);
        let mut startable = Vec::new();
        for edge in edges.filter(|edge| positions.contains(&edge.after)) {
            let is_open = match &self.order {
                Some(order) => edge.after.phases().len() > 1 || self.may_still_follow(order, &edge.phase, &edge.after),
                None => true,
            };
            if is_open && !startable.contains(&&edge.phase) {
                startable.push(&edge.phase);
            }
        }
        startable
    }

    /// Whether both phases are needed by what joins them.
    pub(super) fn are_side_by_side(&self, one: &PhaseName, other: &PhaseName) -> bool {
        self.order.as_ref().is_some_and(|order| order.are_side_by_side(one, other))
    }

    /// The ends of the branches: where nothing has started from, or where something can that runs side by side with what has.
    fn standing(&self, order: &Order) -> Vec<Position> {
        let has_ended = |phase: &&PhaseRecord| {
            let is_step = !phase.is_outdated() && !self.is_finally(phase.name());
            phase.latest_report().is_some() && is_step && self.running.of(phase.name()).is_none()
        };
        let ends = self.phases().filter(has_ended).map(PhaseRecord::position);
        [Position::Idle].into_iter().chain(ends).filter(|from| self.is_left_at(order, from)).collect()
    }

    fn is_left_at(&self, order: &Order, from: &Position) -> bool {
        let mut following = self.following(from).peekable();
        let none_has_started = following.peek().is_none() || self.started_from(from).next().is_none();
        none_has_started || following.any(|phase| self.may_still_follow(order, phase, from))
    }

    /// The phase has not started from there, and is to run side by side with those that have.
    fn may_still_follow(&self, order: &Order, phase: &PhaseName, from: &Position) -> bool {
        self.started_from(from).all(|started| order.are_side_by_side(phase, started))
    }

    /// The phases that have started since the run came there.
    fn started_from<'a>(&'a self, from: &'a Position) -> impl Iterator<Item = &'a PhaseName> {
        let origin = from.phases().first().and_then(|phase| self.phase(phase.as_str()));
        self.following(from).filter(move |name| {
            self.phase(name.as_str())
                .is_some_and(|phase| origin.map_or(phase.has_started(), |origin| phase.started_after(origin)))
        })
    }

    /// The phases that an edge leads to from there, alone or with others.
    pub(super) fn following<'a>(&'a self, from: &'a Position) -> impl Iterator<Item = &'a PhaseName> {
        let edges = self.pipeline().into_iter().flat_map(PipelineShape::edges);
        let leads = move |after: &Position| match from {
            Position::Completed(phase) => after.needs(phase),
            _ => after == from,
        };
        edges.filter(move |edge| leads(&edge.after)).map(|edge| &edge.phase)
    }

    /// The joins of which each phase is among these.
    fn joins_of(&self, standing: &[Position]) -> impl Iterator<Item = &Position> {
        let edges = self.pipeline().into_iter().flat_map(PipelineShape::edges);
        let is_there = |phase: &PhaseName| standing.contains(&Position::Completed(phase.clone()));
        edges
            .map(|edge| &edge.after)
            .filter(move |after| matches!(after, Position::Joined(_)) && after.phases().iter().all(is_there))
    }
}
