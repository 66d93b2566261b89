//! Which moments does the axis name? Round ones, in the unit that fits, and only as many as can be read.

use crate::report::html::axis::Axis;

/// The least distance between two ticks, in percent of the axis.
const LEAST_DISTANCE: f64 = 9.0;

/// How much of the axis a character takes where there is room, and where there is little.
const WIDE: f64 = 1.3;
const NARROW: f64 = 2.7;

const MILLISECOND: u64 = 1_000;
const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A moment that the axis names.
pub(crate) struct Tick {
    pub(crate) place: f64,
    pub(crate) label: String,
    /// Left out where there is little room.
    pub(crate) spare: bool,
}

/// The ticks of an axis from left to right.
pub(crate) fn ticks(axis: &Axis) -> Vec<Tick> {
    let mut labels = Labels { axis, ticks: Vec::new() };
    // After a stretch that is drawn short, the axis must say where it goes on.
    axis.stretches().iter().filter(|stretch| stretch.cut).for_each(|cut| labels.add(cut.to, false));
    let step = round_times().find(|step| has_room(axis, *step, WIDE)).unwrap_or(u64::MAX);
    let roomy_step = round_times().filter(|times| times.is_multiple_of(step)).find(|step| has_room(axis, *step, NARROW));
    rounds(axis, step).for_each(|moment| labels.add(moment, !moment.is_multiple_of(roomy_step.unwrap_or(u64::MAX))));
    labels.ticks.sort_by(|one, other| one.place.total_cmp(&other.place));
    labels.ticks
}

/// The round moments where time is drawn to scale.
fn rounds(axis: &Axis, step: u64) -> impl Iterator<Item = u64> {
    let to_scale = axis.stretches().iter().filter(|stretch| !stretch.cut);
    to_scale.flat_map(move |stretch| (stretch.from.div_ceil(step)..=stretch.to / step).map(move |times| times * step))
}

struct Labels<'a> {
    axis: &'a Axis,
    ticks: Vec<Tick>,
}

impl Labels<'_> {
    /// Adds the moment if its label does not touch one that is there already.
    fn add(&mut self, moment: u64, spare: bool) {
        let mut tick = Tick { place: self.axis.place(moment), label: elapsed(moment), spare };
        let touches = |other: &Tick, character| touch(extent(&tick, character), extent(other, character));
        if self.ticks.iter().any(|other| touches(other, WIDE)) {
            return;
        }
        tick.spare |= self.ticks.iter().any(|other| !other.spare && touches(other, NARROW));
        self.ticks.push(tick);
    }
}

/// Whether a label at this place begins there, ends there, or is centred on it.
pub(crate) fn side(place: f64) -> &'static str {
    match place {
        ..4.0 => "begins",
        ..=94.0 => "centred",
        _ => "ends",
    }
}

/// From where to where a label goes.
fn extent(tick: &Tick, character: f64) -> (f64, f64) {
    let (place, width) = (tick.place, width(&tick.label, character));
    match side(place) {
        "begins" => (place, place + width),
        "ends" => (place - width, place),
        _ => (place - width / 2.0, place + width / 2.0),
    }
}

#[allow(clippy::cast_precision_loss, reason = "a label is short")]
fn width(label: &str, character: f64) -> f64 {
    (label.chars().count() + 1) as f64 * character
}

fn touch(one: (f64, f64), other: (f64, f64)) -> bool {
    one.0 < other.1 && other.0 < one.1
}

/// The times that people count in, the shortest first.
fn round_times() -> impl Iterator<Item = u64> {
    let thousands = [1, MILLISECOND].into_iter().flat_map(|unit| [1, 2, 5, 10, 20, 50, 100, 200, 500].map(|times| times * unit));
    let sixties = [SECOND, MINUTE].into_iter().flat_map(|unit| [1, 2, 5, 10, 15, 30].map(|times| times * unit));
    let hours = [1, 2, 3, 6, 12].map(|times| times * HOUR);
    let days = (0..8).flat_map(|power| [1, 2, 5].map(|times| times * 10_u64.pow(power) * DAY));
    thousands.chain(sixties).chain(hours).chain(days)
}

/// Whether the labels of all multiples of this time have room, if a character takes so much of the axis.
#[allow(clippy::cast_precision_loss, reason = "places are for looking at")]
fn has_room(axis: &Axis, step: u64, character: f64) -> bool {
    let distance = step as f64 * axis.scale();
    // Behind a gap labels are longer, but there are few of them; those that do not fit are left out.
    let until = axis.stretches().iter().find(|stretch| stretch.cut).map_or(u64::MAX, |cut| cut.from);
    let labels = || rounds(axis, step).take_while(|moment| *moment <= until).map(elapsed);
    let longest = || labels().map(|label| width(&label, character)).fold(0.0, f64::max);
    distance >= LEAST_DISTANCE && distance >= longest()
}

/// The time since the beginning, as in `250 ms`, `1.5 s`, `1 min 30 s`, `2 h`: its two largest units, without zeros.
fn elapsed(moment: u64) -> String {
    match moment {
        0 => "0".to_owned(),
        1..MILLISECOND => format!("{moment} µs"),
        MILLISECOND..SECOND => decimal(moment, MILLISECOND, "ms"),
        SECOND..MINUTE => decimal(moment, SECOND, "s"),
        _ => compound(moment),
    }
}

#[allow(clippy::cast_precision_loss, reason = "less than a minute has few digits")]
fn decimal(moment: u64, unit: u64, name: &str) -> String {
    let number = format!("{:.3}", moment as f64 / unit as f64);
    format!("{} {name}", number.trim_end_matches('0').trim_end_matches('.'))
}

fn compound(moment: u64) -> String {
    let units = [(DAY, u64::MAX, "d"), (HOUR, 24, "h"), (MINUTE, 60, "min"), (SECOND, 60, "s")];
    let parts = units.map(|(unit, most, name)| (moment / unit % most, name));
    let parts = parts.iter().filter(|(count, _)| *count > 0).take(2).map(|(count, name)| format!("{count} {name}"));
    parts.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{DAY, HOUR, MILLISECOND, MINUTE, SECOND, Tick, elapsed, extent, ticks, touch};
    use crate::report::html::axis::Axis;

    fn labels(spans: Vec<(u64, u64)>, end: u64) -> Vec<String> {
        ticks(&Axis::new(spans, end)).into_iter().map(|tick| tick.label).collect()
    }

    #[test]
    fn the_unit_comes_from_the_span() {
        let last = |span| labels(vec![(0, span)], span).pop();
        assert_eq!(labels(vec![(0, 45)], 45)[..4], ["0", "5 µs", "10 µs", "15 µs"]);
        assert_eq!(last(3 * SECOND).as_deref(), Some("3 s"));
        assert_eq!(last(880 * MILLISECOND).as_deref(), Some("800 ms"));
        assert_eq!(last(8 * MINUTE + 50 * SECOND).as_deref(), Some("8 min"));
        assert_eq!(last(5 * HOUR).as_deref(), Some("5 h"));
        assert_eq!(last(44 * DAY).as_deref(), Some("40 d"));
    }

    #[test]
    fn a_moment_is_told_in_two_units_without_zeros() {
        assert_eq!(elapsed(0), "0");
        assert_eq!(elapsed(250 * MILLISECOND), "250 ms");
        assert_eq!(elapsed(1_500 * MILLISECOND), "1.5 s");
        assert_eq!(elapsed(90 * SECOND), "1 min 30 s");
        assert_eq!(elapsed(2 * HOUR), "2 h");
        assert_eq!(elapsed(26 * HOUR + 12 * MINUTE), "1 d 2 h");
    }

    #[test]
    fn after_a_gap_the_axis_says_where_it_goes_on() {
        let spans = vec![(0, 10 * MINUTE), (372 * MINUTE, 380 * MINUTE)];
        assert!(labels(spans, 380 * MINUTE).contains(&"6 h 12 min".to_owned()));
    }

    #[test]
    fn no_two_labels_touch() {
        for minutes in 1..500 {
            let gaps = (0..minutes % 9).map(|gap| (gap * DAY, gap * DAY + minutes * MINUTE)).collect();
            let ticks = ticks(&Axis::new(gaps, 9 * DAY));
            let touches = |one: &Tick, other: &Tick, character| touch(extent(one, character), extent(other, character));
            assert!(!ticks.windows(2).any(|pair| touches(&pair[0], &pair[1], 1.0)), "{minutes}");
            let roomy = ticks.into_iter().filter(|tick| !tick.spare).collect::<Vec<_>>();
            assert!(!roomy.windows(2).any(|pair| touches(&pair[0], &pair[1], 2.0)), "{minutes}");
        }
    }
}
