//! The days from one to another, as keys.

use std::str::FromStr;

use time::{Date, Month};

/// As in `2026-11-01..2026-11-30`, with both of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Days {
    first: Date,
    last: Date,
}

impl Days {
    pub(crate) fn keys(self) -> impl Iterator<Item = String> {
        std::iter::successors(Some(self.first), move |day| day.next_day().filter(|next| *next <= self.last)).map(key)
    }
}

fn key(day: Date) -> String {
    format!("{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
}

impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, last) = text.split_once("..").ok_or("it has no `..`, as in 2026-11-01..2026-11-30")?;
        let (first, last) = (day(first)?, day(last)?);
        if last < first {
            return Err(format!("{} is before {}", key(last), key(first)));
        }
        Ok(Days { first, last })
    }
}

fn day(text: &str) -> Result<Date, String> {
    let parse = || {
        let parts: Vec<&str> = text.split('-').collect();
        let [year, month, day] = parts[..] else { return None };
        let is_day = [year, month, day].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        if !is_day || [year.len(), month.len(), day.len()] != [4, 2, 2] {
            return None;
        }
        let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
        Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()
    };
    parse().ok_or_else(|| format!("`{text}` is no day, as in 2026-11-01"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::Days;

    fn keys(text: &str) -> Result<Vec<String>, String> {
        Ok(text.parse::<Days>()?.keys().collect())
    }

    #[test]
    fn both_ends_are_in_it_and_a_leap_day() {
        assert_eq!(keys("2028-02-28..2028-03-01").unwrap(), ["2028-02-28", "2028-02-29", "2028-03-01"]);
        assert_eq!(keys("2026-11-30..2026-11-30").unwrap(), ["2026-11-30"]);
        assert_eq!(keys("9999-12-31..9999-12-31").unwrap(), ["9999-12-31"]);
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in ["2026-11-01", "2026-11-01..", "2026-11-31..2026-12-01", "2026-1-1..2026-2-1", "+026-11-01..2026-11-02"] {
            assert!(keys(text).is_err(), "{text}");
        }
        assert_eq!(keys("2026-11-02..2026-11-01").unwrap_err(), "2026-11-01 is before 2026-11-02");
    }
}
