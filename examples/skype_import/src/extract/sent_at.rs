//! Reads the time at which a message was sent.

use time::OffsetDateTime;
use time::UtcOffset;
use time::format_description::well_known::Rfc3339;

/// The RFC 3339 time `text` in UTC, always with milliseconds: so equal times are equal texts, and the order of the texts is
/// the order of the times.
pub(crate) fn in_utc(text: &str) -> Option<String> {
    let time = OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)?;
    // RFC 3339 has four digits for the year, which the offset can push it over.
    (0..=9999).contains(&time.year()).then(|| {
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            time.year(),
            u8::from(time.month()),
            time.day(),
            time.hour(),
            time.minute(),
            time.second(),
            time.millisecond(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_reads(text: &str, expected: &str) {
        assert_eq!(in_utc(text).as_deref(), Some(expected));
    }

    #[test]
    fn times_get_one_form_in_utc() {
        assert_reads("2021-03-04T05:06:07Z", "2021-03-04T05:06:07.000Z");
        assert_reads("2021-03-04T05:06:07.5Z", "2021-03-04T05:06:07.500Z");
        assert_reads("2021-03-04T05:06:07.1239999Z", "2021-03-04T05:06:07.123Z");
        assert_reads("2021-03-04T00:30:00+02:00", "2021-03-03T22:30:00.000Z");
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in ["", "yesterday", "2021-13-40T00:00:00Z", "2021-03-04", "1614834367000"] {
            assert_eq!(in_utc(text), None, "{text}");
        }
    }

    #[test]
    fn times_outside_of_rfc_3339_in_utc_are_not_read() {
        assert_eq!(in_utc("9999-12-31T23:59:59-01:00"), None);
        assert_eq!(in_utc("0000-01-01T00:00:00+01:00"), None);
    }
}
