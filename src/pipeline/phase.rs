//! What is a phase? Its trait, its name, its status, and the three phases that every ETL run knows.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ptr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::counting::counters::{Counters, Counts};
use crate::pipeline::compile_message::{Message, same_text};
use crate::text::line::shown;
use crate::text::sentence;

/// One step of a pipeline, as a type.
///
/// [`pipeline!`](crate::pipeline) declares phases; write the impl by hand only for a phase that several pipelines share:
///
/// ```
/// use etl_context::{Counts, Phase, PhaseName};
///
/// #[derive(Clone, Copy, Debug)]
/// struct Validate;
///
/// impl Phase for Validate {
///     type Counters = Counts;
///     const NAME: PhaseName = PhaseName::new("validate");
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a phase",
    label = "a phase is expected here",
    note = "a phase is a type, as in `start(Extract)`; declare your own in `pipeline!`, as in `Validate = \"validate\" after Extract;`",
    note = "for phases whose names are only known at run time use `EtlContext`"
)]
pub trait Phase: Sized + Send + Sync + 'static {
    /// What the phase counts; [`Counts`] unless the phase declares its own with [`counters!`](crate::counters).
    type Counters: Counters;

    /// The name under which the phase is recorded. It is checked while the crate compiles.
    const NAME: PhaseName;
}

/// The phase `extract`, which reads the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Extract;

/// The phase `transform`, which gives the data its target's shape.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Transform;

/// The phase `load`, which writes the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Load;

#[diagnostic::do_not_recommend]
impl Phase for Extract {
    type Counters = Counts;
    const NAME: PhaseName = PhaseName::new("extract");
}

#[diagnostic::do_not_recommend]
impl Phase for Transform {
    type Counters = Counts;
    const NAME: PhaseName = PhaseName::new("transform");
}

#[diagnostic::do_not_recommend]
impl Phase for Load {
    type Counters = Counts;
    const NAME: PhaseName = PhaseName::new("load");
}

/// The name of a phase: a lower-case letter, then up to 63 lower-case letters, digits, `_` or `-`.
///
/// A value of this type is always valid, and cloning it copies no text. Names that are known while the program is written
/// go through [`PhaseName::new`] and are checked by the compiler; all others through [`str::parse`].
///
/// ```
/// use etl_context::PhaseName;
///
/// const VALIDATE: PhaseName = PhaseName::new("validate");
/// let from_a_file: PhaseName = "validate".parse()?;
/// assert_eq!(VALIDATE, from_a_file);
/// assert!("Validate!".parse::<PhaseName>().is_err());
/// # Ok::<(), etl_context::Error>(())
/// ```
#[derive(Clone)]
pub struct PhaseName(Text);

#[derive(Clone)]
enum Text {
    Static(&'static str),
    Shared(Arc<str>),
}

impl PhaseName {
    /// The longest name, in bytes.
    pub const MAX_LENGTH: usize = 64;

    /// A name for a constant; an invalid one is a compile error that begins with `Phase name is invalid`.
    ///
    /// ```compile_fail
    /// # use etl_context::PhaseName;
    /// const NAME: PhaseName = PhaseName::new("Not A Name");
    /// ```
    ///
    /// For a name that is only known at run time use [`str::parse`], which returns an error.
    ///
    /// # Panics
    ///
    /// If the name is invalid. In a constant, that is the compile error; outside of one, nothing would stop the compiler.
    #[must_use]
    #[track_caller]
    pub const fn new(name: &'static str) -> Self {
        match fault(name) {
            None => PhaseName(Text::Static(name)),
            Some(reason) => Message::new(sentence::INVALID_PHASE_NAME)
                .with(": `")
                .with(if name.len() > 80 { "(a very long name)" } else { name })
                .with("` ")
                .with(reason)
                .with("; ")
                .with(sentence::NAME_RULE)
                .refuse(),
        }
    }

    /// A name from outside.
    pub(crate) fn parse(name: &str) -> Result<Self, InvalidName> {
        match fault(name) {
            None => Ok(PhaseName(Text::Shared(name.into()))),
            Some(reason) => Err(InvalidName { name: shown(name), reason: format!("{reason}; {}", sentence::NAME_RULE) }),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Static(name) => name,
            Text::Shared(name) => name,
        }
    }

    /// Whether two names that were made in constants are the same.
    pub(crate) const fn same_as(&self, other: &PhaseName) -> bool {
        match (&self.0, &other.0) {
            (Text::Static(left), Text::Static(right)) => same_text(left, right),
            _ => false,
        }
    }

    /// The text of a name that was made in a constant.
    pub(crate) const fn in_const(&self) -> &str {
        match &self.0 {
            Text::Static(name) => name,
            Text::Shared(_) => "",
        }
    }
}

/// A text that names no phase, or none of a pipeline's.
#[derive(Debug, thiserror::Error)]
#[error("{}: `{name}` {reason}", sentence::INVALID_PHASE_NAME)]
pub(crate) struct InvalidName {
    /// As it may be shown.
    pub(crate) name: String,
    /// As the end of a sentence.
    pub(crate) reason: String,
}

/// Why `name` is no phase name, as the end of a sentence; `None` if it is one.
const fn fault(name: &str) -> Option<&'static str> {
    let bytes = name.as_bytes();
    if bytes.is_empty() {
        return Some("is empty");
    }
    if bytes.len() > PhaseName::MAX_LENGTH {
        return Some("is longer than 64 bytes");
    }
    if !bytes[0].is_ascii_lowercase() {
        return Some("does not start with a lower-case letter (a-z)");
    }
    let mut index = 1;
    while index < bytes.len() {
        if !matches!(bytes[index], b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-') {
            return Some("has a character other than a-z, 0-9, `_` and `-`");
        }
        index += 1;
    }
    None
}

impl AsRef<str> for PhaseName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for PhaseName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for PhaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for PhaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl PartialEq for PhaseName {
    /// Names are mostly compared with themselves, and then they lie in the same place.
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self.as_str(), other.as_str()) || self.as_str() == other.as_str()
    }
}

impl Eq for PhaseName {}

impl PartialEq<str> for PhaseName {
    fn eq(&self, other: &str) -> bool {
        ptr::eq(self.as_str(), other) || self.as_str() == other
    }
}

impl PartialEq<&str> for PhaseName {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialOrd for PhaseName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for PhaseName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for PhaseName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Serialize for PhaseName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for PhaseName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PhaseName::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Where a phase stands. As text, and in JSON: `pending`, `running`, `completed`, `failed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(clippy::exhaustive_enums, reason = "the documentation knows these four and no other")]
pub enum PhaseStatus {
    /// Not started, or not known.
    #[default]
    Pending,
    /// Started and not ended.
    Running,
    /// Ended well.
    Completed,
    /// Ended badly: failed, abandoned, or marked so.
    Failed,
}

impl PhaseStatus {
    /// Every status, in the order in which a phase goes through them.
    pub const ALL: [PhaseStatus; 4] = [PhaseStatus::Pending, PhaseStatus::Running, PhaseStatus::Completed, PhaseStatus::Failed];

    /// A status for a constant; any other word is a compile error that begins with `Status is invalid`.
    ///
    /// ```
    /// # use etl_context::PhaseStatus;
    /// const DONE: PhaseStatus = PhaseStatus::from_literal("completed");
    /// ```
    ///
    /// For a word that is only known at run time use [`str::parse`], which returns an error.
    ///
    /// # Panics
    ///
    /// If the word is no status. In a constant, that is the compile error; outside of one, nothing would stop the compiler.
    #[must_use]
    #[track_caller]
    pub const fn from_literal(status: &'static str) -> Self {
        match PhaseStatus::from_word(status) {
            Some(status) => status,
            None => Message::new(sentence::INVALID_STATUS)
                .with(": `")
                .with(if status.len() > 80 { "(a very long word)" } else { status })
                .with("` ")
                .with(sentence::STATUS_RULE)
                .refuse(),
        }
    }

    /// Whether a phase can end with it, or a part of one.
    pub(crate) fn is_end(self) -> bool {
        matches!(self, PhaseStatus::Completed | PhaseStatus::Failed)
    }

    /// The status as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            PhaseStatus::Pending => "pending",
            PhaseStatus::Running => "running",
            PhaseStatus::Completed => "completed",
            PhaseStatus::Failed => "failed",
        }
    }

    pub(crate) const fn from_word(word: &str) -> Option<PhaseStatus> {
        let mut index = 0;
        while index < PhaseStatus::ALL.len() {
            if same_text(word, PhaseStatus::ALL[index].as_str()) {
                return Some(PhaseStatus::ALL[index]);
            }
            index += 1;
        }
        None
    }
}

impl AsRef<str> for PhaseStatus {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for PhaseStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
