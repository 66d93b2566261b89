//! How a run is, as a whole: one word, the same wherever it is told, and `completed` only if nothing is left to do.

use etl_context::{
    Context, Counts, Error, Etl, EtlContext, Extract, FailureCause, Idle, Load, MemoryJournal, PhaseName, PhaseStatus, Run,
    RunRecord, RunStatus, Stopper, Transform, pipeline,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::cases::gate;

pipeline! {
    Guarded {
        Primary = "primary" after Idle;
        Fallback = "fallback" after Failed<Primary>;
        Store = "store" after Primary | Fallback;
        Report = "report" after Store | Failed<Store>;
    }
}

pipeline! {
    Pages {
        Fetch = "fetch" after Idle | Keep;
        Keep = "keep" after Fetch;
    }
}

fn next(record: &RunRecord) -> Vec<&str> {
    record.next_phases().into_iter().map(PhaseName::as_str).collect()
}

fn status_and_next(record: &RunRecord) -> (RunStatus, Vec<&str>) {
    (record.run_status(), next(record))
}

#[test]
fn a_run_that_stops_between_two_phases_is_unfinished_and_says_what_comes_next() {
    let context = Context::new("import");
    assert_eq!(status_and_next(context.record()), (RunStatus::Pending, vec!["extract"]));
    let extract = context.start(Extract).unwrap();
    assert_eq!(status_and_next(extract.record()), (RunStatus::Running, vec![]));
    let extracted = extract.complete(()).unwrap();
    assert_eq!(status_and_next(extracted.record()), (RunStatus::Unfinished, vec!["transform"]));
    let transformed = extracted.start(Transform).unwrap().complete(()).unwrap();
    assert_eq!(status_and_next(transformed.record()), (RunStatus::Unfinished, vec!["load"]));
    let loaded = transformed.start(Load).unwrap().complete(()).unwrap();
    assert_eq!(status_and_next(loaded.record()), (RunStatus::Completed, vec![]));
}

#[test]
fn a_failure_that_an_edge_leads_around_is_made_good() {
    let failed = Guarded::context("import").start(Primary).unwrap().fail("no connection").unwrap();
    assert_eq!(status_and_next(failed.record()), (RunStatus::Failed, vec!["primary", "fallback"]));
    let fallen_back = failed.start(Fallback).unwrap().complete(()).unwrap();
    assert_eq!(status_and_next(fallen_back.record()), (RunStatus::Failed, vec!["store"]));
    let stored = fallen_back.start(Store).unwrap().complete(()).unwrap();
    assert_eq!(status_and_next(stored.record()), (RunStatus::Unfinished, vec!["report"]));
    let reported = stored.start(Report).unwrap().complete(()).unwrap();
    assert_eq!(reported.record().run_status(), RunStatus::Completed);
}

#[test]
fn a_phase_that_follows_success_and_failure_alike_makes_nothing_good() {
    let primary = Guarded::context("import").start(Primary).unwrap().complete(()).unwrap();
    let failed = primary.start(Store).unwrap().fail("no space").unwrap();
    let reported = failed.start(Report).unwrap().complete(()).unwrap();
    assert_eq!(reported.record().run_status(), RunStatus::Failed);
}

#[test]
fn a_loop_is_completed_after_its_last_round_and_at_no_half_of_one() {
    let mut kept = Pages::context("pages").start(Fetch).unwrap().complete(()).unwrap().start(Keep).unwrap().complete(()).unwrap();
    for _ in 0..3 {
        assert_eq!(kept.record().run_status(), RunStatus::Completed);
        let fetched = kept.start(Fetch).unwrap().complete(()).unwrap();
        assert_eq!(status_and_next(fetched.record()), (RunStatus::Unfinished, vec!["keep"]));
        kept = fetched.start(Keep).unwrap().complete(()).unwrap();
    }
}

#[test]
fn a_run_that_was_asked_to_stop_is_stopped_wherever_that_is_noticed() {
    // At the end of an attempt.
    let extract = Context::new("import").start(Extract).unwrap();
    extract.stopper().stop();
    let stopped = extract.fail("it was asked to").unwrap();
    assert_eq!(status_and_next(stopped.record()), (RunStatus::Stopped, vec!["extract"]));
    assert_eq!(stopped.record().error_count(), 0, "an attempt that was stopped is no error");
    assert_eq!(stopped.report().error().map(ToString::to_string).as_deref(), Some("it was asked to"));

    // At a start that is refused.
    let context = Context::new("import");
    context.stopper().stop();
    let (context, error) = context.start(Extract).unwrap_err().into_parts();
    assert!(matches!(error, Error::Stopped));
    assert_eq!(context.record().run_status(), RunStatus::Stopped);

    // When the context is dropped.
    let journal = MemoryJournal::new();
    let extracted = begin(&journal, &Stopper::default()).start(Extract).unwrap().complete(()).unwrap();
    extracted.stopper().stop();
    drop(extracted);
    assert_eq!(read(&journal).run_status(), RunStatus::Stopped);

    // And no more, once a later process goes on.
    let extracted = begin(&journal, &Stopper::default());
    assert_eq!(extracted.record().run_status(), RunStatus::Stopped);
    let (extracted, ()) = extracted.phase(Extract).run(|_| -> Result<(), String> { unreachable!("it is done") }).unwrap();
    let transformed = extracted.start(Transform).unwrap().complete(()).unwrap();
    assert_eq!(transformed.record().run_status(), RunStatus::Unfinished);
}

#[test]
fn a_completed_run_that_is_asked_to_stop_is_completed() {
    let journal = MemoryJournal::new();
    let extracted = begin(&journal, &Stopper::default()).start(Extract).unwrap().complete(()).unwrap();
    let transformed = extracted.start(Transform).unwrap().complete(()).unwrap();
    let loaded = transformed.start(Load).unwrap().complete(()).unwrap();
    let events = loaded.record().events();
    loaded.stopper().stop();
    drop(loaded);
    assert_eq!((read(&journal).run_status(), read(&journal).events()), (RunStatus::Completed, events));
}

#[test]
fn a_phase_that_the_pipeline_no_longer_has_does_not_decide() {
    mod then {
        etl_context::pipeline! { pub(super) Nightly { Extract after Idle; Check = "check" after Extract; } }
        use etl_context::Extract;
    }
    mod now {
        etl_context::pipeline! { pub(super) Nightly { Extract after Idle; } }
        use etl_context::Extract;
    }
    let journal = MemoryJournal::new();
    let open = || Run::builder("nightly").journal(journal.clone());
    let extracted = open().begin::<then::Nightly>().unwrap().start(Extract).unwrap().complete(()).unwrap();
    drop(extracted.start(then::Check).unwrap().fail("too few rows").unwrap());
    assert_eq!(read(&journal).run_status(), RunStatus::Failed);
    let context = open().begin::<now::Nightly>().unwrap();
    assert_eq!(context.record().run_status(), RunStatus::Unfinished, "it stands at a phase that is no more");
    let extracted = context.phase(Extract).again().start().unwrap().complete(()).unwrap();
    assert_eq!(extracted.record().run_status(), RunStatus::Completed);
}

#[test]
fn words_are_read_as_they_are_written() {
    for status in RunStatus::ALL {
        assert_eq!(status.to_string().parse(), Ok(status));
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
    }
    assert!("done".parse::<RunStatus>().is_err());
    assert_eq!(RunStatus::Completed, PhaseStatus::Completed);
    assert_ne!(RunStatus::Unfinished, PhaseStatus::Completed);
}

fn begin(journal: &MemoryJournal, stopper: &Stopper) -> Context<Idle> {
    Run::builder("import").journal(journal.clone()).stopper(stopper).begin::<Etl>().unwrap()
}

fn read(journal: &MemoryJournal) -> RunRecord {
    use etl_context::Journal;
    RunRecord::replay(&journal.clone().load().unwrap()).unwrap()
}

#[derive(Debug, Clone, Copy)]
enum Move {
    Start(usize),
    Count,
    Complete,
    Fail,
    Stop,
    /// The process dies, and another one opens the run.
    Kill,
    /// The process ends, and another one opens the run.
    Leave,
}

fn a_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        6 => (0..3_usize).prop_map(Move::Start),
        2 => Just(Move::Count),
        6 => Just(Move::Complete),
        2 => Just(Move::Fail),
        1 => Just(Move::Stop),
        1 => Just(Move::Kill),
        1 => Just(Move::Leave),
    ]
}

const PHASES: [&str; 3] = ["extract", "transform", "load"];

/// A process that may be killed: nothing that it does after that gets into the journal.
struct Process {
    journal: MemoryJournal,
    stopper: Stopper,
    context: EtlContext,
    #[cfg(feature = "open-lineage")]
    lineage: std::sync::Arc<std::sync::Mutex<Vec<String>>>,
}

impl Process {
    fn open(journal: MemoryJournal) -> Self {
        let stopper = Stopper::default();
        let run = Run::builder("import").journal(journal.clone()).stopper(&stopper);
        #[cfg(feature = "open-lineage")]
        let lineage = std::sync::Arc::default();
        #[cfg(feature = "open-lineage")]
        let run = {
            let told: std::sync::Arc<std::sync::Mutex<Vec<String>>> = std::sync::Arc::clone(&lineage);
            run.observe(etl_context::OpenLineage::to_callback(move |event| {
                told.lock().unwrap().push(format!("{} {}", event["job"]["name"], event["eventType"]));
                Ok::<_, String>(())
            }))
        };
        let context = run.begin::<Etl>().unwrap().erase();
        #[cfg(feature = "open-lineage")]
        return Process { journal, stopper, context, lineage };
        #[cfg(not(feature = "open-lineage"))]
        Process { journal, stopper, context }
    }

    fn make(self, a_move: Move) -> Self {
        let Process { mut context, .. } = self;
        match a_move {
            Move::Start(phase) => drop(context.start_phase(PHASES[phase], None)),
            Move::Count => drop(context.update_progress(Counts { conversations: 0, messages: 1 })),
            Move::Complete => drop(context.end_phase(())),
            Move::Fail => drop(context.fail_phase(&std::fmt::Error)),
            Move::Stop => self.stopper.stop(),
            Move::Kill => {
                use etl_context::Journal;
                let left = self.journal.clone().load().unwrap();
                let mut journal = MemoryJournal::new();
                (0..).zip(&left).for_each(|(sequence, event)| journal.append(sequence, event).unwrap());
                return Process::open(journal);
            }
            Move::Leave => {
                drop(context);
                let record = read(&self.journal);
                #[cfg(feature = "open-lineage")]
                if let Some(told) = told_at_the_end(&self.lineage.lock().unwrap()) {
                    assert_eq!(told, lineage_of(&record));
                }
                agree(&record);
                return Process::open(self.journal);
            }
        }
        Process { context, ..self }
    }
}

/// A process in which nothing happened tells nothing.
#[cfg(feature = "open-lineage")]
fn told_at_the_end(told: &[String]) -> Option<String> {
    told.iter().rfind(|event| event.starts_with("\"import\" ")).cloned()
}

/// What lineage calls it.
#[cfg(feature = "open-lineage")]
fn lineage_of(record: &RunRecord) -> String {
    let word = match record.run_status() {
        RunStatus::Completed => "COMPLETE",
        RunStatus::Failed => "FAIL",
        _ => "ABORT",
    };
    format!("\"import\" \"{word}\"")
}

/// Every place says the same.
fn agree(record: &RunRecord) {
    let (summary, status) = (record.summary(), record.run_status());
    assert_eq!(summary.status(), status);
    assert_eq!(serde_json::to_value(&summary).unwrap()["status"], status.as_str());
    assert_eq!(serde_json::to_value(&summary).unwrap()["next"], serde_json::json!(next(record)));
    assert!(summary.to_string().starts_with(&format!("import: {status} after ")), "{summary}");
    assert!(summary.to_markdown().contains(&format!("**{status}** after ")));
    let verdict = format!("<span class=\"swatch\"></span>{status}</span> after ");
    assert!(summary.to_html().contains(&verdict), "{status}");
}

/// Each phase has completed, in an attempt that started after the one before it had ended.
fn is_done(record: &RunRecord) -> bool {
    let reports = PHASES.map(|phase| record.phase(phase).and_then(|phase| phase.latest_report()));
    let completed = reports.iter().all(|report| report.is_some_and(|report| report.status() == PhaseStatus::Completed));
    completed && reports.windows(2).all(|pair| pair[0].unwrap().end_time() <= pair[1].unwrap().start_time())
}

proptest! {
    #![proptest_config(gate(100))]

    #[test]
    fn every_place_says_the_same_of_a_run_and_completed_only_of_one_that_is_done(moves in vec(a_move(), 0..40)) {
        let mut process = Process::open(MemoryJournal::new());
        for a_move in moves {
            process = process.make(a_move);
            let record = process.context.record();
            agree(record);
            prop_assert_eq!(&read(&process.journal), record, "as it is replayed");
            if record.run_status() == RunStatus::Completed {
                prop_assert!(is_done(record), "{:?}", record);
            }
            let last = record.phases().filter_map(|phase| phase.latest_report()).max_by_key(|report| report.end_time());
            if record.current_phase().is_none() && last.is_some_and(|report| report.cause() == Some(FailureCause::Error)) {
                prop_assert_eq!(record.run_status(), RunStatus::Failed);
            }
        }
    }
}
