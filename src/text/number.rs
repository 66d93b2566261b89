//! How is a number written for people? Counts, rates, shares and durations.

use std::time::Duration;

/// As in `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rate of at least 10 without a fraction, a smaller one with one digit of it.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the cast saturates, and rates are never negative")]
pub(crate) fn rate(per_second: f64) -> String {
    match per_second {
        9.95.. => grouped(per_second.round() as u64),
        0.05.. => format!("{per_second:.1}"),
        _ => "under 0.1".to_owned(),
    }
}

/// As in `42 %`, `4.2 %`, `under 0.1 %`. Only what is all reads as 100 %.
pub(crate) fn percentage(percent: f64) -> String {
    match percent {
        0.0 => "0 %".to_owned(),
        ..0.1 => "under 0.1 %".to_owned(),
        ..9.95 | 99.5..99.95 => format!("{percent:.1} %"),
        99.95..100.0 => "over 99.9 %".to_owned(),
        _ => format!("{percent:.0} %"),
    }
}

/// As in `840 µs`, `12.3 ms`, `1.24 s`, `2 min 05 s`, `3 h 12 min`.
pub(crate) fn duration(duration: Duration) -> String {
    match (duration.as_secs(), duration.subsec_micros()) {
        (0, micros @ 0..1_000) => format!("{micros} µs"),
        (0, _) => format!("{:.1} ms", duration.as_secs_f64() * 1_000.0),
        (0..60, _) => format!("{:.2} s", duration.as_secs_f64()),
        (seconds @ 60..3_600, _) => format!("{} min {:02} s", seconds / 60, seconds % 60),
        (seconds, _) => format!("{} h {:02} min", grouped(seconds / 3_600), seconds / 60 % 60),
    }
}
