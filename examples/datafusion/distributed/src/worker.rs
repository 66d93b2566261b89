//! What is a worker? A process that runs the tasks it is sent, until it is ended.

use std::io::{self, Write};
use std::process;
use std::thread;

use anyhow::{Context as _, Result};
use datafusion::error::DataFusionError;
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion_distributed::{
    DistributedExt, Worker, WorkerPlanRewriteEvent, WorkerPlanRewriteEventResponse, WorkerQueryContext,
};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::channels::{Named, TASK};
use crate::queries::words_of;
use crate::tasks::Tasks;

/// How a worker says, on a line of its standard output, that it is ready; its address follows.
pub const READY: &str = "worker listens on ";

/// Serves at an address, of which the port may be 0.
pub async fn serve(address: &str) -> Result<()> {
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on `{address}`"))?;
    writeln!(io::stdout(), "{READY}{}", listener.local_addr()?)?;
    let (tasks, channels) = (Tasks::default(), Named::default());
    let of_query = {
        let tasks = tasks.clone();
        move |query| {
            let state = state(query, &tasks, &channels);
            async move { state }
        }
    };
    let worker = Worker::from_session_builder(of_query).into_worker_server();
    Ok(Server::builder().add_service(worker).add_service(tasks).serve_with_incoming(TcpIncoming::from(listener)).await?)
}

/// What a task finds here: the function that the engine does not have, channels to the other workers, and somebody who counts.
fn state(query: WorkerQueryContext, tasks: &Tasks, channels: &Named) -> Result<SessionState, DataFusionError> {
    let name = query.headers.get(TASK).and_then(|name| name.to_str().ok()).unwrap_or_default().to_owned();
    let tasks = tasks.clone();
    let count = move |event: WorkerPlanRewriteEvent<'_>| {
        tasks.add(name.clone(), &event.plan);
        Ok(WorkerPlanRewriteEventResponse::new(event.plan))
    };
    let builder = query.builder.with_distributed_channel_resolver(channels.clone());
    let builder = builder.with_distributed_worker_plan_rewrite_handler(count);
    let mut state = builder.build();
    state.register_udf(words_of().into())?;
    Ok(state)
}

/// Ends this process when its standard input does: with the process that has started it, however that ends.
pub fn end_with_stdin() {
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
}
