//! Whatever operation a disk fails at, a call that was refused has not happened, and one that was accepted has.

use etl_context::{
    Context, Counts, Error, Etl, EtlContext, Extract, Idle, JournalError, Refused, Run, RunRecord, Running, Transform, dict,
};

use super::every_event;
use super::fake_disk::{Done, FakeDisk, Fault};
use super::journal_file::JournalFile;

/// Calls `check` with a disk for each operation and each way of failing there, until the run no longer comes to the failure.
fn each_fault(disk: &FakeDisk, mut check: impl FnMut(&FakeDisk, &JournalFile)) {
    let place = JournalFile::new();
    for done in [Done::Nothing, Done::Part, Done::All] {
        for for_good in [false, true] {
            for at in 0.. {
                let disk = disk.failing(Fault { at, done, for_good });
                check(&disk, &place);
                if !disk.has_failed() {
                    break;
                }
            }
        }
    }
}

fn begin(disk: &FakeDisk, place: &JournalFile) -> Result<Context<Idle>, Error> {
    let builder = Run::builder("import").metadata("operator", "night shift").parameters(&dict! { "day": "2026-03-01" });
    builder.journal(disk.journal(place)).begin::<Etl>()
}

/// Makes the call, and a second time if it was refused. A refused call has changed nothing; true if it was accepted in the end.
fn call(disk: &FakeDisk, run: &mut EtlContext, mut call: impl FnMut(&mut EtlContext) -> Result<(), Error>) -> bool {
    (0..2).any(|_| {
        let before = run.record().clone();
        let result = call(run);
        if let Err(error) = &result {
            assert!(matches!(error, Error::Journal { .. }), "{error}");
            assert_eq!(*run.record(), before, "a call that was refused has changed nothing");
            if !disk.is_uncertain() {
                assert_agrees(disk, &before, "nor would it have if the machine died now");
            }
        }
        result.is_ok()
    })
}

/// Every call that is recorded; false as soon as one is refused twice.
fn every_call(disk: &FakeDisk, run: &mut EtlContext) -> bool {
    let error = || JournalError::new("no sender");
    let mut call = |made: &mut dyn FnMut(&mut EtlContext) -> Result<(), Error>| call(disk, run, made);
    call(&mut |run| run.start_phase("extract", Counts { conversations: 2, messages: 0 }))
        && call(&mut |run| run.checkpoint(&7))
        && call(&mut |run| run.record_error("extract", &error()))
        && call(&mut |run| run.fail_phase(&error()).map(drop))
        && call(&mut |run| run.set_phase_status("load", "failed"))
        && call(&mut |run| run.start_phase("extract", None))
        && call(&mut |run| run.end_phase(dict! { "file": "a" }).map(drop))
}

/// What a disk holds after a crash is the run as it was told to the program.
fn assert_agrees(disk: &FakeDisk, live: &RunRecord, what: &str) {
    for found in disk.after_a_crash() {
        let record = RunRecord::replay(&found.events());
        assert_eq!(record.as_ref(), Some(live), "{what}");
    }
}

#[test]
fn a_refused_call_can_be_made_again_or_the_journal_takes_no_more_on_the_dynamic_face() {
    let mut refused_for_good = 0;
    each_fault(&FakeDisk::default(), |disk, place| {
        let Ok(run) = begin(disk, place) else { return };
        let mut run = run.erase();
        if every_call(disk, &mut run) {
            assert_agrees(disk, run.record(), "memory and journal agree");
        } else {
            refused_for_good += 1;
            assert_takes_no_more(&mut run);
            assert_nothing_accepted_is_missing(disk, run.record());
        }
    });
    assert!(refused_for_good > 0);
}

/// After a failed sync nobody knows what the disk holds, so every further event is refused.
fn assert_takes_no_more(run: &mut EtlContext) {
    let before = run.record().clone();
    for phase in ["extract", "transform", "load"] {
        run.set_phase_status(phase, "failed").unwrap_err();
    }
    assert_eq!(*run.record(), before);
}

/// The run as it was told to the program, and at most the one event after it of which nobody knows.
fn assert_nothing_accepted_is_missing(disk: &FakeDisk, live: &RunRecord) {
    let accepted = usize::try_from(live.events()).unwrap();
    for found in disk.after_a_crash() {
        let events = found.events();
        assert!((accepted..=accepted + 1).contains(&events.len()), "{} of {accepted} events", events.len());
        assert_eq!(RunRecord::replay(&events[..accepted]).as_ref(), Some(live));
    }
}

/// Makes the move, and again with the context that was handed back if it was refused; `Err` if it was refused twice.
fn make<C, New>(
    context: C,
    mut record: impl FnMut(&C) -> RunRecord,
    mut to: impl FnMut(C) -> Result<New, Refused<C>>,
) -> Result<New, C> {
    let before = record(&context);
    let refused = match to(context) {
        Ok(new) => return Ok(new),
        Err(refused) => refused,
    };
    assert!(matches!(refused.error(), Error::Journal { .. }), "{}", refused.error());
    let context = refused.into_parts().0;
    assert_eq!(record(&context), before, "the context is handed back as it was");
    to(context).map_err(|refused| refused.into_parts().0)
}

/// The moves of the typed face; the record at the end, and whether all of them were accepted in the end.
fn every_move(context: Context<Idle>) -> (RunRecord, bool) {
    let extract = match make(context, |context| context.record().clone(), |context| context.start(Extract)) {
        Ok(extract) => extract,
        Err(context) => return (context.record().clone(), false),
    };
    let mut extract: Context<Running<Extract>> = extract;
    extract.update_progress(Counts { conversations: 0, messages: 7 });
    if extract.checkpoint(&7).or_else(|_| extract.checkpoint(&7)).is_err() {
        let record = extract.record().clone();
        return (record, false);
    }
    let failed = match make(extract, |context| context.record().clone(), |extract| extract.fail("no sender")) {
        Ok(failed) => failed,
        Err(extract) => return (extract.record().clone(), false),
    };
    let extract = match make(failed, |context| context.record().clone(), Context::retry) {
        Ok(extract) => extract,
        Err(failed) => return (failed.record().clone(), false),
    };
    match make(extract, |context| context.record().clone(), |extract| extract.complete(dict! { "file": "a" })) {
        Ok(extracted) => (extracted.record().clone(), true),
        Err(extract) => (extract.record().clone(), false),
    }
}

#[test]
fn a_refused_move_hands_the_context_back_on_the_typed_face() {
    let mut refused_for_good = 0;
    each_fault(&FakeDisk::default(), |disk, place| {
        let Ok(context) = begin(disk, place) else { return };
        let (record, accepted) = every_move(context);
        if accepted {
            assert_agrees(disk, &record, "memory and journal agree");
        } else {
            refused_for_good += 1;
            assert_nothing_accepted_is_missing(disk, &record);
        }
    });
    assert!(refused_for_good > 0);
}

#[test]
fn a_run_that_cannot_begin_has_not_begun_or_is_the_same_run() {
    each_fault(&FakeDisk::default(), |disk, place| {
        if begin(disk, place).is_err() {
            for found in disk.after_a_crash() {
                assert!(found.events().len() <= 1);
                drop(begin(&found, place).unwrap());
            }
        }
    });
}

#[test]
fn a_run_whose_recovery_fails_is_recovered_the_next_time() {
    let died = every_event::journal();
    let torn = [&died.bytes(), &b"{\"seq\":10,"[..]].concat();
    let healthy = FakeDisk::holding(torn.clone());
    let place = JournalFile::new();
    drop(begin(&healthy, &place).unwrap());
    let recovered = healthy.bytes();
    each_fault(&FakeDisk::holding(torn), |disk, place| {
        drop(begin(disk, place));
        for found in disk.after_a_crash() {
            drop(begin(&found, place).unwrap());
            assert!(found.bytes() == recovered, "it is interrupted, however often that was tried to be recorded");
        }
    });
}

#[test]
fn what_comes_after_a_disk_that_was_full_is_recorded() {
    let disk = FakeDisk::default();
    let place = JournalFile::new();
    // The run began with a sync, an append and a sync; the next append finds no room for all of its line.
    let disk = disk.failing(Fault { at: 3, done: Done::Part, for_good: false });
    let context = begin(&disk, &place).unwrap();
    let (context, error) = context.start(Extract).unwrap_err().into_parts();
    assert!(matches!(error, Error::Journal { .. }));
    let extracted = context.start(Extract).unwrap().complete(()).unwrap();
    let transform = extracted.start(Transform).unwrap();
    assert_agrees(&disk, transform.record(), "the refused line is gone");
}

/// The operations of a new run are the sync with which it is opened, its append and its sync, then those of its first phase.
const SYNC_OF_THE_FIRST_PHASE: usize = 4;

#[test]
fn after_a_failed_sync_a_journal_takes_no_more_until_it_is_opened_again() {
    let place = JournalFile::new();
    for done in [Done::Nothing, Done::All] {
        // The disk works again at once; what it said meanwhile proves nothing.
        let disk = FakeDisk::default().failing(Fault { at: SYNC_OF_THE_FIRST_PHASE, done, for_good: false });
        let context = begin(&disk, &place).unwrap();
        let begun = context.record().clone();
        let (context, error) = context.start(Extract).unwrap_err().into_parts();
        assert!(matches!(&error, Error::Journal { source, .. } if source.is_in_doubt()), "{error:?}");
        assert!(error.to_string().starts_with("it is not known whether the event"), "{error}");
        let (context, error) = context.start(Extract).unwrap_err().into_parts();
        assert!(matches!(&error, Error::Journal { source, .. } if source.to_string().contains("open it again")), "{error:?}");
        assert_eq!(*context.record(), begun);
        assert_eq!(RunRecord::replay(&disk.events()), Some(begun), "the line is taken back if it was only in memory");
        drop(context);
        drop(begin(&disk, &place).unwrap().start(Extract).unwrap());
    }
}
