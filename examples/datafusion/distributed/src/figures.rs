//! What has a stage of a plan done? The sums of what its operators have counted.

use std::sync::Arc;

use datafusion::physical_plan::metrics::{MetricValue, MetricsSet};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use datafusion_distributed::NetworkBoundaryExt;
use serde::{Deserialize, Serialize};

/// What the operators of a stage have counted, of all its tasks or of one.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Rows read from files.
    pub read: u64,
    /// Rows that have left the stage.
    pub rows: u64,
    /// Their bytes in memory, as the engine counts them.
    pub bytes: u64,
    /// Time that its operators have computed, of all threads together.
    pub computed_ms: u64,
    /// Streams of operators that are not at their end.
    #[serde(skip)]
    pub open: u64,
    /// Whether all rows have left it; false also if its last operator does not tell.
    #[serde(skip)]
    pub has_ended: bool,
}

impl Figures {
    /// `plan` is what the stage runs, down to where the next stage begins.
    pub fn of_stage(plan: &dyn ExecutionPlan) -> Self {
        let last = last_operator(plan);
        let (metrics, streams) = (last.metrics().unwrap_or_default(), last.output_partitioning().partition_count());
        let (begun, open) = (streams_begun(&metrics), open_streams(&metrics));
        let mut figures = Figures { has_ended: begun >= streams && open == 0, ..Figures::default() };
        figures.rows = number(metrics.output_rows());
        figures.bytes =
            number(metrics.sum(|metric| matches!(metric.value(), MetricValue::OutputBytes(_))).map(|sum| sum.as_usize()));
        figures.add_operators(plan);
        figures
    }

    fn add_operators(&mut self, plan: &dyn ExecutionPlan) {
        if plan.is_network_boundary() {
            return;
        }
        let metrics = plan.metrics().unwrap_or_default();
        self.open += open_streams(&metrics) as u64;
        self.computed_ms += number(metrics.elapsed_compute()) / 1_000_000;
        let inputs = plan.children();
        if inputs.is_empty() {
            self.read += number(metrics.output_rows());
        }
        inputs.into_iter().for_each(|input| self.add_operators(input.as_ref()));
    }
}

/// The operator from which the rows of a stage come. Above it there is one that only sends each row to a task of the next stage, and
/// which the engine makes anew for each query.
pub fn last_operator(plan: &dyn ExecutionPlan) -> &dyn ExecutionPlan {
    match plan.children()[..] {
        [input] if matches!(plan.name(), "RepartitionExec" | "BroadcastExec") => input.as_ref(),
        _ => plan,
    }
}

fn streams_begun(metrics: &MetricsSet) -> usize {
    metrics.iter().filter(|metric| matches!(metric.value(), MetricValue::EndTimestamp(_))).count()
}

/// A stream that is dropped is at its end, too.
fn open_streams(metrics: &MetricsSet) -> usize {
    metrics.iter().filter(|metric| matches!(metric.value(), MetricValue::EndTimestamp(end) if end.value().is_none())).count()
}

fn number(count: Option<usize>) -> u64 {
    count.unwrap_or(0) as u64
}

/// A stage of a plan that is divided.
pub struct Stage {
    pub query: String,
    pub number: usize,
    pub tasks: usize,
    pub plan: Arc<dyn ExecutionPlan>,
}

impl Stage {
    /// All stages of a plan but the last one, which runs where the query was asked; none if the plan is not divided. The first are
    /// those that read.
    pub fn all_of(plan: &dyn ExecutionPlan) -> Vec<Stage> {
        let mut stages = Vec::new();
        collect(plan, &mut stages);
        stages.sort_by_key(|stage| stage.number);
        stages
    }

    /// Whether a worker's task is one of this stage.
    pub fn has(&self, task: &str) -> bool {
        task.strip_prefix(&self.query).and_then(|rest| rest.split('/').nth(1)?.parse().ok()) == Some(self.number)
    }

    /// As in `stage 1 of 0d8f6a21: AggregateExec, on 2 tasks`. Each attempt is a query of its own.
    pub fn name(&self) -> String {
        let operator = last_operator(self.plan.as_ref()).name().to_owned();
        let query = self.query.split('-').next().unwrap_or_default();
        format!("stage {} of query {query}: {operator}, {} tasks", self.number, self.tasks)
    }
}

fn collect(plan: &dyn ExecutionPlan, stages: &mut Vec<Stage>) {
    if let Some(stage) = plan.as_network_boundary().map(|boundary| boundary.input_stage())
        && let Some(plan) = stage.local_plan()
    {
        let (number, tasks, plan) = (stage.num(), stage.task_count(), Arc::clone(plan));
        stages.push(Stage { query: stage.query_id().to_string(), number, tasks, plan });
    }
    plan.children().into_iter().for_each(|input| collect(input.as_ref(), stages));
}
