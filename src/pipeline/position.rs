//! Where does a run stand between two phases?

use std::fmt;

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
}

impl Position {
    /// The phase that ended last.
    pub(crate) fn phase(&self) -> Option<&PhaseName> {
        match self {
            Position::Idle => None,
            Position::Completed(phase) | Position::Failed(phase) => Some(phase),
        }
    }

    /// As `pipeline!` writes it behind `after`: `Idle`, `extract`, `Failed<extract>`.
    pub(crate) fn in_pipeline(&self) -> String {
        if let Position::Completed(phase) = self { phase.to_string() } else { self.to_string() }
    }
}

/// As the typed face writes its states: `Idle`, `Completed<extract>`, `Failed<extract>`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Idle => f.write_str("Idle"),
            Position::Completed(phase) => write!(f, "Completed<{phase}>"),
            Position::Failed(phase) => write!(f, "Failed<{phase}>"),
        }
    }
}

/// As [`pipeline!`](crate::pipeline) writes it behind `after`: `Idle`, `extract`, `Failed<extract>`.
impl Serialize for Position {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.in_pipeline())
    }
}

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "Idle" {
            return Ok(Position::Idle);
        }
        let failed = text.strip_prefix("Failed<").and_then(|rest| rest.strip_suffix('>'));
        let position = match failed {
            Some(phase) => PhaseName::parse(phase).map(Position::Failed),
            None => PhaseName::parse(&text).map(Position::Completed),
        };
        position.map_err(serde::de::Error::custom)
    }
}
