//! A phase that hands its work to an engine: DataFusion counts messages by sender, in all CSV files of a folder.
//!
//! The engine reads the files with as many threads as it likes, and the phase waits. What makes the phase more than a black box
//! is that the engine counts the rows that its plan has read: the phase looks at them now and then, and tells them as its own
//! progress. It also asks whether the run is to stop; to stop the engine, the phase only has to return.
//!
//! ```text
//! cargo run --release                       # the messages in data/
//! cargo run --release -- /path/to/folder    # any CSV files with a column `sender`
//! ```

use std::env;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::dataframe::DataFrameWriteOptions;
use datafusion::functions_aggregate::expr_fn::count;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{CsvReadOptions, SessionContext, col, lit};
use etl_context::{Completed, Context, Idle, PhaseResult, RunningPhase, counters, pipeline};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

counters! {
    /// What both phases count.
    pub struct Rows {
        /// Rows read.
        pub rows: u64,
    }
}

pipeline! {
    /// Messages by sender.
    pub Statistics {
        /// Reads all files, adds up, and writes the sums into a file.
        Aggregate = "aggregate" counts Rows after Idle;
        /// Prints the sums.
        Show = "show" counts Rows after Aggregate;
    }
}

/// What the first phase hands to the second: not the rows but where they are. With a journal, this is what a run that goes on
/// reads back instead of doing the work again.
#[derive(Debug, Serialize, Deserialize)]
struct Sums {
    file: PathBuf,
    senders: usize,
}

impl PhaseResult for Sums {}

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/");

#[tokio::main]
async fn main() -> Result<()> {
    let messages = env::args().nth(1).unwrap_or_else(|| SAMPLE.to_owned());
    let file = env::temp_dir().join("messages-by-sender.csv");
    let shown = run(Statistics::context("statistics"), &messages, &file).await?;
    println!("{}", shown.summary());
    Ok(())
}

async fn run(context: Context<Idle, Statistics>, messages: &str, file: &Path) -> Result<Context<Completed<Show>, Statistics>> {
    let engine = SessionContext::new();
    let aggregate = context.phase(Aggregate);
    let (aggregated, sums) = aggregate.run_async(async |phase| aggregate_into(file, messages, &engine, phase).await).await?;
    let (shown, ()) = aggregated.phase(Show).run_async(async |phase| show(&sums, &engine, phase).await).await?;
    Ok(shown)
}

/// Plans the query, waits for the engine, and writes what it found.
async fn aggregate_into(
    file: &Path,
    messages: &str,
    engine: &SessionContext,
    phase: &mut RunningPhase<'_, Aggregate>,
) -> Result<Sums> {
    let messages = engine.read_csv(messages, CsvReadOptions::new()).await?;
    let sums = messages.aggregate(vec![col("sender")], vec![count(lit(1)).alias("messages")])?;
    let sums = sums.sort(vec![col("messages").sort(false, false), col("sender").sort(true, false)])?;
    let plan = sums.create_physical_plan().await?;
    let sums = watched(&plan, engine, phase).await?;

    let senders = sums.iter().map(RecordBatch::num_rows).sum();
    let path = file.to_str().context("the name of the file is no text")?;
    let one_file = DataFrameWriteOptions::new().with_single_file_output(true);
    engine.read_batches(sums)?.write_csv(path, one_file, None).await?;
    Ok(Sums { file: file.to_owned(), senders })
}

/// Runs the plan. Every tenth of a second, and at the end, the rows that were read since the last look are counted.
async fn watched(
    plan: &Arc<dyn ExecutionPlan>,
    engine: &SessionContext,
    phase: &mut RunningPhase<'_, Aggregate>,
) -> Result<Vec<RecordBatch>> {
    let mut work = pin!(collect(Arc::clone(plan), engine.task_ctx()));
    loop {
        let done = tokio::select! {
            batches = &mut work => Some(batches),
            () = sleep(Duration::from_millis(100)) => None,
        };
        let counted = phase.progress().counts().rows;
        phase.update_progress(Rows { rows: rows_read(plan.as_ref()) - counted });
        if let Some(batches) = done {
            return Ok(batches?);
        }
        phase.check_cancelled()?; // to return drops the work, which stops the engine
    }
}

/// The rows that have come out of the leaves of the plan, which read the files.
fn rows_read(plan: &dyn ExecutionPlan) -> u64 {
    let inputs = plan.children();
    if inputs.is_empty() {
        return plan.metrics().and_then(|metrics| metrics.output_rows()).unwrap_or(0) as u64;
    }
    inputs.into_iter().map(|input| rows_read(input.as_ref())).sum()
}

async fn show(sums: &Sums, engine: &SessionContext, phase: &mut RunningPhase<'_, Show>) -> Result<()> {
    let path = sums.file.to_str().context("the name of the file is no text")?;
    let rows = engine.read_csv(path, CsvReadOptions::new()).await?.collect().await?;
    println!("{}\n", pretty_format_batches(&rows)?);
    phase.update_progress(Rows { rows: sums.senders as u64 });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use etl_context::PhaseStatus;

    use super::*;

    #[tokio::test]
    async fn every_row_that_the_engine_read_is_counted() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("sums.csv");
        let shown = run(Statistics::context("statistics"), SAMPLE, &file).await?;

        let rows = |phase: &str| shown.record().phase(phase).and_then(|phase| phase.latest_report()?.tally().get("rows"));
        assert_eq!((rows("aggregate"), rows("show")), (Some(80), Some(5)));
        let sums = fs::read_to_string(file)?;
        let messages = sums.lines().skip(1).filter_map(|line| line.rsplit(',').next()?.parse::<u64>().ok());
        assert_eq!(messages.sum::<u64>(), 80);
        Ok(())
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_fails_the_phase() -> Result<()> {
        let aggregate = Statistics::context("statistics").phase(Aggregate);
        let work = async |phase: &mut RunningPhase<'_, Aggregate>| {
            aggregate_into(Path::new("sums.csv"), "/no/such/folder/", &SessionContext::new(), phase).await
        };
        let (failed, _) = aggregate.run_async(work).await.unwrap_err().into_parts()?;
        assert_eq!(failed.status(Aggregate), PhaseStatus::Failed);
        Ok(())
    }
}
