//! How is what a counter counted written for people? Bytes in KiB, MiB and so on, all else one by one.

use crate::text::line::one_line;
use crate::text::number::{grouped, rate};

/// How many characters of a counter's name are shown.
const NAME_WIDTH: usize = 64;

const UNITS: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

/// As in `1,234`, or `1.2 MiB` for a counter of bytes.
pub(crate) fn amount(counter: &str, count: u64) -> String {
    if counts_bytes(counter) { bytes(count) } else { grouped(count) }
}

/// As in `1,234 messages`, `1.2 MiB` for `bytes`, or `1.2 MiB read` for `bytes_read`.
pub(crate) fn counted(counter: &str, count: u64) -> String {
    with_noun(amount(counter, count), counter)
}

/// As in `1,333`, or `1.2 MiB` for a counter of bytes.
pub(crate) fn amount_per_second(counter: &str, per_second: f64) -> String {
    if counts_bytes(counter) { bytes_per_second(per_second) } else { rate(per_second) }
}

/// As in `1,333 messages/s`, `1.2 MiB/s` for `bytes`, or `1.2 MiB/s read` for `bytes_read`.
pub(crate) fn speed(counter: &str, per_second: f64) -> String {
    let amount = amount_per_second(counter, per_second);
    if counts_bytes(counter) {
        with_noun(format!("{amount}/s"), counter)
    } else {
        format!("{amount} {}/s", one_line(counter, NAME_WIDTH))
    }
}

/// What was counted, beside its amount. The unit says of bytes that they are bytes, so that only what was done with them is left.
pub(crate) fn noun(counter: &str) -> &str {
    if counts_bytes(counter) { counter.trim_start_matches("bytes").trim_end_matches("bytes").trim_matches('_') } else { counter }
}

/// The amount, with what was counted behind it.
pub(crate) fn with_noun(amount: String, counter: &str) -> String {
    match noun(counter) {
        "" => amount,
        noun => format!("{amount} {}", one_line(noun, NAME_WIDTH)),
    }
}

/// `bytes`, `bytes_read`, `compressed_bytes`.
pub(crate) fn counts_bytes(counter: &str) -> bool {
    counter == "bytes" || counter.starts_with("bytes_") || counter.ends_with("_bytes")
}

#[allow(clippy::cast_precision_loss, reason = "at most four digits of it are shown")]
fn bytes(count: u64) -> String {
    if count < 1_024 { format!("{} B", grouped(count)) } else { binary(count as f64) }
}

fn bytes_per_second(per_second: f64) -> String {
    if per_second < 1_023.5 { format!("{} B", rate(per_second)) } else { binary(per_second) }
}

/// In the unit of which there is at least one and of which there are less than 1,024, as they are shown.
fn binary(bytes: f64) -> String {
    let mut scaled = bytes;
    let mut units = UNITS.iter();
    let mut unit = units.next();
    while scaled >= 1_023.5
        && let Some(larger) = units.next()
    {
        scaled /= 1_024.0;
        unit = Some(larger);
    }
    let unit = unit.copied().unwrap_or_default();
    if scaled < 99.95 { format!("{scaled:.1} {unit}") } else { format!("{} {unit}", rate(scaled)) }
}

#[cfg(test)]
mod tests {
    use super::{amount, amount_per_second, counted, speed};

    #[test]
    fn bytes_are_shown_in_the_unit_of_which_there_is_at_least_one() {
        let shown = [0, 1_023, 1_024, 1_536, 102_348, 1_048_063, 1_048_064, 12_900_000, 5 << 30, u64::MAX];
        let expected =
            ["0 B", "1,023 B", "1.0 KiB", "1.5 KiB", "99.9 KiB", "1,023 KiB", "1.0 MiB", "12.3 MiB", "5.0 GiB", "16.0 EiB"];
        assert_eq!(shown.map(|count| amount("bytes", count)), expected);
    }

    #[test]
    fn the_name_says_whether_a_counter_counts_bytes() {
        let names = ["bytes", "bytes_read", "compressed_bytes", "megabytes", "messages"];
        let expected = ["2.0 KiB", "2.0 KiB read", "2.0 KiB compressed", "2,048 megabytes", "2,048 messages"];
        assert_eq!(names.map(|name| counted(name, 2_048)), expected);
        let expected = ["2.0 KiB/s", "2.0 KiB/s read", "2.0 KiB/s compressed", "2,048 megabytes/s", "2,048 messages/s"];
        assert_eq!(names.map(|name| speed(name, 2_048.0)), expected);
    }

    #[test]
    fn a_rate_has_the_unit_of_the_counter() {
        assert_eq!(
            [0.01, 4.2, 512.0, 1_023.6].map(|rate| amount_per_second("bytes", rate)),
            ["under 0.1 B", "4.2 B", "512 B", "1.0 KiB"]
        );
    }
}
