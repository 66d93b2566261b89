//! What does a result say of its phase? A status and counts, which override what the run knows itself.

use serde_json::Value;

use crate::engine::Engine;
use crate::error::Error;
use crate::json::dictionary::KeptResult;
use crate::json::seen::is_word;
use crate::pipeline::phase::PhaseStatus;
use crate::text::line::shown;

impl Engine {
    /// The status that a result says; `None` if it says none. What it says of the counters of the running phase are counts.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidStatus`] by the rule, [`Error::InvalidCount`] with the key.
    pub(super) fn said_status(
        &self,
        result: Option<&KeptResult>,
        allowed: &[PhaseStatus],
        rule: &'static str,
    ) -> Result<Option<PhaseStatus>, Error> {
        let Some(result) = result.and_then(KeptResult::words) else { return Ok(None) };
        let (mut status, mut no_count) = (None, None);
        // A result has few keys: to look at each, once, is faster than to search the map.
        for (key, value) in result.iter().filter(|(key, _)| is_word(key)) {
            if key == "status" {
                status = Some(value);
            } else if !is_count(value) && self.is_of_counter(key) {
                no_count = no_count.or(Some((key, value)));
            }
        }
        let status = status.map_or(Ok(None), |word| as_status(word, allowed, rule))?;
        match (no_count, self.record.current_phase()) {
            (Some((key, value)), Some(phase)) => {
                Err(Error::InvalidCount { phase: phase.clone(), key: key.clone(), value: shown(&value.to_string()) })
            }
            _ => Ok(status),
        }
    }

    fn is_of_counter(&self, key: &str) -> bool {
        key.strip_suffix("_processed").is_some_and(|name| self.meter.names().contains(&name))
    }
}

/// `null` says nothing.
fn is_count(value: &Value) -> bool {
    value.is_u64() || value.is_null()
}

fn as_status(word: &Value, allowed: &[PhaseStatus], rule: &'static str) -> Result<Option<PhaseStatus>, Error> {
    match word {
        Value::Null => Ok(None),
        Value::String(word) => match word.parse() {
            Ok(status) if allowed.contains(&status) => Ok(Some(status)),
            _ => Err(Error::invalid_status(word, rule)),
        },
        other => Err(Error::invalid_status(&other.to_string(), rule)),
    }
}
