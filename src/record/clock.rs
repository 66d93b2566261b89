//! When was that? Times are UTC, durations are monotonic, and one reading serves both.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::well_known::Rfc3339;
use time::{Date, Month, OffsetDateTime};

/// A moment in UTC, to the microsecond. As text, and in JSON: RFC 3339.
///
/// Within one process the moments of a run come from one reading of the wall clock and the monotonic clock since, so a
/// clock that is set back in the middle of a run does not turn a duration negative.
///
/// ```
/// use etl_context::Timestamp;
///
/// let time: Timestamp = "2026-11-20T23:15:00.25+01:00".parse()?;
/// assert_eq!(time.to_string(), "2026-11-20T22:15:00.25Z");
/// assert_eq!(time.to_datetime().year(), 2026);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Since 1970-01-01T00:00:00Z.
    microseconds: i64,
}

impl Timestamp {
    /// RFC 3339 knows four digits for a year: this is 9999-12-31T23:59:59.999999Z.
    const LATEST: i64 = 253_402_300_799_999_999;

    /// Reads what `Display` writes; `None` for anything else, which may still be RFC 3339.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let (date_time, fraction) = text.strip_suffix(b"Z")?.split_at_checked(19)?;
        let number = |digits: Range<usize>| read_digits(&date_time[digits]);
        let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
        let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
        let is_punctuated = [date_time[4], date_time[7], date_time[10], date_time[13], date_time[16]] == *b"--T::";
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        let date = Date::from_calendar_date(i32::try_from(year).ok()?, month, u8::try_from(day).ok()?).ok()?;
        let days = i64::from(date.to_julian_day()) - i64::from(OffsetDateTime::UNIX_EPOCH.to_julian_day());
        let microseconds = match fraction {
            [] => 0,
            [b'.', digits @ ..] if (1..=6).contains(&digits.len()) => {
                read_digits(digits)? * 10_u32.pow(6 - u32::try_from(digits.len()).ok()?)
            }
            _ => return None,
        };
        let seconds = ((days * 24 + i64::from(hour)) * 60 + i64::from(minute)) * 60 + i64::from(second);
        let is_time = is_punctuated && days >= 0 && hour < 24 && minute < 60 && second < 60;
        is_time.then(|| Timestamp::from_microseconds(seconds * 1_000_000 + i64::from(microseconds)))
    }

    fn from_microseconds(microseconds: i64) -> Self {
        Timestamp { microseconds: microseconds.clamp(0, Timestamp::LATEST) }
    }

    /// The moment as a date and time of the `time` crate.
    #[must_use]
    pub fn to_datetime(self) -> OffsetDateTime {
        let whole = OffsetDateTime::from_unix_timestamp(self.microseconds / 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        whole + Duration::from_micros(self.microseconds.unsigned_abs() % 1_000_000)
    }

    /// The moment as text.
    pub(crate) fn written(self) -> Written {
        let microseconds = self.microseconds.unsigned_abs();
        let (seconds, microsecond) = (microseconds / 1_000_000, microseconds % 1_000_000);
        let second = seconds % SECONDS_OF_A_DAY;
        let (year, month, day) = (OffsetDateTime::UNIX_EPOCH.date() + Duration::from_secs(seconds)).to_calendar_date();
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        write_digits(&mut text[..4], year.unsigned_abs().into());
        write_digits(&mut text[5..7], u8::from(month).into());
        write_digits(&mut text[8..10], day.into());
        write_digits(&mut text[11..13], second / 3_600);
        write_digits(&mut text[14..16], second / 60 % 60);
        write_digits(&mut text[17..19], second % 60);
        write_digits(&mut text[20..26], microsecond);
        // Behind the last digit that says something; a fraction that is zero goes with its point.
        let end = match text[20..26].iter().rposition(|digit| *digit != b'0') {
            Some(last) => 20 + last + 1,
            None => 19,
        };
        text[end] = b'Z';
        Written { text, length: end + 1 }
    }

    /// Microseconds from `earlier` to here; zero if `earlier` is later.
    pub(crate) fn microseconds_since(self, earlier: Timestamp) -> u64 {
        u64::try_from(self.microseconds.saturating_sub(earlier.microseconds)).unwrap_or(0)
    }

    /// Milliseconds since 1970, as a UUID of version 7 wants them.
    pub(crate) fn unix_milliseconds(self) -> u64 {
        u64::try_from(self.microseconds / 1_000).unwrap_or(0)
    }
}

const SECONDS_OF_A_DAY: u64 = 24 * 60 * 60;

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.written().as_str())
    }
}

/// As `2026-03-01T02:00:00.000125Z`, without the last zeros of the fraction. Each event of a journal has one or two of these, so
/// they are put together here, in less time than the general way takes.
pub(crate) struct Written {
    text: [u8; 27],
    length: usize,
}

impl Written {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.text[..self.length]
    }

    /// It has no other characters than ASCII.
    fn as_str(&self) -> &str {
        str::from_utf8(self.as_bytes()).unwrap_or_default()
    }
}

/// Writes the number right-aligned over zeros.
fn write_digits(digits: &mut [u8], mut number: u64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// The number that the digits are; `None` if one of them is none.
fn read_digits(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = time::error::Parse;

    /// Reads RFC 3339; what is finer than a microsecond is cut.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(moment) = Timestamp::read(text.as_bytes()) {
            return Ok(moment);
        }
        let nanoseconds = OffsetDateTime::parse(text, &Rfc3339)?.unix_timestamp_nanos();
        Ok(Timestamp::from_microseconds(i64::try_from(nanoseconds / 1_000).unwrap_or(i64::MAX)))
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The clock of one run in one process: the wall clock is read once, the monotonic clock each time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    wall: Timestamp,
    monotonic: Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let microseconds = i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX);
        Clock { wall: Timestamp::from_microseconds(microseconds), monotonic: Instant::now() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.at(Instant::now())
    }

    /// The moment of a reading of the monotonic clock.
    pub(crate) fn at(&self, reading: Instant) -> Timestamp {
        let elapsed = reading.saturating_duration_since(self.monotonic);
        let elapsed = elapsed.as_secs().saturating_mul(1_000_000).saturating_add(u64::from(elapsed.subsec_micros()));
        let elapsed = i64::try_from(elapsed).unwrap_or(i64::MAX);
        Timestamp::from_microseconds(self.wall.microseconds.saturating_add(elapsed))
    }

    /// The reading from which the others are told.
    pub(crate) fn started(&self) -> Instant {
        self.monotonic
    }
}
