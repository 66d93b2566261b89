//! The journal is used on the threads of an asynchronous runtime, and neither panics nor stands still.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use etl_context::{Context, Error, Etl, Extract, Journal, PhaseStatus, PostgresJournal, PostgresRuns, Run};
use tokio::runtime::{Builder, Runtime};

use super::server::database;

const TASKS: u64 = 4;

fn runtimes() -> [Runtime; 2] {
    [Builder::new_current_thread().build().unwrap(), Builder::new_multi_thread().worker_threads(2).build().unwrap()]
}

/// The work, which has a minute.
fn done<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (report, outcome) = mpsc::channel();
    thread::spawn(move || report.send(work()));
    outcome.recv_timeout(Duration::from_secs(60)).expect("it neither panics nor stands still")
}

fn begin(url: &str, key: &str) -> Result<Context, Error> {
    Run::builder("import").journal(PostgresJournal::connect(url)?.key(key)).begin::<Etl>()
}

/// Opens a run, writes to it, closes it and reads it, all on the thread that polls this.
async fn import(url: String, key: String) -> Result<PhaseStatus, Error> {
    let (extracted, ()) = begin(&url, &key)?
        .phase(Extract)
        .run_async(async |extract| -> Result<(), Error> {
            for row in 0..10 {
                extract.checkpoint(&row)?;
                tokio::task::yield_now().await;
            }
            Ok(())
        })
        .await?;
    let run = extracted.record().run_id();
    drop(extracted);
    let record = PostgresRuns::connect(&url)?.read(run)?.expect("the run was recorded");
    Ok(record.status("extract"))
}

#[test]
fn runs_are_opened_written_closed_and_read_by_tasks() {
    for runtime in runtimes() {
        let Some(database) = database() else { return };
        let url = database.url();
        let statuses = done(move || {
            let tasks: Vec<_> = (0..TASKS).map(|task| runtime.spawn(import(url.clone(), format!("run {task}")))).collect();
            runtime.block_on(async move {
                let mut statuses = Vec::new();
                for task in tasks {
                    statuses.push(task.await.unwrap().unwrap());
                }
                statuses
            })
        });
        assert!(statuses.iter().all(|status| *status == PhaseStatus::Completed));
        assert_eq!(statuses.len() as u64, TASKS);
    }
}

#[test]
fn a_run_that_a_task_leaves_behind_is_abandoned_and_free() {
    for runtime in runtimes() {
        let Some(database) = database() else { return };
        let url = database.url();
        done(move || {
            runtime.block_on(async {
                let running = begin(&url, "import").unwrap().start(Extract).unwrap();
                let task = tokio::spawn(async move {
                    std::future::pending::<()>().await;
                    drop(running);
                });
                tokio::task::yield_now().await;
                task.abort();
                assert!(task.await.unwrap_err().is_cancelled());
                let context = begin(&url, "import").unwrap();
                assert_eq!(context.record().status("extract"), PhaseStatus::Failed);
            });
        });
    }
}

#[test]
fn a_journal_is_dropped_with_its_runtime() {
    for runtime in runtimes() {
        let Some(database) = database() else { return };
        let url = database.url();
        done(move || {
            let left = url.clone();
            runtime.spawn(async move {
                let _running = begin(&left, "import").unwrap().start(Extract).unwrap();
                std::future::pending::<()>().await;
            });
            runtime.block_on(async {
                while PostgresRuns::connect(&url).unwrap().list_runs("import", 1).unwrap().is_empty() {
                    tokio::task::yield_now().await;
                }
            });
            drop(runtime);
            PostgresJournal::connect(&url).unwrap().key("import").load().unwrap();
        });
    }
}
