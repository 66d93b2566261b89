//! A closure runs as a phase of the dynamic face, too: it ends as its work ended, and is not run again when it is done.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context as Polling, Poll, Wake, Waker};

use etl_context::{
    Counts, Dictionary, Error, Etl, EtlContext, FailureCause, MemoryJournal, NamedPhase, PhaseResult, PhaseStatus, Run, Stopped,
    dict,
};
use futures::executor::block_on;
use serde::{Deserialize, Serialize};

use crate::layered_error::ImportError;
use crate::nightly::Rows;
use crate::refusing_journal::RefusingJournal;

const BATCH: Counts = Counts { conversations: 1, messages: 20 };

fn cause(context: &EtlContext, phase: &str) -> Option<FailureCause> {
    context.report(phase).unwrap().cause()
}

/// Work that no test is to do.
fn undone<R>(_: &mut NamedPhase<'_>) -> Result<R, Infallible> {
    unreachable!("an earlier process has done it")
}

#[test]
fn work_that_succeeds_completes_its_phase_and_gives_its_result_back() {
    let mut context = EtlContext::new("import");
    let result = context.run_phase("extract", |extract| -> Result<Dictionary, Error> {
        assert_eq!(extract.name(), "extract");
        extract.set_totals(BATCH)?;
        extract.update_progress(BATCH)?;
        assert_eq!(extract.progress().counts().typed(), Some(BATCH));
        extract.record_error("row 7 has no sender")?;
        extract.checkpoint(&7)?;
        assert_eq!(extract.resume_point::<u64>()?, Some(7));
        extract.check_cancelled().unwrap();
        assert!(extract.idempotency_key().ends_with("extract"));
        Ok(dict! { "file": "export.tar" })
    });
    assert_eq!(result.unwrap()["file"], "export.tar");
    let report = context.report("extract").unwrap();
    assert_eq!((report.status(), report.counts(), report.totals().typed()), (PhaseStatus::Completed, BATCH, Some(BATCH)));
    assert_eq!(context.errors().len(), 1);
}

#[test]
fn work_that_fails_fails_its_phase_with_its_error_and_what_is_behind_it() {
    let mut context = EtlContext::new("import");
    let error = context.run_phase("extract", |_| Err::<(), _>(ImportError::unreadable())).unwrap_err();
    assert_eq!(error.to_string(), "phase `extract` failed in attempt 1: export.tar cannot be read");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "no such file");
    assert_eq!(cause(&context, "extract"), Some(FailureCause::Error));
    // It can be tried again, and the run goes on.
    context.run_phase("extract", |_| Ok::<_, Infallible>(())).unwrap();
    assert_eq!(context.report("extract").unwrap().attempt(), 2);
}

#[test]
fn a_panic_fails_the_phase_and_goes_on() {
    let mut context = EtlContext::new("import");
    let panicked =
        catch_unwind(AssertUnwindSafe(|| context.run_phase("extract", |_| -> Result<(), Infallible> { panic!("a bug") })));
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"a bug"));
    assert_eq!(cause(&context, "extract"), Some(FailureCause::Panicked));
    context.run_phase("extract", |_| Ok::<_, Infallible>(())).unwrap();
}

#[test]
fn what_cannot_start_is_not_run() {
    let mut context = EtlContext::for_pipeline::<Etl>("import");
    assert!(matches!(context.run_phase("load", undone::<()>), Err(Error::OutOfOrder { .. })));
    assert!(matches!(context.run_phase("laod", undone::<()>), Err(Error::InvalidPhaseName { .. })));
    context.start_phase("extract", None).unwrap();
    assert!(matches!(context.run_phase("extract", undone::<()>), Err(Error::AlreadyInProgress { .. })));
    context.end_phase(()).unwrap();
    context.stopper().stop();
    assert!(matches!(context.run_phase("transform", undone::<()>), Err(Error::Stopped)));
}

#[test]
fn a_phase_counts_what_it_says() {
    let mut context = EtlContext::new("import");
    let totals = Rows { rows: 10, bytes: 0 };
    let counted = context.run_phase_with("load", totals, |load| -> Result<(), Error> {
        load.update_progress(Rows { rows: 3, bytes: 70 })?;
        assert!(matches!(load.update_progress(BATCH), Err(Error::WrongCounters { .. })));
        Ok(())
    });
    counted.unwrap();
    assert_eq!(context.report("load").unwrap().tally().typed(), Some(Rows { rows: 3, bytes: 70 }));
}

#[test]
fn parts_are_handed_out_as_elsewhere() {
    let mut context = EtlContext::new("import");
    let loaded = context.run_phase("load", |load| -> Result<(), Error> {
        let parts = load.parts(["may", "june"])?;
        parts.work(|part| {
            part.update_progress(BATCH);
            Ok::<_, Infallible>(())
        })?;
        parts.finish()
    });
    loaded.unwrap();
    assert_eq!(context.report("load").unwrap().counts().messages, 40);
}

#[test]
fn what_an_earlier_process_completed_is_read_back_and_the_rest_is_run() {
    let journal = MemoryJournal::new();
    let run = || Run::builder("configured").journal(journal.clone()).begin_dynamic().unwrap();
    let mut first = run();
    let rows = BTreeMap::from([("apples".to_owned(), 3_u64)]);
    first.run_phase("fetch", |_| Ok::<_, Infallible>(rows.clone())).unwrap();
    first.run_phase("unpack", |_| Err::<(), _>("no disk")).unwrap_err();
    drop(first);

    let mut second = run();
    let fetched: BTreeMap<String, u64> = second.run_phase("fetch", undone).unwrap();
    assert_eq!(fetched, rows);
    second.run_phase("unpack", |_| Ok::<_, Infallible>(())).unwrap();
    let attempts = |phase| second.report(phase).unwrap().attempt();
    assert_eq!((attempts("fetch"), attempts("unpack")), (1, 2));
    // What follows something that ran is run as well.
    second.run_phase("fetch", |_| Ok::<_, Infallible>(())).unwrap();
    assert_eq!(second.report("fetch").unwrap().attempt(), 2);
}

#[test]
fn a_pipeline_is_kept_to_where_nothing_is_run_either() {
    let journal = MemoryJournal::new();
    let run = || Run::builder("import").journal(journal.clone()).begin::<Etl>().unwrap().erase();
    let mut first = run();
    for phase in ["extract", "transform"] {
        first.run_phase(phase, |_| Ok::<_, Infallible>(())).unwrap();
    }
    drop(first);
    let mut second = run();
    assert!(matches!(second.run_phase("transform", undone::<()>), Err(Error::OutOfOrder { .. })));
    second.run_phase("extract", undone::<()>).unwrap();
    second.run_phase("transform", undone::<()>).unwrap();
    second.run_phase("load", |_| Ok::<_, Infallible>(())).unwrap();
    assert_eq!(second.record().run_status(), PhaseStatus::Completed);
}

#[test]
fn a_phase_that_was_set_to_failed_runs_again() {
    let journal = MemoryJournal::new();
    let run = || Run::builder("configured").journal(journal.clone()).begin_dynamic().unwrap();
    run().run_phase("fetch", |_| Ok::<_, Infallible>(())).unwrap();
    let mut second = run();
    second.set_phase_status("fetch", "failed").unwrap();
    second.run_phase("fetch", |_| Ok::<_, Infallible>(())).unwrap();
    assert_eq!(second.report("fetch").unwrap().attempt(), 2);
}

#[test]
fn a_result_of_another_type_is_refused_by_its_key_and_changes_nothing() {
    let journal = MemoryJournal::new();
    let run = || Run::builder("configured").journal(journal.clone()).begin_dynamic().unwrap();
    run().run_phase("fetch", |_| Ok::<_, Infallible>(dict! { "rows": "three" })).unwrap();
    let mut second = run();
    let error = second.run_phase("fetch", undone::<BTreeMap<String, u64>>).unwrap_err();
    assert!(error.to_string().contains("key `rows`"), "{error}");
    assert_eq!(second.run_phase("fetch", undone::<Dictionary>).unwrap()["rows"], "three");
}

#[test]
fn a_result_that_nobody_could_read_fails_the_phase() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Forgetful {
        #[serde(skip_serializing)]
        rows: u64,
    }

    impl PhaseResult for Forgetful {}

    let mut context = EtlContext::new("import");
    let outcome = context.run_phase("extract", |_| Ok::<_, Infallible>(Forgetful { rows: 3 }));
    assert!(matches!(outcome, Err(Error::NotSerializable { .. })), "{outcome:?}");
    assert_eq!((context.current_phase(), cause(&context, "extract")), (None, Some(FailureCause::Error)));
    assert_eq!(outcome.map(|forgetful| forgetful.rows).unwrap_err().to_string(), context.errors()[0].message());
}

#[test]
fn too_many_errors_fail_the_phase_whose_work_says_that_all_is_well() {
    let mut context = Run::builder("import").max_errors(1).begin_dynamic().unwrap();
    let outcome = context.run_phase("extract", |extract| -> Result<(), Infallible> {
        let _refused = (extract.record_error("no sender"), extract.record_error("no sender"));
        Ok(())
    });
    assert!(matches!(outcome, Err(Error::TooManyErrors { .. })), "{outcome:?}");
    assert_eq!(cause(&context, "extract"), Some(FailureCause::Errors));
}

#[test]
fn an_end_that_the_journal_refuses_leaves_the_phase_to_the_caller() {
    let begin = || Run::builder("import").journal(RefusingJournal::at(2)).begin_dynamic().unwrap();
    let mut context = begin();
    let error = context.run_phase("extract", |_| Ok::<_, Infallible>(())).unwrap_err();
    assert!(matches!(error, Error::Journal { .. }), "{error}");
    assert_eq!(context.current_phase(), Some("extract"));
    context.end_phase(()).unwrap();

    let mut context = begin();
    let error = context.run_phase("extract", |_| Err::<(), _>("no disk")).unwrap_err();
    assert!(error.to_string().starts_with("the work failed (no disk), and the event `phase_ended` "), "{error}");
    context.fail_phase(&io::Error::other("no disk")).unwrap();
}

#[test]
fn work_that_awaits_runs_alike() {
    let mut context = EtlContext::new("import");
    let result = block_on(context.run_phase_async("extract", async |extract| -> Result<Dictionary, Error> {
        extract.update_progress(BATCH)?;
        std::future::ready(()).await;
        Ok(dict! { "rows": 3 })
    }));
    assert_eq!(result.unwrap()["rows"], 3);
    let rows = Rows { rows: 1, bytes: 0 };
    block_on(context.run_phase_async_with("load", rows, async |load| load.update_progress(rows))).unwrap();
    assert_eq!(context.report("load").unwrap().tally().typed(), Some(rows));
}

struct Idle;

impl Wake for Idle {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_future_that_is_dropped_abandons_its_phase_and_leaves_the_context() {
    let mut context = EtlContext::new("import");
    {
        let mut running = Box::pin(
            context.run_phase_async("extract", async |extract| -> Result<(), Stopped> { Err(extract.cancelled().await) }),
        );
        let waker = Waker::from(Arc::new(Idle));
        assert!(matches!(running.as_mut().poll(&mut Polling::from_waker(&waker)), Poll::Pending));
    }
    assert_eq!((context.current_phase(), cause(&context, "extract")), (None, Some(FailureCause::Abandoned)));
}
