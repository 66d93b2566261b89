//! What did an earlier run come to? The result of one of its phases, as the program reads it now.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;
use crate::pipeline::phase::{PhaseName, PhaseStatus};
use crate::record::RunRecord;
use crate::record::stored::read_stored;

impl RunRecord {
    /// The result with which the phase last completed. For loads that go on from where the run of last night came to.
    ///
    /// ```
    /// use etl_context::{Etl, Extract, Runs, dict};
    /// use serde::Deserialize;
    ///
    /// #[derive(Deserialize)]
    /// struct Until {
    ///     page: u64,
    /// }
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let runs = Runs::in_folder(folder.path());
    /// let context = runs.run("taxi", "2026-11-24")?.begin::<Etl>()?;
    /// let extracted = context.start(Extract)?.complete(dict! { "page": 512 })?;
    /// let until: Until = extracted.record().result("extract")?;
    /// assert_eq!(until.page, 512);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::StoredShape`] if the phase has not completed, or if its result is no `R`: the program has changed since. It names the
    /// key that does not fit. [`Error::InvalidPhaseName`] if this is no name of a phase.
    pub fn result<R: DeserializeOwned>(&self, phase: &str) -> Result<R, Error> {
        let name: PhaseName = phase.parse()?;
        let reports = self.phase(phase).into_iter().flat_map(|phase| phase.reports().iter().rev());
        let Some(report) = reports.into_iter().find(|report| report.status() == PhaseStatus::Completed) else {
            return Err(Error::StoredShape { phase: name, what: "the result", reason: "the phase has not completed".to_owned() });
        };
        let stored = report.result().map_or(Value::Null, |result| Value::Object(result.clone()));
        Ok(read_stored(&name, "the result", &stored)?)
    }
}
