//! What does a result say of its phase? A status and counts, which override what the run knows itself.

use serde_json::Value;

use crate::engine::Engine;
use crate::error::Error;
use crate::json::dictionary::Dictionary;
use crate::pipeline::phase::PhaseStatus;
use crate::text::line::shown;

impl Engine {
    /// What the result says of the counters of the running phase are counts.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidCount`], with the key.
    pub(super) fn check_said_counts(&self, result: Option<&Dictionary>) -> Result<(), Error> {
        let counters = self.meter.names();
        let is_of_counter = |key: &str| key.strip_suffix("_processed").is_some_and(|name| counters.contains(&name));
        let said = result.into_iter().flatten().find(|(key, value)| is_of_counter(key) && !value.is_null() && !value.is_u64());
        match (said, self.record.current_phase()) {
            (Some((key, value)), Some(phase)) => {
                Err(Error::InvalidCount { phase: phase.clone(), key: key.clone(), value: shown(&value.to_string()) })
            }
            _ => Ok(()),
        }
    }
}

/// The status that a result says; `None` if it says none.
pub(super) fn said_status(
    result: Option<&Dictionary>,
    allowed: &[PhaseStatus],
    rule: &'static str,
) -> Result<Option<PhaseStatus>, Error> {
    // A result has few keys: to look at each is faster than to search the map.
    let said = result.into_iter().flatten().find(|(key, _)| *key == "status").map(|(_, word)| word);
    match said {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(word)) => match word.parse() {
            Ok(status) if allowed.contains(&status) => Ok(Some(status)),
            _ => Err(Error::invalid_status(word, rule)),
        },
        Some(other) => Err(Error::invalid_status(&other.to_string(), rule)),
    }
}
