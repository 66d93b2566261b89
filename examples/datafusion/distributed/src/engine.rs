//! Where does a query run? In this process, or on workers that are known by their addresses.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use datafusion::error::DataFusionError;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::prelude::{SessionConfig, SessionContext};
use datafusion_distributed::{DistributedExt, SessionStateBuilderExt, WorkerResolver};
use tonic::transport::{Channel, Endpoint};
use url::Url;

use crate::channels::Named;
use crate::queries::words_of;

/// Threads of a task.
const PARTITIONS: usize = 2;

/// So many tasks a stage has at least, so that a query is divided in the same way when one worker is left of two.
const FEWEST_TASKS: usize = 2;

/// An engine within this process.
pub fn alone() -> SessionContext {
    of(SessionStateBuilder::new().with_default_features().with_config(config()).build())
}

/// An engine that divides each query into stages, and each stage into tasks for these workers.
pub fn over(workers: &[SocketAddr]) -> Result<SessionContext> {
    let builder = SessionStateBuilder::new().with_default_features().with_config(config());
    let builder = builder.with_distributed_planner().with_distributed_channel_resolver(Named::default());
    let builder = builder.with_distributed_max_tasks_per_stage(workers.len().max(FEWEST_TASKS))?;
    // The files of the example are small; this divides them among all tasks all the same.
    let builder = builder.with_distributed_file_scan_config_bytes_per_partition(1)?;
    let workers = workers.iter().map(|worker| url(*worker)).collect::<Result<_>>()?;
    Ok(of(builder.with_distributed_worker_resolver(Listed(workers)).build()))
}

fn config() -> SessionConfig {
    let config = SessionConfig::new().with_target_partitions(PARTITIONS);
    config.set_bool("datafusion.execution.parquet.schema_force_view_types", false)
}

fn of(state: SessionState) -> SessionContext {
    let session = SessionContext::new_with_state(state);
    session.register_udf(words_of());
    session
}

/// The workers are those of a list.
struct Listed(Vec<Url>);

impl WorkerResolver for Listed {
    fn get_urls(&self) -> Result<Vec<Url>, DataFusionError> {
        Ok(self.0.clone())
    }
}

fn url(worker: SocketAddr) -> Result<Url> {
    Url::parse(&format!("http://{worker}")).with_context(|| format!("`{worker}` is no address of a worker"))
}

/// A connection to a worker, which is made when it is needed.
pub fn channel(worker: SocketAddr) -> Result<Channel> {
    Ok(Endpoint::from_shared(format!("http://{worker}"))?.connect_timeout(crate::workers::PATIENCE).connect_lazy())
}
