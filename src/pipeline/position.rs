//! Where does a run stand between two phases?

use std::borrow::Cow;
use std::fmt;
use std::slice;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::pipeline::phase::PhaseName;

/// Where a run stands between two phases, and what an edge of a pipeline starts from.
///
/// ```
/// use etl_context::{Context, Extract, Position};
///
/// let context = Context::new("import");
/// assert_eq!(context.record().position(), Position::Idle);
/// let extracted = context.start(Extract)?.complete(())?;
/// assert_eq!(extracted.record().position().to_string(), "Completed<extract>");
/// # Ok::<(), etl_context::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "these are the states at rest of the typed face")]
pub enum Position {
    /// No phase has ended yet.
    Idle,
    /// This phase ended last, and completed.
    Completed(PhaseName),
    /// This phase ended last, and failed.
    Failed(PhaseName),
    /// These phases have completed, each at the end of a branch, in the order in which the pipeline joins them.
    Joined(Cow<'static, [PhaseName]>),
    /// Only of an edge, to a phase that is declared with `finally`: wherever the run stands at rest.
    Any,
}

impl Position {
    /// The phase that ended last, or those whose branches were joined.
    pub(crate) fn phases(&self) -> &[PhaseName] {
        match self {
            Position::Idle | Position::Any => &[],
            Position::Completed(phase) | Position::Failed(phase) => slice::from_ref(phase),
            Position::Joined(phases) => phases,
        }
    }

    /// Whether what starts here needs the phase to have completed.
    pub(crate) fn needs(&self, phase: &PhaseName) -> bool {
        !matches!(self, Position::Failed(_)) && self.phases().contains(phase)
    }

    /// As `pipeline!` writes it behind `after`: `Idle`, `extract`, `Failed<extract>`, `(users, orders)`.
    pub(crate) fn in_pipeline(&self) -> String {
        match self {
            Position::Completed(phase) => phase.to_string(),
            Position::Joined(phases) => tuple(phases),
            Position::Idle | Position::Failed(_) | Position::Any => self.to_string(),
        }
    }

    /// What `in_pipeline` has written; the reason why it has not, otherwise.
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "Idle" => return Ok(Position::Idle),
            "Any" => return Ok(Position::Any),
            _ => {}
        }
        let name = |text: &str| PhaseName::parse(text).map_err(|error| error.to_string());
        let between = |start, end| text.strip_prefix(start).and_then(|rest: &str| rest.strip_suffix(end));
        if let Some(failed) = between("Failed<", ">") {
            return name(failed).map(Position::Failed);
        }
        match between("(", ")") {
            Some(joined) => {
                joined.split(", ").map(name).collect::<Result<Vec<_>, _>>().map(|names| Position::Joined(names.into()))
            }
            None => name(text).map(Position::Completed),
        }
    }
}

/// As in `(users, orders)`.
fn tuple(phases: &[PhaseName]) -> String {
    format!("({})", phases.iter().map(PhaseName::as_str).collect::<Vec<_>>().join(", "))
}

/// As the typed face writes its states: `Idle`, `Completed<extract>`, `Failed<extract>`, `Joined<(users, orders)>`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Idle => f.write_str("Idle"),
            Position::Completed(phase) => write!(f, "Completed<{phase}>"),
            Position::Failed(phase) => write!(f, "Failed<{phase}>"),
            Position::Joined(phases) => write!(f, "Joined<{}>", tuple(phases)),
            Position::Any => f.write_str("Any"),
        }
    }
}

/// As [`pipeline!`](crate::pipeline) writes it behind `after`: `Idle`, `extract`, `Failed<extract>`,
/// `(users, orders)`.
impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.in_pipeline())
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Position::parse(&text).map_err(serde::de::Error::custom)
    }
}
