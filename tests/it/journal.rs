//! The journal decides whether something has happened: a refused append changes nothing, whichever it is.

use std::error::Error as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use etl_context::{
    Context, Counts, Error, Etl, EtlContext, Event, Extract, Journal, JournalError, MemoryJournal, Refused, Run, RunRecord,
    Transform, dict,
};

use crate::layered_error::ImportError;
use crate::refusing_journal::RefusingJournal;
use crate::unchanged::refused;
use crate::watcher::Watcher;

const BATCH: Counts = Counts { conversations: 1, messages: 20 };

type Step = fn(&mut EtlContext) -> Result<(), Error>;

/// Every dynamic call that appends an event, in an order in which all of them succeed.
const STEPS: [Step; 10] = [
    |context| context.record_error("extract", &ImportError::Empty),
    |context| context.start_phase("extract", BATCH),
    |context| context.checkpoint(&7),
    |context| context.record_error("extract", &ImportError::unreadable()),
    |context| context.set_phase_status("extract", "failed"),
    |context| context.end_phase(dict! { "file": "export.tar" }).map(drop),
    |context| context.start_phase("extract", None),
    |context| context.fail_phase(&ImportError::unreadable()).map(drop),
    |context| context.start_phase("load", None),
    |context| context.end_phase(()).map(drop),
];

#[track_caller]
fn is_the_journals(error: &Error) {
    assert!(matches!(error, Error::Journal { .. }), "{error}");
    assert_eq!(error.source().unwrap().to_string(), "the disk is full");
    assert!(error.to_string().ends_with("so it has not happened: the disk is full"), "{error}");
}

/// Takes all steps, and the refused one twice.
fn take_steps(journal: RefusingJournal, watcher: &Watcher) -> (EtlContext, usize) {
    let mut context = Run::builder("import").journal(journal).observe(watcher.clone()).begin_dynamic().unwrap();
    let mut refusals = 0;
    for step in STEPS {
        let told = watcher.names().len();
        let before = context.record().clone();
        if let Err(error) = step(&mut context) {
            is_the_journals(&error);
            assert_eq!(*context.record(), before);
            assert_eq!(watcher.names().len(), told);
            refusals += 1;
            step(&mut context).unwrap();
        }
        let _ = context.update_progress(BATCH);
    }
    (context, refusals)
}

#[test]
fn on_the_dynamic_face_every_append_can_be_refused() {
    for append in 1..=STEPS.len() as u64 {
        let (journal, watcher) = (RefusingJournal::at(append), Watcher::default());
        let (context, refusals) = take_steps(journal.clone(), &watcher);
        assert_eq!(refusals, 1, "append {append}");
        assert_eq!(RunRecord::replay(&journal.events()).as_ref(), Some(context.record()));
        assert_eq!(journal.events(), watcher.events());
        assert_eq!(context.errors().len(), 3);
    }
}

#[test]
fn a_refused_end_keeps_the_counters_and_the_workers() {
    let mut context = Run::builder("import").journal(RefusingJournal::at(2)).begin_dynamic().unwrap();
    context.start_phase("extract", BATCH).unwrap();
    context.update_progress(BATCH).unwrap();
    is_the_journals(&refused(&mut context, |context| context.end_phase(dict! { "status": "failed" })));
    assert!(!context.progress().has_ended());
    context.update_progress(BATCH).unwrap();
    assert_eq!(context.end_phase(()).unwrap().counts(), Counts { conversations: 2, messages: 40 });
}

#[test]
fn a_refused_start_keeps_the_counters_of_the_phase_before() {
    let mut context = Run::builder("import").journal(RefusingJournal::at(3)).begin_dynamic().unwrap();
    context.start_phase("extract", BATCH).unwrap();
    context.update_progress(BATCH).unwrap();
    context.end_phase(()).unwrap();
    is_the_journals(&refused(&mut context, |context| context.start_phase("load", None)));
    assert_eq!(context.progress().counts().typed(), Some(BATCH));
}

/// A move of the typed face: refused once, it hands the context back as it was, and then it succeeds.
#[track_caller]
fn insist<C, T>(context: C, record: impl Fn(&C) -> RunRecord, step: impl Fn(C) -> Result<T, Refused<C>>) -> T {
    let before = record(&context);
    step(context)
        .or_else(|refused| {
            is_the_journals(refused.error());
            let (context, _) = refused.into_parts();
            assert_eq!(record(&context), before);
            step(context)
        })
        .unwrap()
}

/// The same for what leaves a running context in its state.
#[track_caller]
fn insist_inside<S: etl_context::State>(context: &mut Context<S>, step: impl Fn(&mut Context<S>) -> Result<(), Error>) {
    let before = context.record().clone();
    if let Err(error) = step(context) {
        is_the_journals(&error);
        assert_eq!(*context.record(), before);
        step(context).unwrap();
    }
}

#[test]
fn on_the_typed_face_every_append_can_be_refused() {
    for append in 1..=8 {
        let (journal, watcher) = (RefusingJournal::at(append), Watcher::default());
        let builder = Run::builder("import").journal(journal.clone()).observe(watcher.clone());
        let idle: Context = builder.begin().unwrap();
        let mut extract = insist(idle, |context| context.record().clone(), |context| context.start_with(Extract, BATCH));
        extract.update_progress(BATCH);
        insist_inside(&mut extract, |context| context.checkpoint(&7));
        insist_inside(&mut extract, |context| context.record_error(&ImportError::Empty));
        let failed = insist(extract, |context| context.record().clone(), |context| context.fail(&ImportError::Empty));
        let mut extract = insist(failed, |context| context.record().clone(), Context::retry);
        extract.update_progress(BATCH);
        let extracted = insist(extract, |context| context.record().clone(), |context| context.complete(dict! { "rows": 1 }));
        let transform = insist(extracted, |context| context.record().clone(), |context| context.start(Transform));
        let transformed = insist(transform, |context| context.record().clone(), |context| context.complete(()));

        assert_eq!(transformed.record().phase("extract").unwrap().latest_report().unwrap().counts(), BATCH);
        assert_eq!(RunRecord::replay(&journal.events()).as_ref(), Some(transformed.record()));
        assert_eq!(journal.events(), watcher.events());
        assert_eq!(journal.events().len(), 9);
    }
}

#[test]
fn a_refusal_takes_the_run_from_nobody() {
    let mut context = Run::builder("import").journal(RefusingJournal::at(2)).begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    let error = refused(&mut context, |context| context.checkpoint(&7));
    assert!(matches!(&error, Error::Journal { source, .. } if !source.is_ownership_lost() && !source.is_owned()), "{error}");
    assert!(!context.is_cancelled());
}

#[test]
fn a_journal_that_says_nothing_of_repairs_has_made_none() {
    let journal = RefusingJournal::at(u64::MAX - 1);
    drop(Run::builder("import").journal(journal.clone()).begin_dynamic().unwrap());
    let context = Run::builder("import").journal(journal).begin_dynamic().unwrap();
    assert!(context.recovery().unwrap().repairs.is_empty(), "{:?}", context.recovery());
}

#[test]
fn a_run_whose_first_append_is_refused_does_not_begin() {
    let watcher = Watcher::default();
    let builder = || Run::builder("import").journal(RefusingJournal::at(0)).observe(watcher.clone());
    is_the_journals(&builder().begin::<Etl>().unwrap_err());
    is_the_journals(&builder().begin_dynamic().unwrap_err());
    assert!(watcher.names().is_empty());
}

#[test]
fn a_journal_that_holds_another_run_is_refused() {
    let journal = MemoryJournal::new();
    drop(Run::builder("first").journal(journal.clone()).begin_dynamic().unwrap());
    let error = Run::builder("second").journal(journal.clone()).begin::<Etl>().unwrap_err();
    assert!(matches!(error, Error::OtherRun { .. }), "{error}");
    assert!(error.to_string().contains("it is called `first`, not `second`"), "{error}");
    assert_eq!(journal.clone().load().unwrap().len(), 1);
}

#[test]
fn a_journal_that_cannot_be_read_is_refused() {
    struct Unreadable;
    impl Journal for Unreadable {
        fn append(&mut self, _: u64, _: &Event) -> Result<(), JournalError> {
            panic!("nothing is appended to a journal that cannot be read")
        }

        fn load(&mut self) -> Result<Vec<Event>, JournalError> {
            Err(JournalError::new("the disk is gone"))
        }
    }
    let error = Run::builder("import").journal(Unreadable).begin_dynamic().unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "the disk is gone");
}

#[test]
fn a_memory_journal_refuses_a_wrong_sequence() {
    let mut journal = MemoryJournal::new();
    drop(Run::builder("import").journal(journal.clone()).begin_dynamic().unwrap());
    let event = journal.load().unwrap().remove(0);
    for sequence in [0, 2, u64::MAX] {
        let error = journal.append(sequence, &event).unwrap_err();
        assert_eq!(error.to_string(), JournalError::out_of_sequence(1, sequence).to_string());
    }
    assert_eq!(journal.load().unwrap(), [event]);
}

#[test]
fn two_writers_do_not_mix_their_events() {
    let journal = MemoryJournal::new();
    let mut context = Run::builder("import").journal(journal.clone()).begin_dynamic().unwrap();
    let event = journal.clone().load().unwrap().remove(0);
    journal.clone().append(1, &event).unwrap();
    let error = refused(&mut context, |context| context.start_phase("extract", None));
    assert!(error.source().unwrap().to_string().contains("somebody else wrote to it"), "{error}");
}

/// Panics at this append and at every later one.
struct Panicking(u64);

impl Journal for Panicking {
    fn append(&mut self, sequence: u64, _: &Event) -> Result<(), JournalError> {
        assert!(sequence < self.0, "the journal has a bug");
        Ok(())
    }

    fn load(&mut self) -> Result<Vec<Event>, JournalError> {
        Ok(Vec::new())
    }
}

#[test]
fn a_journal_that_panics_is_a_journal_that_refuses() {
    let mut context = Run::builder("import").journal(Panicking(2)).begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    let caught = catch_unwind(AssertUnwindSafe(|| refused(&mut context, |context| context.end_phase(()))));
    assert!(matches!(caught, Ok(Error::Journal { .. })), "{caught:?}");
}

#[test]
fn a_journal_that_panics_makes_no_drop_panic() {
    let extract = Run::builder("import").journal(Panicking(2)).begin::<Etl>().unwrap().start(Extract).unwrap();
    catch_unwind(AssertUnwindSafe(|| drop(extract))).unwrap();
}

#[test]
fn a_journal_that_panics_does_not_end_the_program() {
    let extract = Run::builder("import").journal(Panicking(2)).begin::<Etl>().unwrap().start(Extract).unwrap();
    let caught = catch_unwind(AssertUnwindSafe(|| extract.complete(()).map(drop)));
    assert!(matches!(caught, Ok(Err(_))), "{caught:?}");
}

#[test]
fn a_line_gives_the_event_back_and_nothing_else_does() {
    let mut journal = MemoryJournal::new();
    let mut run = Run::builder("é\n").metadata("a", "b").journal(journal.clone()).begin_dynamic().unwrap();
    run.start_phase("extract", None).unwrap();
    run.end_phase(dict! { "number": -0.0 }).unwrap();
    for (sequence, event) in (0..).zip(journal.load().unwrap()) {
        let line = event.to_line(sequence).unwrap();
        assert!(!line.contains('\n'));
        assert_eq!(Event::from_line(sequence, &line).unwrap(), event);
        let error = Event::from_line(sequence + 1, &line).unwrap_err().to_string();
        assert_eq!(
            error,
            format!("event {} has the sequence number {sequence}, where {} was expected", sequence + 1, sequence + 1)
        );
        let error = Event::from_line(sequence, &line.replace("time", "tune")).unwrap_err().to_string();
        assert_eq!(error, format!("event {sequence} does not match its checksum"));
    }
    let newer = journal.load().unwrap()[0].to_line(0).unwrap().replace("\"version\":1", "\"version\":2");
    assert!(Event::from_line(0, &newer).unwrap_err().to_string().contains("version 2"));
}
