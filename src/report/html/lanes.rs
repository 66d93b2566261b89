//! Which way does each arrow of the diagram go, so that no two can be mistaken for each other?
//!
//! The phases stand below one another. An arrow to the next phase goes straight down. All others go along lanes beside the
//! phases: ways that leave phases out on the right, ways back and ways out of a failure on the left. Arrows that share where
//! they come from, or where they lead, share a lane; no other two arrows touch the same part of one.

/// An arrow from one row to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Arrow {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// It is taken after a failure.
    pub(crate) dotted: bool,
}

/// How an arrow goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Way {
    /// From a row to the next one.
    Down,
    /// Along a lane, counted from the phases outwards. What the arrows on it share is where they come from, or where they lead.
    Beside { side: Side, lane: usize, shared: Shared },
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shared {
    Beginning,
    End,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Arrows that share a lane, because they share where they come from or where they lead.
struct Bundle {
    side: Side,
    shared: Shared,
    /// Places in the list of arrows.
    arrows: Vec<usize>,
    /// The part of the lane that they take.
    from: usize,
    to: usize,
}

/// Heights on which arrows leave and reach a row; there are as many in each row as there are kinds of them.
const PORTS: usize = 4;

impl Arrow {
    /// Where it leaves its row.
    pub(crate) fn leaves(self) -> usize {
        self.from * PORTS + if self.dotted { 3 } else { 2 }
    }

    /// Where it reaches its row.
    pub(crate) fn reaches(self) -> usize {
        self.to * PORTS + usize::from(self.dotted)
    }

    fn is_straight(self) -> bool {
        !self.dotted && self.to == self.from + 1
    }

    fn side(self) -> Side {
        if self.dotted || self.to <= self.from { Side::Left } else { Side::Right }
    }
}

/// A way for each arrow.
pub(crate) fn ways(arrows: &[Arrow]) -> Vec<Way> {
    let mut ways = vec![Way::Down; arrows.len()];
    let mut bundles = bundles(arrows);
    // Short ones keep close to the phases, so that fewer arrows cross.
    bundles.sort_by_key(|bundle| (bundle.to - bundle.from, bundle.from));
    let mut laid: Vec<(usize, &Bundle)> = Vec::new();
    for bundle in &bundles {
        let is_free = |lane: &usize| !laid.iter().any(|(taken, other)| taken == lane && other.touches(bundle));
        let lane = (0..bundles.len()).find(is_free).unwrap_or_default();
        for arrow in &bundle.arrows {
            ways[*arrow] = Way::Beside { side: bundle.side, lane, shared: bundle.shared };
        }
        laid.push((lane, bundle));
    }
    ways
}

impl Bundle {
    fn new(side: Side, taken: Vec<usize>, arrows: &[Arrow]) -> Self {
        let heights = taken.iter().flat_map(|index| [arrows[*index].leaves(), arrows[*index].reaches()]);
        let (from, to) = heights.fold((usize::MAX, 0), |(from, to), height| (from.min(height), to.max(height)));
        let ends_in_one = taken.iter().all(|index| arrows[*index].to == arrows[taken[0]].to);
        let shared = if ends_in_one { Shared::End } else { Shared::Beginning };
        Bundle { side, shared, arrows: taken, from, to }
    }

    fn touches(&self, other: &Bundle) -> bool {
        self.side == other.side && self.from <= other.to && other.from <= self.to
    }
}

fn bundles(arrows: &[Arrow]) -> Vec<Bundle> {
    let mut bundles = Vec::new();
    for (side, dotted) in [(Side::Right, false), (Side::Left, false), (Side::Left, true)] {
        let belongs = |arrow: Arrow| !arrow.is_straight() && arrow.side() == side && arrow.dotted == dotted;
        let mut left = (0..arrows.len()).filter(|index| belongs(arrows[*index])).collect::<Vec<_>>();
        while let Some(taken) = largest(&left, arrows) {
            left.retain(|index| !taken.contains(index));
            bundles.push(Bundle::new(side, taken, arrows));
        }
    }
    bundles
}

/// The most arrows that share where they come from, or where they lead.
fn largest(left: &[usize], arrows: &[Arrow]) -> Option<Vec<usize>> {
    let sharing =
        |shares: &dyn Fn(Arrow) -> bool| left.iter().copied().filter(|index| shares(arrows[*index])).collect::<Vec<_>>();
    let candidates = left.iter().flat_map(|index| {
        let Arrow { from, to, .. } = arrows[*index];
        [sharing(&|arrow| arrow.from == from), sharing(&|arrow| arrow.to == to)]
    });
    // The first of the largest.
    candidates.reduce(|best, next| if next.len() > best.len() { next } else { best })
}

#[cfg(test)]
mod tests {
    use super::{Arrow, Shared, Side, Way, ways};

    fn arrow(from: usize, to: usize, dotted: bool) -> Arrow {
        Arrow { from, to, dotted }
    }

    #[test]
    fn a_chain_goes_straight_down() {
        let arrows = [arrow(0, 1, false), arrow(1, 2, false), arrow(2, 3, false)];
        assert_eq!(ways(&arrows), [Way::Down; 3]);
    }

    #[test]
    fn ways_back_and_out_of_a_failure_are_on_the_left() {
        let arrows = [arrow(1, 2, true), arrow(3, 1, false), arrow(2, 2, false), arrow(0, 3, false)];
        let sides = ways(&arrows).into_iter().map(|way| match way {
            Way::Down => None,
            Way::Beside { side, .. } => Some(side),
        });
        assert!(sides.eq([Some(Side::Left), Some(Side::Left), Some(Side::Left), Some(Side::Right)]));
    }

    #[test]
    fn arrows_to_one_phase_share_a_lane() {
        let arrows = (1..9).map(|from| arrow(from, 9, true)).collect::<Vec<_>>();
        assert!(ways(&arrows).iter().all(|way| *way == Way::Beside { side: Side::Left, lane: 0, shared: Shared::End }));
    }

    fn same_lane(one: Way, other: Way) -> bool {
        let lane = |way| match way {
            Way::Down => None,
            Way::Beside { side, lane, .. } => Some((side, lane)),
        };
        lane(one).is_some() && lane(one) == lane(other)
    }

    /// Every arrow between any two of ten rows, of both kinds: as bad as it gets.
    #[test]
    fn no_two_arrows_that_share_no_end_touch_on_a_lane() {
        let rows = 0..10;
        let pairs = rows.clone().flat_map(|from| rows.clone().map(move |to| (from, to)));
        let arrows = pairs.flat_map(|(from, to)| [arrow(from, to, false), arrow(from, to, true)]).collect::<Vec<_>>();
        let ways = ways(&arrows);
        let extent = |arrow: Arrow| (arrow.leaves().min(arrow.reaches()), arrow.leaves().max(arrow.reaches()));
        for (one, way) in arrows.iter().zip(&ways) {
            for (other, other_way) in arrows.iter().zip(&ways) {
                let related = one.dotted == other.dotted && (one.from == other.from || one.to == other.to);
                let ((from, to), (other_from, other_to)) = (extent(*one), extent(*other));
                let touch = from <= other_to && other_from <= to;
                assert!(!same_lane(*way, *other_way) || related || !touch, "{one:?} and {other:?}");
            }
        }
    }
}
