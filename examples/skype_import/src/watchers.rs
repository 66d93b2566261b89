//! Who watches an import? Bars on the terminal or a log, a lineage service, and a page for the morning after.

use std::env;
use std::io::{self, IsTerminal};

use etl_context::{OpenLineage, ProgressBars, RunBuilder, Tracing};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::places::Places;
use crate::report::Report;

/// Adds those that there are for this import.
pub(crate) fn watched(run: RunBuilder, places: &Places) -> io::Result<RunBuilder> {
    let mut run = run.observe(logged());
    // A log would be written into the bars.
    if io::stderr().is_terminal() && LevelFilter::current() == LevelFilter::OFF {
        run = run.observe(ProgressBars::stderr());
    }
    if let Some(page) = places.report.as_ref().and_then(Report::kept_up_to_date) {
        run = run.observe(page);
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
        crate::say!("RUST_LOG is left out: {mistake}");
        Targets::default()
    });
    tracing_subscriber::registry().with(fmt::layer().with_writer(io::stderr)).with(asked).init();
    Tracing::new()
}
