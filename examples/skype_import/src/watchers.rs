//! Who watches an import? Bars on the terminal, a log, a lineage service, and a page for the morning after.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use etl_context::{Event, Observation, Observer, RunBuilder};

use crate::places::Places;

/// Adds those that were asked for, and those that the example was built with.
#[cfg_attr(not(feature = "open-lineage"), allow(clippy::unnecessary_wraps, reason = "a lineage file may not open"))]
pub(crate) fn watched(run: RunBuilder, places: &Places) -> std::io::Result<RunBuilder> {
    let run = match &places.report {
        Some(file) => run.observe(ReportFile(file.clone())),
        None => run,
    };
    #[cfg(feature = "progress")]
    let run = run.observe(etl_context::ProgressBars::stderr());
    #[cfg(feature = "tracing")]
    let run = run.observe(logged());
    #[cfg(feature = "open-lineage")]
    let run = match &places.lineage {
        Some(file) => run.observe(etl_context::OpenLineage::to_file(file)?),
        None => run,
    };
    Ok(run)
}

/// Logs to standard error what `RUST_LOG` asks for, which is nothing unless it is set.
#[cfg(feature = "tracing")]
fn logged() -> etl_context::Tracing {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    etl_context::Tracing::new()
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
