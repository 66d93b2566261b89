//! Which worker is meant? Each task is told its name, and each error the address of the worker from which it came.

use std::sync::Arc;

use anyhow::{Chain, anyhow};
use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion_distributed::grpc::DefaultChannelResolver;
use datafusion_distributed::{
    ChannelResolver, CoordinatorToWorkerMsg, ExecuteTaskRequest, GetWorkerInfoRequest, GetWorkerInfoResponse, SetPlanRequest,
    TaskKey, WorkerChannel, WorkerToCoordinatorMsg,
};
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use http::{HeaderMap, HeaderValue};
use url::Url;

/// The header in which a task's name is sent along with its plan.
pub const TASK: &str = "etl-context-task";

/// The engine's own channels, with names.
#[derive(Clone, Default)]
pub struct Named(DefaultChannelResolver);

struct NamedChannel {
    worker: Url,
    channel: Box<dyn WorkerChannel>,
}

#[async_trait]
impl ChannelResolver for Named {
    async fn get_worker_client_for_url(&self, worker: &Url) -> Result<Box<dyn WorkerChannel>> {
        let channel = self.0.get_worker_client_for_url(worker).await.map_err(|error| of_worker(worker, error))?;
        Ok(Box::new(NamedChannel { worker: worker.clone(), channel }))
    }
}

#[async_trait]
impl WorkerChannel for NamedChannel {
    async fn coordinator_channel(
        &mut self,
        mut headers: HeaderMap,
        request: SetPlanRequest,
        to_worker: BoxStream<'static, CoordinatorToWorkerMsg>,
        metrics: ExecutionPlanMetricsSet,
        context: &Arc<TaskContext>,
    ) -> Result<BoxStream<'static, Result<WorkerToCoordinatorMsg>>> {
        let TaskKey { query_id, stage_id, task_number } = request.task_key;
        if let Ok(task) = HeaderValue::from_str(&format!("{query_id}/{stage_id}/{task_number}")) {
            headers.insert(TASK, task);
        }
        let worker = self.worker.clone();
        let told = self.channel.coordinator_channel(headers, request, to_worker, metrics, context).await;
        let told = told.map_err(|error| of_worker(&worker, error))?;
        Ok(told.map_err(move |error| of_worker(&worker, error)).boxed())
    }

    async fn execute_task(
        &mut self,
        headers: HeaderMap,
        request: ExecuteTaskRequest,
        metrics: ExecutionPlanMetricsSet,
        context: &Arc<TaskContext>,
    ) -> Result<Vec<BoxStream<'static, Result<RecordBatch>>>> {
        let streams = self.channel.execute_task(headers, request, metrics, context).await;
        let streams = streams.map_err(|error| of_worker(&self.worker, error))?;
        let named = |rows: BoxStream<'static, Result<RecordBatch>>| {
            let worker = self.worker.clone();
            rows.map_err(move |error| of_worker(&worker, error)).boxed()
        };
        Ok(streams.into_iter().map(named).collect())
    }

    async fn get_worker_info(&mut self, request: GetWorkerInfoRequest) -> Result<GetWorkerInfoResponse> {
        self.channel.get_worker_info(request).await.map_err(|error| of_worker(&self.worker, error))
    }
}

/// An error that came by way of another worker has the name of the one where it happened already.
fn of_worker(worker: &Url, error: DataFusionError) -> DataFusionError {
    if Chain::new(&error).any(|error| matches!(error.downcast_ref(), Some(DataFusionError::Context(..)))) {
        return error;
    }
    DataFusionError::Context(format!("the query failed on worker {}", worker.authority()), Box::new(error))
}

/// The error with its sources, each in its own words: what the engine wraps around one repeats it.
pub fn in_own_words(error: &DataFusionError) -> anyhow::Error {
    let own_words = Chain::new(error).filter_map(|error| match error.downcast_ref() {
        Some(DataFusionError::Context(of_worker, _)) => Some(of_worker.clone()),
        Some(DataFusionError::External(_) | DataFusionError::Shared(_)) => None,
        _ => Some(error.to_string()),
    });
    let mut told = own_words.collect::<Vec<_>>().into_iter().rev();
    let first = told.next().unwrap_or_else(|| error.to_string());
    told.fold(anyhow!(first), anyhow::Error::context)
}
