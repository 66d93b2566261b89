//! Which run is this?

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::record::clock::Timestamp;
use crate::text::line::shown;

/// The identity of a run: a UUID of version 7 (RFC 9562), so that ids sort by the time at which the runs began.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(u128);

impl RunId {
    /// The random bits come from the keys that the standard library draws for its hash maps: unique, not secret.
    pub(crate) fn new(began: Timestamp) -> Self {
        let random = || u128::from(RandomState::new().hash_one(began));
        let milliseconds = u128::from(began.unix_milliseconds()) << 80;
        let version = 7 << 76;
        let variant = 0b10 << 62;
        RunId(milliseconds | version | (random() >> 52) << 64 | variant | random() >> 2)
    }

    /// The identity of one attempt at a phase of this run, for systems in which an attempt is a run of its own.
    ///
    /// It is the same whoever computes it and whenever, so a process that goes on with a run names the attempts of the earlier
    /// process as that one did: a UUID of version 8 (RFC 9562), made of the 128 bits of the FNV-1a hash of
    /// `<phase>/<attempt>/<run id>` in UTF-8, with the run id in its usual form.
    ///
    /// ```
    /// use etl_context::Context;
    ///
    /// let run = Context::new("import").record().run_id();
    /// let first = run.of_attempt("extract", 1);
    /// assert_eq!(first, run.of_attempt("extract", 1));
    /// assert_ne!(first, run.of_attempt("extract", 2));
    /// assert_ne!(first, run.of_attempt("load", 1));
    /// ```
    #[must_use]
    pub fn of_attempt(self, phase: &str, attempt: u32) -> RunId {
        let version = 8 << 76;
        let variant = 0b10 << 62;
        let kept = !(0xf << 76 | 0b11 << 62);
        RunId(fnv_1a(&format!("{phase}/{attempt}/{self}")) & kept | version | variant)
    }

    /// The identity as a number, as UUID libraries take it.
    #[must_use]
    pub fn as_u128(self) -> u128 {
        self.0
    }
}

/// FNV-1a with 128 bits: the same in every release of the library, and of Rust.
pub(crate) fn fnv_1a(text: &str) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    text.bytes().fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:032x}", self.0);
        write!(f, "{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// A text that is no run id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no run id, such as `01a20a1c-7e53-7002-b75f-3f44cfd01d83`", shown(.0))]
pub struct InvalidRunId(String);

/// Reading is strict: what is read is what would be written.
///
/// ```
/// use etl_context::RunId;
///
/// let id: RunId = "01a20a1c-7e53-7002-b75f-3f44cfd01d83".parse()?;
/// assert_eq!(id.to_string(), "01a20a1c-7e53-7002-b75f-3f44cfd01d83");
/// assert!("latest".parse::<RunId>().is_err());
/// # Ok::<(), etl_context::InvalidRunId>(())
/// ```
impl FromStr for RunId {
    type Err = InvalidRunId;

    fn from_str(text: &str) -> Result<Self, InvalidRunId> {
        let id = u128::from_str_radix(&text.replace('-', ""), 16).map(RunId);
        let exact = id.ok().filter(|id| id.to_string() == text);
        exact.ok_or_else(|| InvalidRunId(text.to_owned()))
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
