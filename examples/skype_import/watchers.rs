//! Who watches an import? Bars on the terminal, and a page for the morning after.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use etl_context::{Event, Observation, Observer, RunBuilder};

use crate::places::Places;

/// Adds those that were asked for, and those that the example was built with.
pub(crate) fn watched(run: RunBuilder, places: &Places) -> RunBuilder {
    let run = match &places.report {
        Some(file) => run.observe(ReportFile(file.clone())),
        None => run,
    };
    #[cfg(feature = "progress")]
    let run = run.observe(etl_context::ProgressBars::stderr());
    run
}

/// Writes the page at the end of each phase, so that it is there whatever becomes of the next one.
struct ReportFile(PathBuf);

impl Observer for ReportFile {
    fn observe(&mut self, event: &Event, run: &Observation<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        if let Event::PhaseEnded { .. } = event {
            fs::write(&self.0, run.record().summary().to_html())?;
        }
        Ok(())
    }
}
