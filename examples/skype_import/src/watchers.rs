//! Who watches an import? Bars on the terminal or a log, a lineage service, and a page for the morning after.

use std::error::Error;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::{env, fs};

use etl_context::{Event, Observation, Observer, OpenLineage, ProgressBars, RunBuilder, Tracing};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::places::Places;

/// Adds those that there are for this import.
pub(crate) fn watched(run: RunBuilder, places: &Places) -> io::Result<RunBuilder> {
    let mut run = run.observe(logged());
    // A log would be written into the bars.
    if io::stderr().is_terminal() && LevelFilter::current() == LevelFilter::OFF {
        run = run.observe(ProgressBars::stderr());
    }
    if let Some(file) = &places.report {
        run = run.observe(ReportFile(file.clone()));
    }
    if let Some(file) = &places.lineage {
        run = run.observe(OpenLineage::to_file(file)?);
    }
    Ok(run)
}

/// Logs to standard error what `RUST_LOG` asks for, which is nothing unless it is set.
fn logged() -> Tracing {
    let asked = env::var("RUST_LOG").map_or(Ok(Targets::default()), |asked| asked.parse());
    let asked = asked.unwrap_or_else(|mistake| {
        eprintln!("skype_import: RUST_LOG is left out: {mistake}");
        Targets::default()
    });
    tracing_subscriber::registry().with(tracing_subscriber::fmt::layer().with_writer(io::stderr)).with(asked).init();
    Tracing::new()
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
