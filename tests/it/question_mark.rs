//! `?` takes what the crate returns into its own error, into boxed errors and into `anyhow`, on both faces.

use std::error::Error as StdError;

use etl_context::{
    Completed, Context, Counts, Error, Etl, EtlContext, Extract, Idle, PhaseHasEnded, Run, Running, Transform, dict,
};

use crate::layered_error::ImportError;
use crate::refusing_journal::RefusingJournal;

type Boxed = Box<dyn StdError>;
type BoxedForThreads = Box<dyn StdError + Send + Sync>;

/// Each function once for each error type, and a test that each of them returns the error.
macro_rules! under_question_mark {
    ($($name:ident() -> $message:literal $body:block)+) => { $(
        #[test]
        fn $name() {
            fn boxed() -> Result<(), Boxed> $body
            fn boxed_for_threads() -> Result<(), BoxedForThreads> $body
            fn anyhow() -> Result<(), anyhow::Error> $body
            assert!(boxed().unwrap_err().to_string().starts_with($message));
            assert!(boxed_for_threads().unwrap_err().to_string().starts_with($message));
            assert!(anyhow().unwrap_err().to_string().starts_with($message));
        }
    )+ };
}

under_question_mark! {
    refused() -> "Status is invalid" {
        let extract = Context::new("import").start(Extract)?;
        drop(extract.complete(dict! { "status": "failed" })?);
        Ok(())
    }

    refused_with_a_source() -> "the event `phase_started` of run `import` was not recorded" {
        drop(Run::builder("import").journal(RefusingJournal::at(1)).begin::<Etl>()?.start(Extract)?.complete(())?);
        Ok(())
    }

    a_failed_scope() -> "phase `extract` failed in attempt 1: export.tar is empty" {
        drop(Context::new("import").phase(Extract).run(|_| -> Result<(), ImportError> { Err(ImportError::Empty) })?);
        Ok(())
    }

    a_scope_that_failed_with_an_anyhow_error() -> "phase `extract` failed in attempt 1: no such file" {
        drop(Context::new("import").phase(Extract).run(|_| -> anyhow::Result<()> { anyhow::bail!("no such file") })?);
        Ok(())
    }

    a_scope_that_failed_with_a_boxed_error() -> "phase `extract` failed in attempt 1: no such file" {
        drop(Context::new("import").phase(Extract).run(|_| -> Result<(), BoxedForThreads> { Err("no such file")? })?);
        Ok(())
    }

    a_state_mismatch() -> "the context is in state `Idle in pipeline Etl`" {
        drop(EtlContext::for_pipeline::<Etl>("import").try_into_state::<Running<Extract>, Etl>()?.complete(())?);
        Ok(())
    }

    an_error_of_the_dynamic_face() -> "No phase is currently in progress" {
        EtlContext::new("import").end_phase(())?;
        Ok(())
    }

    a_worker_whose_phase_has_ended() -> "the phase that this worker counts for has ended" {
        let extract = Context::new("import").start(Extract)?;
        let mut worker = extract.progress().worker();
        drop(extract.complete(())?);
        worker.add(Counts::default())?;
        Ok(())
    }
}

#[test]
fn refused_becomes_the_crates_error() {
    fn import() -> Result<Context<Completed<Extract>>, Error> {
        Ok(Context::new("import").start(Extract)?.complete(dict! { "status": "failed" })?)
    }
    assert!(matches!(import(), Err(Error::InvalidStatus { .. })));
}

#[test]
fn refused_moves_can_be_returned_as_they_are() {
    fn start(context: Context<Idle>) -> Result<Context<Running<Extract>>, Error> {
        let extract = context.start(Extract)?;
        Ok(extract)
    }
    drop(start(Context::new("import")).unwrap().complete(()).unwrap());
}

#[test]
fn a_failed_scope_becomes_the_crates_error() {
    fn import() -> Result<(), Error> {
        let (extracted, ()) = Context::new("import").phase(Extract).run(|_| -> Result<(), ImportError> { Ok(()) })?;
        drop(extracted.phase(Transform).run(|_| -> Result<(), ImportError> { Err(ImportError::unreadable()) })?);
        Ok(())
    }
    let error = import().unwrap_err();
    assert!(matches!(error, Error::PhaseFailed { attempt: 1, .. }), "{error}");
    assert_eq!(error.source().unwrap().to_string(), "no such file");
}

#[test]
fn the_crates_error_can_be_the_error_of_the_work() {
    fn import() -> Result<(), Error> {
        drop(Context::new("import").phase(Extract).run(|extract| -> Result<(), Error> {
            extract.checkpoint(&1)?;
            EtlContext::new("another").end_phase(())?;
            Ok(())
        })?);
        Ok(())
    }
    assert!(import().unwrap_err().to_string().contains("No phase is currently in progress"));
}

#[test]
fn a_worker_can_fail_the_work() {
    fn count() -> Result<(), Error> {
        drop(
            Context::new("import")
                .phase(Extract)
                .run(|extract| -> Result<(), PhaseHasEnded> { extract.progress().worker().add(Counts::default()) })?,
        );
        Ok(())
    }
    count().unwrap();
}

#[test]
fn the_source_of_a_refused_move_stays_behind_it() {
    let refused = Run::builder("import").journal(RefusingJournal::at(1)).begin::<Etl>().unwrap().start(Extract).unwrap_err();
    assert_eq!(refused.source().unwrap().to_string(), "the disk is full");
}

#[test]
fn the_source_of_a_journal_error_stays_behind_it() {
    fn import() -> anyhow::Result<()> {
        drop(Run::builder("import").journal(RefusingJournal::at(0)).begin::<Etl>()?);
        Ok(())
    }
    let chain: Vec<_> = import().unwrap_err().chain().map(ToString::to_string).collect();
    assert_eq!(chain.len(), 3, "{chain:?}");
    assert_eq!(chain[1], "the disk is full");
}
