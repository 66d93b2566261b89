//! Where on the time axis is a moment? Time is drawn to scale, but for long stretches in which nothing ran: these are drawn
//! short, and marked.

/// A stretch is long if it is longer than the time in which something ran, divided by this.
const LONG: u64 = 4;

/// How much of the axis a stretch takes that is drawn short, and how much all of them together may, in percent.
const CUT_WIDTH: f64 = 7.0;
const CUT_WIDTHS: f64 = 40.0;

/// The axis of a run. Moments are microseconds since its beginning; places are percent from the left.
pub(crate) struct Axis {
    /// Side by side, without anything between them.
    stretches: Vec<Stretch>,
    /// Percent for each microsecond, where time is drawn to scale.
    scale: f64,
}

/// A part of the axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// Something ran.
    busy: bool,
    /// It is drawn short.
    pub(crate) cut: bool,
    pub(crate) left: f64,
    pub(crate) right: f64,
}

impl Stretch {
    fn new(from: u64, to: u64, busy: bool) -> Self {
        Stretch { from, to, busy, cut: false, left: 0.0, right: 0.0 }
    }

    fn length(&self) -> u64 {
        self.to - self.from
    }
}

impl Axis {
    /// An axis from 0 to `end`, with the spans (from, to) in which something ran.
    pub(crate) fn new(mut spans: Vec<(u64, u64)>, end: u64) -> Self {
        spans.sort_unstable();
        let mut stretches = stretches(&spans, end);
        let busy = stretches.iter().filter(|stretch| stretch.busy).map(Stretch::length).sum::<u64>();
        for stretch in stretches.iter_mut().filter(|stretch| !stretch.busy) {
            stretch.cut = busy > 0 && stretch.length() > busy / LONG;
        }
        let mut axis = Axis { stretches, scale: 0.0 };
        axis.lay_out();
        axis
    }

    #[allow(clippy::cast_precision_loss, reason = "places are for looking at")]
    fn lay_out(&mut self) {
        let cuts = self.stretches.iter().filter(|stretch| stretch.cut).count();
        let cut_width = CUT_WIDTH.min(CUT_WIDTHS / cuts.max(1) as f64);
        let to_scale = self.stretches.iter().filter(|stretch| !stretch.cut).map(Stretch::length).sum::<u64>();
        self.scale = (100.0 - cut_width * cuts as f64) / to_scale.max(1) as f64;
        let mut left = 0.0;
        for stretch in &mut self.stretches {
            let width = if stretch.cut { cut_width } else { stretch.length() as f64 * self.scale };
            (stretch.left, stretch.right) = (left, left + width);
            left += width;
        }
    }

    /// Where the moment is; the end of the axis for one that is later.
    #[allow(clippy::cast_precision_loss, reason = "places are for looking at")]
    pub(crate) fn place(&self, moment: u64) -> f64 {
        let index = self.stretches.partition_point(|stretch| stretch.to < moment);
        let Some(stretch) = self.stretches.get(index) else { return self.stretches.last().map_or(0.0, |last| last.right) };
        let part = (moment - stretch.from) as f64 / stretch.length().max(1) as f64;
        stretch.left + (stretch.right - stretch.left) * part
    }

    pub(crate) fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// The parts in which nothing ran.
    pub(crate) fn gaps(&self) -> impl Iterator<Item = &Stretch> {
        self.stretches.iter().filter(|stretch| !stretch.busy)
    }

    /// Percent for each microsecond, where time is drawn to scale.
    pub(crate) fn scale(&self) -> f64 {
        self.scale
    }
}

/// The spans, which are sorted and may overlap, and what is between them.
fn stretches(spans: &[(u64, u64)], end: u64) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut until = 0;
    for (from, to) in spans.iter().map(|(from, to)| (*from.min(&end), *to.min(&end))) {
        if from > until {
            stretches.push(Stretch::new(until, from, false));
        }
        match stretches.last_mut() {
            Some(last) if last.busy && from <= until => last.to = last.to.max(to),
            _ => stretches.push(Stretch::new(from.max(until), to.max(until), true)),
        }
        until = until.max(to);
    }
    if end > until {
        stretches.push(Stretch::new(until, end, false));
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::Axis;

    const HOUR: u64 = 3_600_000_000;
    const MINUTE: u64 = HOUR / 60;

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() < 1e-6
    }

    #[test]
    fn time_is_drawn_to_scale() {
        let axis = Axis::new(vec![(0, 10), (10, 40), (40, 100)], 100);
        for moment in [0, 10, 25, 40, 99, 100] {
            assert!(close(axis.place(moment), f64::from(u32::try_from(moment).unwrap_or(0))), "{moment}");
        }
        assert_eq!(axis.gaps().count(), 0);
    }

    #[test]
    fn a_long_gap_is_drawn_short_and_a_short_one_to_scale() {
        let axis = Axis::new(vec![(0, 10 * MINUTE), (11 * MINUTE, 20 * MINUTE), (12 * HOUR, 12 * HOUR + MINUTE)], 13 * HOUR);
        let gaps = axis.gaps().map(|gap| gap.cut).collect::<Vec<_>>();
        assert_eq!(gaps, [false, true, true]);
        assert!(close(axis.place(12 * HOUR) - axis.place(20 * MINUTE), 7.0));
        assert!(close(axis.place(11 * MINUTE) - axis.place(10 * MINUTE), 86.0 / 21.0));
    }

    #[test]
    fn places_never_go_back_and_stay_on_the_axis() {
        let spans = vec![(5, 5), (0, 7), (900_000, 900_000), (3, 4), (80 * HOUR, 81 * HOUR), (u64::MAX - 1, u64::MAX)];
        let axis = Axis::new(spans, u64::MAX);
        let moments = [0, 1, 3, 5, 7, 100, 900_000, HOUR, 80 * HOUR, 81 * HOUR, u64::MAX - 1, u64::MAX];
        let places = moments.map(|moment| axis.place(moment));
        assert!(places.is_sorted(), "{places:?}");
        assert!(places[0] >= 0.0 && places[11] <= 100.000_001, "{places:?}");
    }

    #[test]
    fn many_gaps_leave_room_for_what_ran() {
        let axis = Axis::new((0..200).map(|hour| (hour * HOUR, hour * HOUR + MINUTE)).collect(), 200 * HOUR);
        let ran = axis.place(MINUTE) - axis.place(0);
        assert!(close(ran * 200.0, 60.0), "{ran}");
    }

    #[test]
    fn a_run_in_which_nothing_took_time_has_an_axis() {
        assert!(close(Axis::new(vec![(0, 0)], 0).place(0), 0.0));
        assert!(close(Axis::new(vec![(HOUR, HOUR)], 2 * HOUR).place(HOUR), 50.0));
        assert!(close(Axis::new(Vec::new(), HOUR).place(HOUR), 100.0));
    }
}
