//! The scoped form for work that awaits: it ends as its future ends, or as abandoned when the future is dropped.

use std::error::Error as StdError;
use std::future::{Future, pending, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::{Context as TaskContext, Poll, Waker};

use etl_context::{
    Context, Counts, Error, Etl, Extract, FailureCause, PhaseFailure, Progress, ProgressWorker, Run, RunStatus, Transform, dict,
};
use futures::FutureExt;
use futures::executor::block_on;

use crate::layered_error::ImportError;
use crate::watcher::Watcher;

const BATCH: Counts = Counts { conversations: 1, messages: 20 };

/// Is pending once, so that whoever awaits it is polled twice.
async fn pause() {
    let mut paused = false;
    poll_fn(|task| {
        if paused {
            return Poll::Ready(());
        }
        paused = true;
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Counts two batches with a pause between them.
async fn count_twice(context: Context) -> Result<Counts, Error> {
    let (extracted, ()) = context
        .phase(Extract)
        .run_async(async |extract| -> Result<(), ImportError> {
            extract.update_progress(BATCH);
            pause().await;
            extract.update_progress(BATCH);
            Ok(())
        })
        .await?;
    Ok(extracted.counts())
}

#[test]
fn ok_completes_the_phase_and_gives_the_result_back() {
    let scope = Context::new("import").phase(Extract).with_totals(BATCH);
    let (extracted, result) = block_on(scope.run_async(async |extract| -> Result<_, ImportError> {
        pause().await;
        extract.checkpoint(&7).map_err(|_| ImportError::Empty)?;
        Ok(dict! { "file": "export.tar" })
    }))
    .unwrap();
    assert_eq!(result["file"], "export.tar");
    assert_eq!(extracted.report().result(), Some(&result));
    assert_eq!(extracted.report().totals().typed(), Some(BATCH));
}

#[test]
fn err_fails_the_phase_and_gives_the_error_back() {
    let work = Context::new("import").phase(Extract).run_async(async |_| -> Result<(), Box<dyn StdError + Send + Sync>> {
        pause().await;
        Err(ImportError::unreadable())?
    });
    let (failed, error) = block_on(work).unwrap_err().into_parts().unwrap();
    assert!(error.downcast_ref::<ImportError>().is_some());
    assert_eq!(failed.record().errors()[0].sources().collect::<Vec<_>>(), ["no such file"]);
    drop(failed.retry().unwrap().complete(()).unwrap());
}

#[test]
fn a_refused_result_leaves_the_phase_running() {
    let work = Context::new("import").phase(Extract);
    let outcome = block_on(work.run_async(async |_| -> Result<_, String> { Ok(dict! { "status": 1 }) }));
    let Err(PhaseFailure::NotEnded { refused, error: None }) = outcome else { panic!("{outcome:?}") };
    drop(refused.into_parts().0.complete(()).unwrap());
}

#[test]
fn the_future_borrows_what_is_around_it() {
    let files = ["a.tar".to_owned(), "b.tar".to_owned()];
    let mut read = Vec::new();
    let work = Context::new("import").phase(Extract).run_async(async |extract| -> Result<(), String> {
        for file in &files {
            pause().await;
            read.push(file.as_str());
            extract.update_progress(BATCH);
        }
        Ok(())
    });
    let (extracted, ()) = block_on(work).unwrap();
    assert_eq!(extracted.counts(), Counts { conversations: 2, messages: 40 });
    assert_eq!(read, ["a.tar", "b.tar"]);
}

#[test]
fn a_future_that_is_dropped_abandons_the_phase_with_its_counts() {
    let watcher = Watcher::default();
    let context = Run::builder("import").observe(watcher.clone()).begin::<Etl>().unwrap();
    {
        let mut work = pin!(context.phase(Extract).run_async(async |extract| -> Result<(), String> {
            extract.update_progress(BATCH);
            pending().await
        }));
        let polled = work.as_mut().poll(&mut TaskContext::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        assert_eq!(watcher.names(), ["run_began", "phase_started"]);
    }
    assert_eq!(watcher.last_report().counts(), BATCH);
    assert_eq!(watcher.last_cause(), Some(FailureCause::Abandoned));
}

#[test]
fn a_future_that_is_never_polled_starts_nothing() {
    let watcher = Watcher::default();
    let context = Run::builder("import").observe(watcher.clone()).begin::<Etl>().unwrap();
    drop(context.phase(Extract).run_async(async |_| -> Result<(), String> { Ok(()) }));
    assert_eq!(watcher.names(), ["run_began"]);
}

#[test]
fn a_panic_fails_the_phase_and_goes_on() {
    let watcher = Watcher::default();
    let context = Run::builder("import").observe(watcher.clone()).begin::<Etl>().unwrap();
    let work = context.phase(Extract).run_async(async |_| -> Result<(), String> {
        pause().await;
        panic!("the parser has a bug")
    });
    let caught = block_on(AssertUnwindSafe(work).catch_unwind());
    assert_eq!(caught.unwrap_err().downcast_ref(), Some(&"the parser has a bug"));
    assert_eq!(watcher.last_cause(), Some(FailureCause::Panicked));
}

/// One thread is enough: what is spawned has to be `Send` on any runtime.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

#[test]
fn a_run_can_be_spawned_as_a_task() {
    let counts = runtime().block_on(async { tokio::spawn(count_twice(Context::new("import"))).await.unwrap() });
    assert_eq!(counts.unwrap(), Counts { conversations: 2, messages: 40 });
}

#[test]
fn whole_pipelines_with_borrowed_handles_can_be_spawned() {
    async fn import(file: String) -> anyhow::Result<RunStatus> {
        let work = Context::new("import").phase(Extract);
        let (extracted, size) = work
            .run_async(async |extract| -> anyhow::Result<_> {
                pause().await;
                extract.update_progress(BATCH);
                Ok(dict! { "size": file.len() })
            })
            .await?;
        pause().await;
        let (transformed, ()) = extracted
            .phase(Transform)
            .run_async(async |transform| -> anyhow::Result<()> {
                transform.record_error(&ImportError::Empty)?;
                pause().await;
                anyhow::ensure!(size["size"] == 10);
                Ok(())
            })
            .await?;
        Ok(transformed.summary().status())
    }
    let status = runtime().block_on(async { tokio::spawn(import("export.tar".to_owned())).await.unwrap() });
    assert_eq!(status.unwrap(), RunStatus::Unfinished);
}

#[test]
fn a_task_that_is_aborted_abandons_the_phase() {
    let watcher = Watcher::default();
    let context = Run::builder("import").observe(watcher.clone()).begin::<Etl>().unwrap();
    runtime().block_on(async {
        let task = tokio::spawn(async move {
            let work = context.phase(Extract).run_async(async |_| -> Result<(), ImportError> { pending().await });
            work.await.map(|(extracted, ())| drop(extracted)).map_err(Error::from)
        });
        tokio::task::yield_now().await;
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    });
    assert_eq!(watcher.last_cause(), Some(FailureCause::Abandoned));
}

#[test]
fn tasks_count_with_workers_of_their_own() {
    async fn count(mut worker: ProgressWorker<Counts>) {
        for _ in 0..10 {
            worker.add(BATCH).unwrap();
            tokio::task::yield_now().await;
        }
    }
    let counts = runtime().block_on(async {
        let work = Context::new("import").phase(Extract).run_async(async |extract| -> Result<(), tokio::task::JoinError> {
            let start = |progress: Progress<'_, Counts>| tokio::spawn(count(progress.worker()));
            let tasks = [start(extract.progress()), start(extract.progress())];
            for task in tasks {
                task.await?;
            }
            Ok(())
        });
        work.await.unwrap().0.counts()
    });
    assert_eq!(counts, Counts { conversations: 20, messages: 400 });
}
