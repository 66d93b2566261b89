//! Which runs have not been done? For a backfill: those that were never begun, and those that did not complete.

use std::fmt;

use crate::record::status::RunStatus;
use crate::text::line::{one_line, shown};

/// A key under which no run has completed: see [`Runs::missing`](crate::Runs::missing).
///
/// It can be given to [`Runs::run`](crate::Runs::run) as it is. In JSON it is `key`, `status` and `owner`, both of which may be null.
#[derive(Debug, Clone)]
pub struct MissingRun {
    key: String,
    status: Option<RunStatus>,
    owner: Option<String>,
}

impl MissingRun {
    pub(crate) fn never_begun(key: String) -> Self {
        MissingRun { key, status: None, owner: None }
    }

    pub(crate) fn not_completed(key: String, status: RunStatus, owner: Option<String>) -> Self {
        MissingRun { key, status: Some(status), owner }
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// How the run is that was begun under it; `None` if there is none.
    #[must_use]
    pub fn status(&self) -> Option<RunStatus> {
        self.status
    }

    /// Who has it open now, and may complete it.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }
}

impl AsRef<str> for MissingRun {
    fn as_ref(&self) -> &str {
        &self.key
    }
}

/// As in `2026-11-07: never begun`, or `2026-11-08: failed`.
impl fmt::Display for MissingRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", shown(&self.key))?;
        match (self.status, &self.owner) {
            (None, _) => f.write_str("never begun"),
            (Some(status), None) => write!(f, "{status}"),
            (Some(status), Some(owner)) => write!(f, "{status}, open in {}", one_line(owner, 100)),
        }
    }
}
