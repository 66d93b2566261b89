//! A phase that needs more than one machine: DataFusion over workers, and this crate's record of it.
//!
//! ```text
//! cargo run -p etl-context-distributed                    # a coordinator and two workers on loopback
//! cargo run -p etl-context-distributed -- worker 127.0.0.1:5001
//! cargo run -p etl-context-distributed -- run --workers 127.0.0.1:5001,127.0.0.1:5002
//! cargo run -p etl-context-distributed -- tasks 127.0.0.1:5001
//! ```

mod channels;
mod command_line;
mod engine;
mod figures;
mod job;
mod lineage;
mod load;
mod messages;
mod queries;
mod table;
mod tasks;
mod watch;
mod worker;
mod workers;

use std::fs;
use std::net::SocketAddr;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use etl_context::{Context, Idle, RunStatus, Runs, Stopper, dict};

use crate::command_line::{Command, Workers};
use crate::job::{ChatStatistics, Job};

#[tokio::main]
async fn main() -> Result<ExitCode> {
    match command_line::read()? {
        Command::Worker { address, ends_with_stdin } => {
            if ends_with_stdin {
                worker::end_with_stdin();
            }
            worker::serve(&address).await?;
        }
        Command::Tasks { worker } => print_tasks(worker).await?,
        Command::Run { folder, messages, workers: Workers::Started(number), patience } => {
            let (_started, workers) = workers::Started::on_loopback(number)?;
            return run(Job { folder, messages, workers, patience }).await;
        }
        Command::Run { folder, messages, workers: Workers::Listed(workers), patience } => {
            workers::all_present(&workers).await?;
            return run(Job { folder, messages, workers, patience }).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Does what is left of the job, and prints how it went.
async fn run(job: Job) -> Result<ExitCode> {
    fs::create_dir_all(&job.folder).with_context(|| format!("cannot make `{}`", job.folder.display()))?;
    let stopper = Stopper::default();
    let asking = stopper.clone();
    ctrlc::set_handler(move || asking.stop())?;

    let finished = job.run(begin(&job, &stopper)?).await.unwrap_or_else(|failed| failed);
    let summary = finished.get_summary();
    fs::write(job.folder.join("trace.json"), summary.to_trace())?;
    println!("{summary}\n\nin {}: chat.db, report.html, trace.json, lineage.jsonl", job.folder.display());
    Ok(if summary.status() == RunStatus::Completed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn begin(job: &Job, stopper: &Stopper) -> Result<Context<Idle, ChatStatistics>> {
    let run = Runs::in_sqlite(job.database()).run("chat-statistics", "november")?.stopper(stopper);
    let run = run.parameters(&dict! { "messages": job.messages });
    Ok(run.report(job.folder.join("report.html")).observe(lineage::lineage(job)?).begin()?)
}

/// What a worker is doing.
async fn print_tasks(worker: SocketAddr) -> Result<()> {
    for task in tasks::ask(engine::channel(worker)?).await? {
        println!("{}: {} rows read, {} rows told, {} streams open", task.name, task.read, task.rows, task.open);
    }
    Ok(())
}
