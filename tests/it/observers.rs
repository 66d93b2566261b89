//! Observers see every event after it was recorded, and cannot change what happens.

use std::error::Error as StdError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use etl_context::{
    Context, Counts, Etl, EtlContext, Event, Extract, Observation, Observer, PhaseName, PhaseStatus, ProgressReader, Run,
    Transform, dict,
};

use crate::layered_error::ImportError;
use crate::watcher::Watcher;

const BATCH: Counts = Counts { conversations: 1, messages: 20 };

type Told = Result<(), Box<dyn StdError + Send + Sync>>;

/// An observer made of a closure.
struct Each<F>(F);

impl<F: FnMut(&Event, &Observation<'_>) -> Told + Send> Observer for Each<F> {
    fn observe(&mut self, event: &Event, run: &Observation<'_>) -> Told {
        self.0(event, run)
    }
}

/// Lets the compiler see that the closure takes references of any lifetime.
fn each<F: FnMut(&Event, &Observation<'_>) -> Told + Send>(observe: F) -> Each<F> {
    Each(observe)
}

/// One event of every kind.
fn every_event(mut context: EtlContext) -> EtlContext {
    context.start_phase("extract", BATCH).unwrap();
    context.update_progress(BATCH).unwrap();
    context.checkpoint(&7).unwrap();
    context.record_error("extract", &ImportError::Empty).unwrap();
    context.set_phase_status("load", "failed").unwrap();
    context.end_phase(dict! { "file": "export.tar" }).unwrap();
    context
}

const EVERY_EVENT: [&str; 6] = ["run_began", "phase_started", "checkpointed", "error_recorded", "status_set", "phase_ended"];

#[test]
fn every_event_is_seen_in_order() {
    let watcher = Watcher::default();
    drop(every_event(Run::builder("import").observe(watcher.clone()).begin_dynamic().unwrap()));
    assert_eq!(watcher.names(), EVERY_EVENT);
}

#[test]
fn an_event_tells_its_phase_and_its_time() {
    let watcher = Watcher::default();
    let context = every_event(Run::builder("import").observe(watcher.clone()).begin_dynamic().unwrap());
    let events = watcher.events();
    let phases: Vec<_> = events.iter().map(|event| event.phase().map(PhaseName::as_str)).collect();
    assert_eq!(phases, [None, Some("extract"), Some("extract"), Some("extract"), Some("load"), Some("extract")]);
    assert!(events.is_sorted_by_key(Event::time));
    assert_eq!(events.last().unwrap().time(), context.record().latest_time());
}

#[test]
fn counting_is_no_event() {
    let watcher = Watcher::default();
    let mut extract = Run::builder("import").observe(watcher.clone()).begin::<Etl>().unwrap().start(Extract).unwrap();
    (0..1_000).for_each(|_| extract.update_progress(BATCH));
    assert_eq!(watcher.names(), ["run_began", "phase_started"]);
}

#[test]
fn an_event_is_seen_after_it_was_recorded() {
    let (told, seen) = mpsc::channel();
    let observer = each(move |event, run| {
        let status = run.record().status("extract");
        told.send((event.name(), run.record().events(), status, run.progress().counts().get("messages")))?;
        Ok(())
    });
    drop(every_event(Run::builder("import").observe(observer).begin_dynamic().unwrap()));
    let seen: Vec<_> = seen.into_iter().collect();
    assert_eq!(
        seen,
        [
            ("run_began", 1, PhaseStatus::Pending, None),
            ("phase_started", 2, PhaseStatus::Running, Some(0)),
            ("checkpointed", 3, PhaseStatus::Running, Some(20)),
            ("error_recorded", 4, PhaseStatus::Running, Some(20)),
            ("status_set", 5, PhaseStatus::Running, Some(20)),
            ("phase_ended", 6, PhaseStatus::Completed, Some(20)),
        ]
    );
}

#[test]
fn a_refused_call_is_not_told() {
    let watcher = Watcher::default();
    let mut context = Run::builder("import").observe(watcher.clone()).begin_dynamic().unwrap();
    context.start_phase("Extract", None).unwrap_err();
    context.end_phase(()).unwrap_err();
    context.start_phase("extract", None).unwrap();
    context.start_phase("load", None).unwrap_err();
    context.end_phase(42).unwrap_err();
    context.set_phase_status("extract", "done").unwrap_err();
    assert_eq!(watcher.names(), ["run_began", "phase_started"]);
}

#[test]
fn errors_and_panics_are_contained_and_counted() {
    let (before, after) = (Watcher::default(), Watcher::default());
    let failing = each(|_, _| Err("the collector is down".into()));
    let panicking = each(|_, _| panic!("the observer has a bug"));
    let builder = Run::builder("import").observe(before.clone()).observe(failing).observe(panicking).observe(after.clone());
    let context = every_event(builder.begin_dynamic().unwrap());

    assert_eq!((before.names(), after.names()), (EVERY_EVENT.to_vec(), EVERY_EVENT.to_vec()));
    let summary = context.get_summary();
    assert_eq!(summary.observer_failures(), 2 * EVERY_EVENT.len() as u64);
    assert_eq!(serde_json::to_value(&summary).unwrap()["observer_failures"], 12);
    assert!(summary.to_string().contains("observers failed 12 times; the run was not affected"), "{summary}");
}

#[test]
fn a_failing_observer_leaves_the_same_record() {
    let failing = each(|_, _| Err("the collector is down".into()));
    let failed = every_event(Run::builder("import").observe(failing).begin_dynamic().unwrap());
    let alone = every_event(EtlContext::new("import"));
    let mut with_failures = crate::parsed_json::comparable(&failed.get_summary());
    with_failures.as_object_mut().unwrap().retain(|key, _| !key.ends_with("observer_failures"));
    assert_eq!(with_failures, crate::parsed_json::comparable(&alone.get_summary()));
}

#[test]
fn no_failure_is_no_word_of_failures() {
    let context = every_event(Run::builder("import").observe(Watcher::default()).begin_dynamic().unwrap());
    assert_eq!(serde_json::to_value(context.get_summary()).unwrap().get("observer_failures"), None);
    assert!(!context.get_summary().to_string().contains("observer"));
}

/// Reads until the phase is over; counts never go back.
fn pull(progress: &ProgressReader, over: &AtomicBool) {
    let mut latest = 0;
    while !over.load(Ordering::Acquire) {
        let now = progress.counts().get("messages").unwrap();
        assert!(now >= latest);
        latest = now;
        thread::yield_now();
    }
    assert!(progress.has_ended());
    assert_eq!(progress.counts().get("messages"), Some(200_000));
}

#[test]
fn progress_is_pulled_from_another_thread() {
    let (hand_over, readers) = mpsc::channel::<ProgressReader>();
    let observer = each(move |event, run| {
        if event.name() == "phase_started" {
            hand_over.send(run.progress().clone())?;
        }
        Ok(())
    });
    let mut extract = Run::builder("import").observe(observer).begin::<Etl>().unwrap().start_with(Extract, BATCH).unwrap();
    let reader = readers.try_recv().unwrap();
    assert_eq!(reader.totals().typed(), Some(BATCH));
    assert!(!reader.has_ended());

    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| pull(&reader, &over));
        (0..10_000).for_each(|_| extract.update_progress(BATCH));
        drop(extract.complete(()).unwrap());
        over.store(true, Ordering::Release);
    });
}

#[test]
fn a_reader_keeps_showing_its_own_attempt() {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    let first = context.progress();
    context.update_progress(BATCH).unwrap();
    context.end_phase(()).unwrap();
    context.start_phase("extract", None).unwrap();
    assert!(first.has_ended());
    assert_eq!(first.counts().typed(), Some(BATCH));
    assert!(!context.progress().has_ended());
    assert_eq!(context.progress().counts().typed(), Some(Counts::default()));
}

#[test]
fn before_the_first_phase_there_is_nothing_to_read() {
    let progress = EtlContext::new("import").progress();
    assert!(progress.has_ended());
    assert_eq!(progress.counts().iter().count(), 0);
}

#[test]
fn the_typed_face_tells_the_same_events() {
    let watcher = Watcher::default();
    let context: Context = Run::builder("import").observe(watcher.clone()).begin().unwrap();
    let (extracted, ()) = context.phase(Extract).run(|_| -> Result<(), String> { Ok(()) }).unwrap();
    let failed = extracted.start(Transform).unwrap().fail(&ImportError::Empty).unwrap();
    drop(failed.retry().unwrap().complete(()).unwrap());
    let phases = ["phase_started", "phase_ended"].repeat(3);
    assert_eq!(watcher.names(), [vec!["run_began"], phases].concat());
}
