//! What is kept of an error? Its message and its sources, whatever type the author uses.

use std::error::Error as StdError;
use std::fmt;
use std::iter;

use serde::ser::SerializeStruct;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::pipeline::phase::PhaseName;
use crate::record::clock::Timestamp;
use crate::text::line::{one_line, wrapped};
use crate::text::table::width;

/// The most sources that are kept of one error. A chain that is longer is cut, and its last entry says so.
const MOST_SOURCES: usize = 100;

/// How much of a message is shown; the record has it whole.
const LONGEST_SHOWN: usize = 1_000;
const LINES_SHOWN: usize = 3;

/// What is kept of an error: its message, and those of its sources, outermost first.
// There are at most `MOST_SOURCES` and one behind it, so whatever goes from one to the next (dropping, cloning, comparing) needs
// little of the stack, whoever wrote the chain down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedError {
    message: String,
    source: Option<Box<RecordedError>>,
}

impl RecordedError {
    fn new(message: String, source: Option<&(dyn StdError + 'static)>) -> Self {
        let sources = iter::successors(source, |&error| error.source());
        RecordedError::bounded(message, sources.map(ToString::to_string))
    }

    /// The error with its sources, outermost first, or the first of them if there are too many.
    fn bounded(message: String, mut sources: impl Iterator<Item = String>) -> Self {
        let mut kept: Vec<String> = sources.by_ref().take(MOST_SOURCES).collect();
        if sources.next().is_some() {
            kept.push(format!("(the chain of sources goes on; {MOST_SOURCES} of them were kept)"));
        }
        let innermost_first = kept.into_iter().rev();
        let source = innermost_first.fold(None, |source, message| Some(Box::new(RecordedError { message, source })));
        RecordedError { message, source }
    }

    /// The same, as the error of a part of a phase.
    pub(crate) fn of_part(&self, part: &str) -> Self {
        RecordedError { message: format!("part `{}`: {}", one_line(part, 80), self.message), source: self.source.clone() }
    }

    /// The error's own message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The error behind it.
    pub(crate) fn behind(&self) -> Option<&RecordedError> {
        self.source.as_deref()
    }

    /// The messages of its sources, outermost first.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        iter::successors(self.source.as_deref(), |error| error.source.as_deref()).map(RecordedError::message)
    }
}

/// As in `{"message": "…", "sources": ["…"]}`.
impl Serialize for RecordedError {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("RecordedError", 2)?;
        fields.serialize_field("message", self.message())?;
        fields.serialize_field("sources", &self.sources().collect::<Vec<_>>())?;
        fields.end()
    }
}

impl<'de> Deserialize<'de> for RecordedError {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            message: String,
            sources: Vec<String>,
        }

        let fields = Fields::deserialize(deserializer)?;
        Ok(RecordedError::bounded(fields.message, fields.sources.into_iter()))
    }
}

impl fmt::Display for RecordedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for RecordedError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// An error in the run's record: what went wrong, in which phase and attempt, and when.
///
/// ```
/// use etl_context::{Context, Extract};
///
/// let mut extract = Context::new("import").start(Extract)?;
/// extract.record_error("row 7 has no sender")?; // or any error, with its sources
/// let error = &extract.record().errors()[0];
/// assert_eq!((error.phase().as_str(), error.attempt()), ("extract", Some(1)));
/// assert_eq!(error.to_string(), "extract, attempt 1: row 7 has no sender");
/// # extract.complete(())?;
/// # Ok::<(), etl_context::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorRecord {
    pub(crate) phase: PhaseName,
    pub(crate) attempt: Option<u32>,
    pub(crate) time: Timestamp,
    pub(crate) error: RecordedError,
    /// Whether the attempt ended with it.
    pub(crate) ended: bool,
}

impl ErrorRecord {
    /// The phase under which the error was recorded.
    #[must_use]
    pub fn phase(&self) -> &PhaseName {
        &self.phase
    }

    /// The attempt that was running or had ended last, from 1; `None` if the phase had never been started.
    #[must_use]
    pub fn attempt(&self) -> Option<u32> {
        self.attempt
    }

    /// When it was recorded.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.time
    }

    /// The error's message.
    #[must_use]
    pub fn message(&self) -> &str {
        self.error.message()
    }

    /// The messages of the error's sources, outermost first.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        self.error.sources()
    }

    /// The error as it was recorded, with its sources behind [`Error::source`](StdError::source).
    #[must_use]
    pub fn error(&self) -> &RecordedError {
        &self.error
    }
}

/// As in `{"phase": "load", "attempt": 1, "time": "…Z", "message": "…", "sources": ["…"]}`.
impl Serialize for ErrorRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("ErrorRecord", 5)?;
        fields.serialize_field("phase", &self.phase)?;
        fields.serialize_field("attempt", &self.attempt)?;
        fields.serialize_field("time", &self.time)?;
        fields.serialize_field("message", self.message())?;
        fields.serialize_field("sources", &self.sources().collect::<Vec<_>>())?;
        fields.end()
    }
}

/// As in `load, attempt 1: the database is locked`, with a line for each source. On lines of at most 98 characters, or of two less than
/// so many: `{:.80}`.
impl fmt::Display for ErrorRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let attempt = self.attempt.map(|attempt| format!(", attempt {attempt}")).unwrap_or_default();
        let first = format!("{}{attempt}: {}", self.phase, self.message());
        let sources = self.sources().map(|source| format!("  caused by: {source}"));
        let messages = [first].into_iter().chain(sources);
        let longest = width(f).saturating_sub(2);
        let lines = messages.flat_map(|message| wrapped(&one_line(&message, LONGEST_SHOWN), longest, LINES_SHOWN));
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
    }
}

/// An error that a phase can fail with: any [`std::error::Error`], a boxed one, an `anyhow::Error`, a text.
///
/// `Kind` tells these apart for the compiler, which finds it by itself; no program names it.
///
/// ```
/// use std::error::Error;
///
/// use etl_context::{Context, Extract};
///
/// let text = Context::new("import").start(Extract)?.fail("no connection")?;
/// let standard = text.retry()?.fail(&std::io::Error::other("no connection"))?;
/// let boxed: Box<dyn Error + Send + Sync> = "no connection".into();
/// let failed = standard.retry()?.fail(&boxed)?;
/// assert_eq!(failed.record().errors().len(), 3);
/// # Ok::<(), etl_context::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be recorded as an error",
    label = "an error is expected here",
    note = "use a type that implements `std::error::Error`, a `Box<dyn Error + Send + Sync>`, an `anyhow::Error` or a `String`"
)]
pub trait WorkError<Kind> {
    /// The message of the error and of each of its sources.
    fn recorded(&self) -> RecordedError;
}

/// The kinds of errors that [`WorkError`] tells apart.
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct StandardError;

/// See [`StandardError`].
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct BoxedError;

/// See [`StandardError`].
#[doc(hidden)]
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct TextError;

impl<E: StdError + ?Sized> WorkError<StandardError> for E {
    fn recorded(&self) -> RecordedError {
        RecordedError::new(self.to_string(), self.source())
    }
}

impl<E: AsRef<dyn StdError + Send + Sync>> WorkError<BoxedError> for E {
    fn recorded(&self) -> RecordedError {
        let error = self.as_ref();
        RecordedError::new(error.to_string(), error.source())
    }
}

impl<E: AsRef<str> + ?Sized> WorkError<TextError> for E {
    fn recorded(&self) -> RecordedError {
        RecordedError::new(self.as_ref().to_owned(), None)
    }
}
