//! When was that? Times are UTC, durations are monotonic, and one reading serves both.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::{Instant, SystemTime};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment in UTC, to the microsecond. As text, and in JSON: RFC 3339.
///
/// Within one process the moments of a run come from one reading of the wall clock and the monotonic clock since, so a
/// clock that is set back in the middle of a run does not turn a duration negative.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Since 1970-01-01T00:00:00Z.
    microseconds: i64,
}

impl Timestamp {
    /// RFC 3339 knows four digits for a year: this is 9999-12-31T23:59:59.999999Z.
    const LATEST: i64 = 253_402_300_799_999_999;

    fn from_microseconds(microseconds: i64) -> Self {
        Timestamp { microseconds: microseconds.clamp(0, Timestamp::LATEST) }
    }

    /// The moment as a date and time of the `time` crate.
    #[must_use]
    pub fn to_datetime(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.microseconds) * 1_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
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

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 40;
        let mut text = [0; LONGEST];
        let mut rest = &mut text[..];
        // The length comes from what is left: the one that `format_into` returns is not always right (time 0.3.55).
        self.to_datetime().format_into(&mut rest, &Rfc3339).map_err(|_| fmt::Error)?;
        let length = LONGEST - rest.len();
        f.pad(str::from_utf8(&text[..length]).map_err(|_| fmt::Error)?)
    }
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
#[derive(Debug)]
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
