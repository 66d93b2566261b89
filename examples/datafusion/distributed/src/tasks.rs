//! How does a worker tell what its tasks have done so far? By a service of its own beside the engine's, asked now and then.
//!
//! The engine counts in the operators of the plan and tells that when a query has ended; its own service for tasks that run reads an
//! operator which it has replaced by then, and so says 0 rows. Here the same counters are read where they are. The messages are
//! written by hand, so that nobody needs `protoc`.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll};

use datafusion::physical_plan::ExecutionPlan;
use tonic::body::Body;
use tonic::codegen::{BoxFuture, Service, StdError, http};
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use crate::figures::Figures;

/// What a task has done.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Task {
    /// `<query>/<stage>/<task>`, as the coordinator named it.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Rows that it has read from files.
    #[prost(uint64, tag = "2")]
    pub read: u64,
    /// Rows that have left its stage.
    #[prost(uint64, tag = "3")]
    pub rows: u64,
    /// Their bytes in memory.
    #[prost(uint64, tag = "4")]
    pub bytes: u64,
    /// Streams of its operators that are not at their end.
    #[prost(uint64, tag = "5")]
    pub open: u64,
    /// Whether all rows have left it.
    #[prost(bool, tag = "6")]
    pub has_ended: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Ask {}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Told {
    #[prost(message, repeated, tag = "1")]
    pub tasks: Vec<Task>,
}

const METHOD: &str = "/etl_context.Tasks/Tell";

/// The tasks of this worker, for as long as the engine has their plans.
#[derive(Clone, Default)]
pub struct Tasks(Arc<Mutex<Vec<Known>>>);

struct Known {
    name: String,
    plan: Weak<dyn ExecutionPlan>,
}

impl Tasks {
    pub fn add(&self, name: String, plan: &Arc<dyn ExecutionPlan>) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.retain(|task| task.plan.strong_count() > 0);
        tasks.push(Known { name, plan: Arc::downgrade(plan) });
    }

    fn told(&self) -> Told {
        let tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Told { tasks: tasks.iter().filter_map(Known::told).collect() }
    }
}

impl Known {
    fn told(&self) -> Option<Task> {
        let Figures { read, rows, bytes, open, has_ended, .. } = Figures::of_stage(self.plan.upgrade()?.as_ref());
        Some(Task { name: self.name.clone(), read, rows, bytes, open, has_ended })
    }
}

impl NamedService for Tasks {
    const NAME: &'static str = "etl_context.Tasks";
}

impl UnaryService<Ask> for Tasks {
    type Response = Told;
    type Future = Ready<Result<Response<Told>, Status>>;

    fn call(&mut self, _: Request<Ask>) -> Self::Future {
        ready(Ok(Response::new(self.told())))
    }
}

/// There is one method, so whatever is asked is that.
impl<B> Service<http::Request<B>> for Tasks
where
    B: tonic::codegen::Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        let tasks = self.clone();
        Box::pin(async move { Ok(Grpc::new(ProstCodec::default()).unary(tasks, request).await) })
    }
}

/// Asks a worker.
pub async fn ask(worker: Channel) -> Result<Vec<Task>, Status> {
    let mut worker = tonic::client::Grpc::new(worker);
    worker.ready().await.map_err(|error| Status::from_error(error.into()))?;
    let method = http::uri::PathAndQuery::from_static(METHOD);
    let told: Response<Told> = worker.unary(Request::new(Ask {}), method, ProstCodec::default()).await?;
    Ok(told.into_inner().tasks)
}
