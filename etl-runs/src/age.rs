//! How long ago something was, in the units of people.

use std::str::FromStr;
use std::time::Duration;

/// As in `90d`: a number of weeks, days, hours or minutes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Age(pub(crate) Duration);

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "it is a number and `w`, `d`, `h` or `m` for weeks, days, hours or minutes, as in 90d".to_owned();
        let unit = text.chars().next_back().ok_or_else(wrong)?;
        let number = &text[..text.len() - unit.len_utf8()];
        let seconds = match unit {
            'w' => 7 * 24 * 3_600,
            'd' => 24 * 3_600,
            'h' => 3_600,
            'm' => 60,
            _ => return Err(wrong()),
        };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(wrong());
        }
        let age = number.parse::<u64>().map_err(|_| wrong())?.checked_mul(seconds);
        age.map(|seconds| Age(Duration::from_secs(seconds)))
            .ok_or_else(|| "it is longer than the world has been there".to_owned())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::Age;

    #[test]
    fn an_age_has_a_unit() {
        for (text, hours) in [("90d", 90 * 24), ("2w", 14 * 24), ("0d", 0), ("36h", 36), ("120m", 2)] {
            assert_eq!(text.parse::<Age>().unwrap().0.as_secs(), hours * 3_600, "{text}");
        }
        for text in ["", "90", "d", "-1d", "+1d", "1y", "1 d", "90d ", "99999999999999999999d", "9999999999999999999w", "9é"] {
            assert!(text.parse::<Age>().is_err(), "{text}");
        }
    }
}
