//! What does the engine tell of a query while it runs, and how does the phase hear of it? Each stage of the plan is a part of the phase,
//! and ten times a second the workers are asked what its tasks have counted.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, bail};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::DataFrame;
use datafusion_distributed::{DistributedMetricsFormat, display_plan_ascii, rewrite_distributed_plan_with_metrics};
use etl_context::{Part, Phase, ProgressWorker, RunningPhase, Stopped};
use futures::TryStreamExt;
use futures::future::try_join_all;
use tokio::time::{sleep, timeout};
use tonic::transport::Channel;

use crate::channels::in_own_words;
use crate::figures::{Figures, Stage};
use crate::job::Work;
use crate::table::Table;
use crate::tasks::{Task, ask};

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);

/// What the engine told of a query at its end.
pub struct Answered {
    /// What each stage came to, by its name.
    pub stages: BTreeMap<String, Figures>,
    /// The plan that was executed, with everything that its operators have counted.
    pub plan: String,
}

/// Runs a query, and writes its rows into a file. What is dropped on the way out, by an error or a stop, ends on the workers too.
pub async fn answer<Ph: Phase<Counters = Work>>(
    question: DataFrame,
    file: PathBuf,
    workers: &[Asked],
    phase: &mut RunningPhase<'_, Ph>,
) -> Result<Answered> {
    let context = Arc::new(question.task_ctx());
    let (name, plan) = (Ph::NAME, question.create_physical_plan().await?);
    let (stopped, mut written, mut read) = (phase.cancelled(), phase.progress().worker(), phase.progress().worker());
    let stages = Stage::all_of(plan.as_ref());
    let parts = phase.parts(stages.iter().map(Stage::name))?;
    let mut stages = stages.into_iter().map(|stage| Ok(Watched::new(stage, parts.claim()?))).collect::<Result<Vec<_>>>()?;

    let executed = tokio::select! {
        stopped = stopped => Err(stopped.into()),
        executed = execute(plan, context, &file, &mut written) => executed,
        looked = keep_looking(name.as_str(), workers, &mut stages, &mut read) => looked.map(|never| match never {}),
    };
    let answered = match executed {
        Ok(executed) => end(&mut stages, executed.as_ref(), &mut read)?,
        Err(error) => {
            stages.into_iter().try_for_each(|stage| stage.fail(&error))?;
            return Err(error);
        }
    };
    drop(stages);
    parts.finish()?;
    Ok(answered)
}

/// Writes what comes out of the plan, and gives the plan back with all that its operators have counted.
async fn execute(
    plan: Arc<dyn ExecutionPlan>,
    context: Arc<TaskContext>,
    file: &Path,
    written: &mut ProgressWorker<Work>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let table = Table::create(file, plan.schema())?;
    let rows = execute_stream(Arc::clone(&plan), context).map_err(|error| in_own_words(&error))?;
    write(rows, table, written).await?;
    Ok(rewrite_distributed_plan_with_metrics(plan, DistributedMetricsFormat::Aggregated).await?)
}

/// Counts what was not told while the query ran. A plan without stages has read what it read here.
fn end(stages: &mut [Watched<'_>], executed: &dyn ExecutionPlan, read: &mut ProgressWorker<Work>) -> Result<Answered> {
    for (stage, last) in stages.iter_mut().zip(Stage::all_of(executed)) {
        read.add(stage.seen(Figures::of_stage(last.plan.as_ref())))?;
        stage.complete()?;
    }
    if stages.is_empty() {
        read.add(Work { read: Figures::of_stage(executed).read, ..Work::default() })?;
    }
    let stages = stages.iter().map(|stage| (stage.stage.name(), stage.figures)).collect();
    Ok(Answered { stages, plan: display_plan_ascii(executed, true) })
}

/// Writes what comes out of the plan, and counts it.
async fn write(mut rows: SendableRecordBatchStream, mut table: Table, written: &mut ProgressWorker<Work>) -> Result<()> {
    while let Some(batch) = rows.try_next().await.map_err(|error| in_own_words(&error))? {
        table.write(&batch)?;
        written.add(Work { rows: batch.num_rows() as u64, ..Work::default() })?;
    }
    written.add(Work { bytes: table.finish()?, ..Work::default() })?;
    Ok(())
}

/// Asks the workers again and again. If one is dead, the query fails by itself; one that is silent fails it here.
async fn keep_looking(
    phase: &str,
    workers: &[Asked],
    stages: &mut [Watched<'_>],
    read: &mut ProgressWorker<Work>,
) -> Result<Infallible> {
    let mut said = 0;
    loop {
        sleep(BETWEEN_LOOKS).await;
        let told = try_join_all(workers.iter().map(Asked::tasks)).await?;
        let tasks = told.into_iter().flatten().collect::<Vec<_>>();
        for stage in &mut *stages {
            read.add(stage.look(&tasks)?)?;
        }
        let rows = stages.iter().map(|stage| stage.figures.read).sum();
        if rows > 2 * said {
            eprintln!("{phase}: {rows} rows read");
            said = rows;
        }
    }
}

/// A worker of a query, which is asked what its tasks have done.
pub struct Asked {
    pub address: SocketAddr,
    pub channel: Channel,
    /// One that is silent for so long hangs, or its host is gone without a word.
    pub patience: Duration,
}

impl Asked {
    /// None of one that is dead.
    async fn tasks(&self) -> Result<Vec<Task>> {
        match timeout(self.patience, ask(self.channel.clone())).await {
            Ok(told) => Ok(told.unwrap_or_default()),
            Err(_) => bail!("worker {} has not answered for {:?}", self.address, self.patience),
        }
    }
}

/// A stage, and the part that it is.
struct Watched<'a> {
    stage: Stage,
    part: Option<Part<'a, Work>>,
    figures: Figures,
}

impl<'a> Watched<'a> {
    fn new(stage: Stage, part: Option<Part<'a, Work>>) -> Self {
        Watched { stage, part, figures: Figures::default() }
    }

    /// Counts what its tasks have told. The stage is done when all of them are. Returns what was read.
    fn look(&mut self, tasks: &[Task]) -> Result<Work> {
        let own = tasks.iter().filter(|task| self.stage.has(&task.name)).collect::<Vec<_>>();
        let sum = |of: fn(&Task) -> u64| own.iter().map(|task| of(task)).sum();
        let (read, rows, bytes) = (sum(|task| task.read), sum(|task| task.rows), sum(|task| task.bytes));
        let work = self.seen(Figures { read, rows, bytes, ..Figures::default() });
        if own.len() == self.stage.tasks && own.iter().all(|task| task.has_ended) {
            self.complete()?;
        }
        Ok(work)
    }

    /// Counts what was not counted before: for the part what has left the stage. Returns what was read, which is the phase's own. A
    /// worker that does not answer takes nothing back.
    fn seen(&mut self, figures: Figures) -> Work {
        let before = self.figures;
        let most = |now: u64, before: u64| now.max(before);
        self.figures = Figures {
            read: most(figures.read, before.read),
            rows: most(figures.rows, before.rows),
            bytes: most(figures.bytes, before.bytes),
            ..figures
        };
        if let Some(part) = &mut self.part {
            let (moved, moved_bytes) = (self.figures.rows - before.rows, self.figures.bytes - before.bytes);
            part.update_progress(Work { moved, moved_bytes, ..Work::default() });
        }
        Work { read: self.figures.read - before.read, ..Work::default() }
    }

    fn complete(&mut self) -> Result<()> {
        self.part.take().map_or(Ok(()), Part::complete).map_err(anyhow::Error::from)
    }

    /// It has failed with the query, whose error is that of the phase, or is given back if that was stopped.
    fn fail(mut self, error: &anyhow::Error) -> Result<()> {
        let Some(part) = self.part.take() else { return Ok(()) };
        let ended = if error.is::<Stopped>() { part.give_back() } else { part.fail("its query failed") };
        ended.map_err(anyhow::Error::from)
    }
}
