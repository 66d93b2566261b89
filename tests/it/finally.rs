//! What is done finally: in any case, deciding nothing, and again in each process.

use etl_context::{
    Context, Error, EtlContext, Extract, FailureCause, Load, MemoryJournal, PhaseStatus, Retry, Run, RunStatus, Stopped,
    Transform, pipeline,
};

pipeline! {
    Nightly {
        Extract after Idle;
        Transform after Extract;
        Load after Transform;
        /// Tells somebody.
        finally Notify = "notify";
        finally CleanUp = "clean-up" counts ();
    }
}

fn notify<S, Last>(context: Context<S, Nightly>) -> Result<RunStatus, Error>
where
    S: etl_context::AtRest<Last>,
{
    let (notified, ()) = context
        .phase(Notify)
        .run(|notify| {
            notify.check_cancelled().map_err(|Stopped| "it was asked to stop")?;
            Ok::<_, &str>(())
        })
        .map_err(Error::from)?;
    assert_eq!(notified.status(Notify), PhaseStatus::Completed);
    Ok(notified.record().run_status())
}

#[test]
fn it_runs_wherever_the_run_stands_and_does_not_change_how_it_is() -> Result<(), Error> {
    assert_eq!(notify(Nightly::context("nightly"))?, RunStatus::Pending);
    let extracted = || -> Result<_, Error> { Ok(Nightly::context("nightly").start(Extract)?.complete(())?) };
    assert_eq!(notify(extracted()?)?, RunStatus::Unfinished);
    assert_eq!(notify(extracted()?.start(Transform)?.fail("the disk is full")?)?, RunStatus::Failed);
    let loaded = extracted()?.start(Transform)?.complete(())?.start(Load)?.complete(())?;
    assert_eq!(notify(loaded)?, RunStatus::Completed);
    Ok(())
}

#[test]
fn it_runs_when_the_run_was_asked_to_stop_and_is_not_cancelled_by_that() -> Result<(), Error> {
    let context = Nightly::context("nightly");
    let stopper = context.stopper();
    let extract = context.start(Extract)?;
    stopper.stop();
    assert_eq!(notify(extract.fail(&Stopped)?)?, RunStatus::Stopped);
    Ok(())
}

#[test]
fn it_runs_when_a_start_was_refused_and_the_refusal_is_on_record() -> Result<(), Error> {
    let context = Nightly::context("nightly");
    context.stopper().stop();
    let (context, error) = context.start(Extract).unwrap_err().into_parts();
    assert!(matches!(error, Error::Stopped));
    assert_eq!(notify(context)?, RunStatus::Stopped);

    let context = Run::builder("nightly").max_attempts(1).begin::<Nightly>()?;
    let failed = context.start(Extract)?.fail("no connection")?;
    let (failed, error) = failed.retry().unwrap_err().into_parts();
    // Asked twice, it is refused twice, and told once.
    let (failed, _) = failed.retry().unwrap_err().into_parts();
    let errors = failed.record().errors_for("extract").map(|error| error.error().message()).collect::<Vec<_>>();
    assert_eq!(errors, ["no connection", &error.to_string()]);
    assert_eq!(notify(failed)?, RunStatus::Failed);
    Ok(())
}

#[test]
fn its_own_failure_fails_nothing_else_and_has_no_limit() -> Result<(), Error> {
    let context = Run::builder("nightly").max_attempts(1).begin::<Nightly>()?;
    let extracted = context.start(Extract)?.complete(())?.start(Transform)?.complete(())?.start(Load)?.complete(())?;
    let failed = extracted.start(Notify)?.fail("no mail server")?;
    let failed = failed.retry()?.fail("still no mail server")?;
    assert_eq!(failed.record().run_status(), RunStatus::Completed);
    assert_eq!(failed.record().status("notify"), PhaseStatus::Failed);
    let cleaned = failed.start(CleanUp)?.complete(())?;
    assert_eq!(cleaned.summary().status(), RunStatus::Completed);
    Ok(())
}

#[test]
fn it_runs_again_in_each_process_and_leaves_what_was_done_as_it_is() -> Result<(), Error> {
    let journal = MemoryJournal::new();
    let open = || Run::builder("nightly").journal(journal.clone()).begin::<Nightly>();
    let (extracted, ()) = open()?.phase(Extract).run(|_| Ok::<_, String>(()))?;
    let (notified, ()) = extracted.phase(Notify).run(|_| Ok::<_, String>(()))?;
    drop(notified);

    // The extraction is not run again, and what follows the notification does not either.
    let (extracted, ()) = open()?.phase(Extract).run(|_| -> Result<(), String> { panic!("it has completed") })?;
    let (transformed, ()) = extracted.phase(Transform).run(|_| Ok::<_, String>(()))?;
    let (loaded, ()) = transformed.phase(Load).run(|_| Ok::<_, String>(()))?;
    let mut runs = 0;
    let (notified, ()) = loaded.phase(Notify).run(|_| {
        runs += 1;
        Ok::<_, String>(())
    })?;
    assert_eq!((runs, notified.report().attempt()), (1, 2));
    assert_eq!(notified.record().run_status(), RunStatus::Completed);
    drop(notified);

    let (extracted, ()) = open()?.phase(Extract).run(|_| -> Result<(), String> { panic!("it has completed") })?;
    let (transformed, ()) = extracted.phase(Transform).run(|_| -> Result<(), String> { panic!("it has completed") })?;
    let (loaded, ()) = transformed.phase(Load).run(|_| -> Result<(), String> { panic!("it has completed") })?;
    assert_eq!(loaded.phase(Notify).run(|_| Ok::<_, String>(()))?.0.report().attempt(), 3);
    Ok(())
}

#[test]
fn it_that_was_abandoned_is_told_so_and_decides_nothing() -> Result<(), Error> {
    let journal = MemoryJournal::new();
    let open = || Run::builder("nightly").journal(journal.clone()).begin::<Nightly>();
    drop(open()?.start(Notify)?);
    let context = open()?;
    let notify = context.record().phase("notify").and_then(|phase| phase.latest_report()).cloned();
    assert_eq!(notify.and_then(|report| report.cause()), Some(FailureCause::Abandoned));
    assert_eq!(context.record().run_status(), RunStatus::Pending);
    assert_eq!(context.record().next_phases(), ["extract"]);
    Ok(())
}

#[test]
fn by_name_it_starts_at_any_time_too() -> Result<(), Error> {
    let mut context = EtlContext::for_pipeline::<Nightly>("nightly");
    context.start_phase("notify", None)?;
    context.end_phase(())?;
    context.start_phase("extract", None)?;
    assert!(matches!(context.start_phase("notify", None), Err(Error::AlreadyInProgress { .. })));
    context.fail_phase(&std::io::Error::other("no connection"))?;
    context.start_phase("notify", None)?;
    context.end_phase(())?;
    assert_eq!(context.record().run_status(), RunStatus::Failed);
    Ok(())
}

#[test]
fn its_pipeline_draws_it_apart() {
    let drawn = Nightly::mermaid();
    assert!(drawn.contains("finally((finally)) --> phase3\n"), "{drawn}");
}

/// The function of an author whose error is the run itself.
fn import(context: Context<Idle, Nightly>) -> Result<EtlContext, EtlContext> {
    let (extracted, ()) = context.phase(Extract).run(|_| Ok::<_, String>(()))?;
    let (transformed, ()) = extracted.phase(Transform).retrying(Retry::up_to(2)).run(|_| Err::<(), _>("the disk is full"))?;
    let load = transformed.start(Load)?;
    Ok(load.complete(()).map_err(|refused| refused.into_parts().0.erase())?.erase())
}

#[test]
fn under_a_question_mark_whatever_was_refused_or_failed_is_the_run_in_which_it_starts() -> Result<(), Error> {
    let journal = MemoryJournal::new();
    let open = || Run::builder("nightly").journal(journal.clone()).begin::<Nightly>();
    let told = |context: Result<EtlContext, EtlContext>| -> Result<(RunStatus, String), Error> {
        let mut context = context.unwrap_err();
        context.run_phase("notify", |_| Ok::<_, String>(()))?;
        let last = context.errors().last().map(|error| error.error().message().to_owned());
        Ok((context.record().run_status(), last.unwrap_or_default()))
    };
    assert_eq!(told(import(open()?))?, (RunStatus::Failed, "the disk is full".to_owned()));
    // In the next process there is no attempt left, and the phase is not started.
    let (status, error) = told(import(open()?))?;
    assert!(status == RunStatus::Failed && error.contains("no attempt left"), "{error}");

    let context = Nightly::context("nightly");
    context.stopper().stop();
    assert_eq!(told(import(context))?, (RunStatus::Stopped, String::new()));

    let context = Nightly::context("nightly");
    context.stopper().stop();
    let start = |context: Context<Idle, Nightly>| -> Result<EtlContext, EtlContext> { Ok(context.start(Extract)?.erase()) };
    assert_eq!(told(start(context))?.0, RunStatus::Stopped);
    Ok(())
}
