//! When was that?

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime, UtcOffset};

/// A time in UTC, in one of the years that RFC 3339 can name.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(crate) struct Moment(OffsetDateTime);

impl Moment {
    /// In RFC 3339.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let time = OffsetDateTime::parse(text.trim(), &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)?;
        Self::named(time)
    }

    pub(crate) fn at(milliseconds: i64) -> Option<Self> {
        Self::named(OffsetDateTime::UNIX_EPOCH.checked_add(Duration::milliseconds(milliseconds))?)
    }

    /// The year has four digits, which an offset can push it over.
    fn named(time: OffsetDateTime) -> Option<Self> {
        (0..=9999).contains(&time.year()).then_some(Moment(time))
    }

    /// Since 1970.
    pub(crate) fn milliseconds(self) -> i64 {
        self.0.unix_timestamp() * 1_000 + i64::from(self.0.millisecond())
    }

    /// Always with milliseconds: so equal times are equal texts, and the order of the texts is the order of the times.
    pub(crate) fn text(self) -> String {
        let time = self.0;
        let mut text = String::from("0000-00-00T00:00:00.000Z").into_bytes();
        let two = |number: u8| u32::from(number);
        for (at, digits, number) in [
            (0, 4, time.year().unsigned_abs()),
            (5, 2, two(time.month().into())),
            (8, 2, two(time.day())),
            (11, 2, two(time.hour())),
            (14, 2, two(time.minute())),
            (17, 2, two(time.second())),
            (20, 3, u32::from(time.millisecond())),
        ] {
            let mut rest = number;
            for place in text[at..at + digits].iter_mut().rev() {
                *place = b'0' + u8::try_from(rest % 10).unwrap_or_default();
                rest /= 10;
            }
        }
        String::from_utf8(text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_reads(text: &str, expected: &str) {
        let moment = Moment::read(text).unwrap();
        assert_eq!(moment.text(), expected);
        assert_eq!(Moment::at(moment.milliseconds()).unwrap().text(), expected);
    }

    #[test]
    fn times_get_one_form_in_utc() {
        assert_reads("2021-03-04T05:06:07Z", "2021-03-04T05:06:07.000Z");
        assert_reads("2021-03-04T05:06:07.5Z", "2021-03-04T05:06:07.500Z");
        assert_reads("2021-03-04T05:06:07.1239999Z", "2021-03-04T05:06:07.123Z");
        assert_reads("2021-03-04T00:30:00+02:00", "2021-03-03T22:30:00.000Z");
        assert_reads("0000-02-29T05:06:07Z", "0000-02-29T05:06:07.000Z");
        assert_reads("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in ["", "yesterday", "2021-13-40T00:00:00Z", "2021-03-04", "1614834367000"] {
            assert_eq!(Moment::read(text), None, "{text}");
        }
    }

    #[test]
    fn times_outside_of_rfc_3339_in_utc_are_not_read() {
        assert_eq!(Moment::read("9999-12-31T23:59:59-01:00"), None);
        assert_eq!(Moment::read("0000-01-01T00:00:00+01:00"), None);
        assert_eq!(Moment::at(i64::MAX), None);
    }
}
