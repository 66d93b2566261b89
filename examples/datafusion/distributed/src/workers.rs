//! Which workers are there? Those that this process starts, or those of a list; before each attempt each of them is asked.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures::future::join_all;
use tokio::time::timeout;

use crate::engine::channel;
use crate::tasks;
use crate::worker::READY;

/// A worker that has not answered by then is not there.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Workers that this process has started; they end with it.
#[derive(Default)]
pub struct Started(Vec<Child>);

impl Started {
    pub fn on_loopback(number: usize) -> Result<(Self, Vec<SocketAddr>)> {
        let mut started = Started::default();
        let addresses = (0..number).map(|_| started.start()).collect::<Result<_>>()?;
        Ok((started, addresses))
    }

    /// Starts a worker and waits until it is ready.
    fn start(&mut self) -> Result<SocketAddr> {
        let mut command = Command::new(env::current_exe()?);
        command.args(["worker", "127.0.0.1:0", "--ends-with-stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut worker = command.spawn().context("cannot start a worker")?;
        let said = worker.stdout.take().context("a worker without output")?;
        self.0.push(worker);
        let mut line = String::new();
        BufReader::new(said).read_line(&mut line)?;
        let address = line.trim().strip_prefix(READY).with_context(|| format!("a worker said `{}`", line.trim()))?;
        Ok(address.parse()?)
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        for worker in &mut self.0 {
            let _ = worker.kill();
            let _ = worker.wait();
        }
    }
}

/// Those of the workers that answer, and why the others do not.
pub async fn present(workers: &[SocketAddr]) -> (Vec<SocketAddr>, Vec<String>) {
    let answers = join_all(workers.iter().map(|worker| answers(*worker))).await;
    let (mut present, mut missing) = (Vec::new(), Vec::new());
    for (worker, answer) in workers.iter().zip(answers) {
        match answer {
            Ok(()) => present.push(*worker),
            Err(error) => missing.push(format!("{worker} ({error:#})")),
        }
    }
    (present, missing)
}

async fn answers(worker: SocketAddr) -> Result<()> {
    match timeout(PATIENCE, tasks::ask(channel(worker)?)).await {
        Ok(told) => told.map(drop).map_err(innermost),
        Err(_) => bail!("no answer within {PATIENCE:?}"),
    }
}

/// What the operating system says, if it is that; what is around it says only where it was said.
fn innermost(status: tonic::Status) -> anyhow::Error {
    let error = anyhow::Error::from(status);
    let innermost = error.root_cause().to_string();
    anyhow::Error::msg(innermost)
}

/// All of them have to be there when a run starts.
pub async fn all_present(workers: &[SocketAddr]) -> Result<()> {
    let (_, missing) = present(workers).await;
    if missing.is_empty() {
        return Ok(());
    }
    bail!(
        "of {} workers, {} cannot be reached: {}; start each with `worker ADDRESS`, or leave it out of `--workers`",
        workers.len(),
        missing.len(),
        missing.join(", ")
    )
}

/// Of a run that has begun, those that are left go on.
pub async fn left_of(workers: &[SocketAddr]) -> Result<Vec<SocketAddr>> {
    let (present, missing) = present(workers).await;
    if present.is_empty() {
        bail!("no worker is left: {}", missing.join(", "));
    }
    if !missing.is_empty() {
        eprintln!("left out: {}", missing.join(", "));
    }
    Ok(present)
}
