//! A subscriber sees a span for the run, one for each attempt, and an event for each transition, on both faces.

mod seen;
mod side_by_side;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

use etl_context::{
    Context, Counts, Etl, EtlContext, Event, Expect, Extract, FileJournal, Idle, MemoryJournal, Observation, Observer, Run,
    Tracing, Transform,
};

use self::seen::{Line, Seen};

const BATCH: Counts = Counts { conversations: 1, messages: 20 };

fn begin() -> Context<Idle, Etl> {
    Run::builder("import").observe(Tracing::new()).begin().unwrap()
}

fn begin_dynamic() -> EtlContext {
    Run::builder("import").observe(Tracing::new()).begin_dynamic().unwrap()
}

/// The fields without those whose value is a measurement.
fn fields(line: &Line) -> BTreeMap<&'static str, &str> {
    let measured = ["duration_seconds", "phase.duration_seconds", "run.id"];
    line.fields.iter().filter(|(name, _)| !measured.contains(name)).map(|(name, value)| (*name, value.as_str())).collect()
}

const TRANSITIONS: [&str; 8] = [
    "INFO etl_run run began",
    "INFO etl_run:etl_phase phase started",
    "DEBUG etl_run:etl_phase phase checkpointed",
    "WARN etl_run:etl_phase error recorded",
    "INFO etl_run:etl_phase phase completed",
    "INFO etl_run:etl_phase phase started",
    "ERROR etl_run:etl_phase phase failed",
    "INFO etl_run:etl_phase phase started",
];

#[test]
fn each_transition_of_the_typed_face_is_an_event_in_its_span() {
    let seen = Seen::default();
    seen.during(|| {
        let mut extract = begin().start(Extract).unwrap();
        extract.checkpoint(&7).unwrap();
        extract.record_error("no sender").unwrap();
        let transform = extract.complete(()).unwrap().start(Transform).unwrap();
        let retried = transform.fail("no mapping").unwrap().retry().unwrap();
        assert_eq!(seen.texts(), TRANSITIONS);
        drop(retried);
    });
    assert_eq!(seen.texts()[TRANSITIONS.len()..], ["WARN etl_run:etl_phase phase abandoned"]);
}

#[test]
fn each_transition_of_the_dynamic_face_is_an_event_in_its_span() {
    let seen = Seen::default();
    seen.during(|| {
        let mut context = begin_dynamic();
        context.start_phase("extract", None).unwrap();
        context.checkpoint(&7).unwrap();
        context.record_error("extract", &io::Error::other("no sender")).unwrap();
        context.end_phase(()).unwrap();
        context.start_phase("transform", None).unwrap();
        context.fail_phase(&io::Error::other("no mapping")).unwrap();
        context.start_phase("transform", None).unwrap();
        assert_eq!(seen.texts(), TRANSITIONS);
        context.set_phase_status("transform", "failed").unwrap();
        context.set_phase_status("extract", "pending").unwrap();
        context.record_error("extract", &io::Error::other("too late")).unwrap();
    });
    let about_another_phase = ["WARN etl_run phase status set by hand", "WARN etl_run error recorded"];
    assert_eq!(seen.texts()[TRANSITIONS.len()], "WARN etl_run:etl_phase phase status set by hand");
    assert_eq!(seen.texts()[TRANSITIONS.len() + 1..TRANSITIONS.len() + 3], about_another_phase);
}

#[test]
fn counting_is_not_traced() {
    let seen = Seen::default();
    seen.during(|| {
        let mut extract = begin().start(Extract).unwrap();
        let before = (seen.spans().len(), seen.texts());
        for _ in 0..1_000 {
            extract.update_progress(BATCH);
            extract.progress().add(BATCH);
            extract.set_totals(BATCH);
        }
        assert_eq!((seen.spans().len(), seen.texts()), before);
    });
}

#[test]
fn spans_and_events_say_what_a_reader_of_logs_asks() {
    let seen = Seen::default();
    seen.during(|| {
        let mut extract = begin().start_with(Extract, Counts { conversations: 4, messages: 0 }).unwrap();
        extract.update_progress(BATCH);
        drop(extract.fail(&io::Error::other("the disk is full")).unwrap());
    });
    let [run, phase] = &seen.spans()[..] else { panic!("{:?}", seen.spans()) };
    assert_eq!([run.text.as_str(), &phase.text], ["INFO etl_run", "INFO etl_run etl_phase"]);
    let run_fields = [("otel.name", "etl run import"), ("otel.status_code", "ERROR"), ("run.name", "import")];
    assert_eq!(fields(run), BTreeMap::from(run_fields));
    assert_eq!(run.fields["run.id"].len(), 36);
    let phase_fields = [
        ("attempt", "1"),
        ("error.type", "error"),
        ("otel.name", "etl phase extract"),
        ("otel.status_code", "ERROR"),
        ("otel.status_description", "the disk is full"),
        ("phase", "extract"),
        ("phase.status", "failed"),
    ];
    assert_eq!(fields(phase), BTreeMap::from(phase_fields));

    let [_, started, failed] = &seen.events()[..] else { panic!("{:?}", seen.events()) };
    let totals = r#"{"conversations": 4, "messages": 0}"#;
    assert_eq!(fields(started), BTreeMap::from([("attempt", "1"), ("phase", "extract"), ("totals", totals)]));
    let counts = r#"{"conversations": 1, "messages": 20}"#;
    let failure = [
        ("attempt", "1"),
        ("cause", "error"),
        ("counts", counts),
        ("error", "the disk is full"),
        ("phase", "extract"),
        ("run.name", "import"),
    ];
    assert_eq!(fields(failed), BTreeMap::from(failure));
    assert!(failed.fields["duration_seconds"].parse::<f64>().is_ok());
    assert!(seen.spans().iter().chain(&seen.events()).all(|line| line.target == "etl_context"));
}

#[test]
fn unknown_totals_are_left_out() {
    let seen = Seen::default();
    seen.during(|| drop(begin().start(Extract).unwrap()));
    assert_eq!(fields(&seen.events()[1]), BTreeMap::from([("attempt", "1"), ("phase", "extract")]));
}

#[test]
fn a_retry_that_completes_leaves_the_run_ok() {
    let seen = Seen::default();
    seen.during(|| drop(begin().start(Extract).unwrap().fail("no file").unwrap().retry().unwrap().complete(()).unwrap()));
    let codes: Vec<_> = seen.spans().iter().map(|span| span.fields["otel.status_code"].clone()).collect();
    assert_eq!(codes, ["OK", "ERROR", "OK"]);
    assert_eq!(seen.spans()[2].fields["attempt"], "2");
}

#[test]
fn a_stopped_and_a_panicked_phase_have_their_own_levels() {
    let seen = Seen::default();
    seen.during(|| {
        let stopped = begin().start(Extract).unwrap();
        stopped.stopper().stop();
        drop(stopped);
        let panicking = || begin().phase(Extract).run(|_| -> Result<(), String> { panic!("a bug in the phase") });
        drop(catch_unwind(AssertUnwindSafe(panicking)).unwrap_err());
    });
    let ends: Vec<_> = seen.texts().into_iter().filter(|text| !text.contains("INFO")).collect();
    assert_eq!(ends, ["WARN etl_run:etl_phase phase stopped", "ERROR etl_run:etl_phase phase failed"]);
}

#[test]
fn what_a_phase_logs_is_inside_its_span() {
    let seen = Seen::default();
    seen.during(|| {
        let watcher = Tracing::new();
        let context = Run::builder("import").observe(watcher.clone()).begin::<Etl>().unwrap();
        let extract = context.start(Extract).unwrap();
        watcher.phase_span().in_scope(|| tracing::info!("reading"));
        watcher.run_span().in_scope(|| tracing::info!("elsewhere"));
        drop(extract.complete(()).unwrap());
        assert!(watcher.phase_span().is_none());
    });
    assert_eq!(seen.texts()[2..4], ["INFO etl_run:etl_phase reading", "INFO etl_run elsewhere"]);
}

#[test]
fn a_run_that_goes_on_has_a_span_and_tells_of_the_interruption() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first.jsonl"), folder.path().join("second.jsonl"));
    let begin = |path, watcher| Run::builder("import").journal(FileJournal::open(path).unwrap()).observe(watcher).begin::<Etl>();
    let extract = begin(&first, Tracing::new()).unwrap().start(Extract).unwrap();
    // A copy of the journal is what a process leaves that dies here.
    fs::copy(&first, &second).unwrap();
    let (run_id, died) = (extract.record().run_id(), extract.record().latest_time());

    let seen = Seen::default();
    seen.during(|| drop(begin(&second, Tracing::new()).unwrap().start(Extract).unwrap().complete(()).unwrap()));
    let expected = [
        "WARN etl_run phase interrupted",
        "INFO etl_run run resumed",
        "INFO etl_run:etl_phase phase started",
        "INFO etl_run:etl_phase phase completed",
    ];
    assert_eq!(seen.texts(), expected);
    assert_eq!(seen.events()[0].fields["last_seen"], died.to_string());
    assert_eq!(seen.spans()[0].fields["run.id"], run_id.to_string());
    assert_eq!(seen.spans()[1].fields["attempt"], "2");
}

/// A filter at `WARN` leaves out the spans, and so does that of a layer which has one of its own.
#[test]
fn what_is_not_as_expected_is_a_warning_in_the_span_of_the_attempt() {
    let seen = Seen::default();
    seen.during(|| {
        let messages = Expect::counter("messages").at_least(500);
        let run = Run::builder("import").observe(Tracing::new()).expect::<Extract>(messages);
        let mut extract = run.begin::<Etl>().unwrap().start(Extract).unwrap();
        extract.update_progress(BATCH);
        drop(extract.complete(()).unwrap());
    });
    let warning = seen.events().into_iter().find(|event| event.text.starts_with("WARN")).unwrap();
    assert_eq!(warning.text, "WARN etl_run:etl_phase not as expected");
    let expected = [
        ("attempt", "1"),
        ("expected", "at least 500"),
        ("figure", "messages"),
        ("found", "20"),
        ("phase", "extract"),
        ("run.name", "import"),
    ];
    assert_eq!(fields(&warning), expected.into());
    assert_eq!(seen.texts().last().unwrap(), "INFO etl_run:etl_phase phase completed");
}

#[test]
fn warnings_and_errors_name_their_run_themselves() {
    let seen = Seen::default();
    let mut run_id = None;
    seen.during(|| {
        let mut context = begin_dynamic();
        run_id = Some(context.record().run_id().to_string());
        context.start_phase("extract", None).unwrap();
        context.record_error("extract", &io::Error::other("no sender")).unwrap();
        context.fail_phase(&io::Error::other("no file")).unwrap();
        context.set_phase_status("extract", "pending").unwrap();
        context.start_phase("extract", None).unwrap();
    });
    let events = seen.events();
    let (grave, harmless): (Vec<_>, Vec<_>) =
        events.iter().partition(|event| ["WARN", "ERROR"].iter().any(|level| event.text.starts_with(level)));
    let expected = ["error recorded", "phase failed", "phase status set by hand", "phase abandoned"];
    assert_eq!(grave.len(), expected.len(), "{grave:#?}");
    for (event, text) in grave.iter().zip(expected) {
        assert!(event.text.ends_with(text), "{event:?}");
        assert_eq!(event.fields.get("run.name").map(String::as_str), Some("import"), "{event:?}");
        assert_eq!(event.fields.get("run.id"), run_id.as_ref(), "{event:?}");
    }
    assert!(harmless.iter().all(|event| !event.fields.contains_key("run.name")), "their spans name it");
}

fn begin_watched(name: &str, watcher: &Tracing) -> Context<Idle, Etl> {
    Run::builder(name).observe(watcher.clone()).begin().unwrap()
}

/// The names of the runs' spans, each with its status.
fn runs(seen: &Seen) -> Vec<(String, Option<String>)> {
    let runs = seen.spans().into_iter().filter(|span| span.text == "INFO etl_run");
    runs.map(|mut span| (span.fields.remove("run.name").unwrap(), span.fields.remove("otel.status_code"))).collect()
}

#[test]
fn an_observer_that_outlives_its_run_names_the_next_one_rightly() {
    let seen = Seen::default();
    let (failed, completed) = (("first".to_owned(), Some("ERROR".to_owned())), ("second".to_owned(), Some("OK".to_owned())));
    seen.during(|| {
        let watcher = Tracing::new();
        drop(begin_watched("first", &watcher).start(Extract).unwrap().fail("no file").unwrap());
        assert_eq!(runs(&seen), slice::from_ref(&failed), "the span of a run ends with its context");
        assert!(watcher.run_span().is_none());
        drop(begin_watched("second", &watcher).start(Extract).unwrap().complete(()).unwrap());
        assert_eq!(runs(&seen), [failed, completed]);
    });
}

#[test]
fn runs_that_share_an_observer_keep_their_spans_apart() {
    let seen = Seen::default();
    seen.during(|| {
        let watcher = Tracing::new();
        let first = begin_watched("first", &watcher).start(Extract).unwrap();
        let second = begin_watched("second", &watcher).start(Extract).unwrap();
        watcher.phase_span().in_scope(|| tracing::info!("that of the run that began last"));
        drop(first.fail("no file").unwrap());
        drop(second.complete(()).unwrap());
    });
    let codes: Vec<_> = runs(&seen).into_iter().map(|(name, code)| format!("{name} {}", code.unwrap())).collect();
    assert_eq!(codes, ["first ERROR", "second OK"]);
    let ends: Vec<_> = seen.spans().iter().filter_map(|span| span.fields.get("phase.status").cloned()).collect();
    assert_eq!(ends, ["failed", "completed"]);
}

#[test]
fn a_finished_run_that_is_opened_again_is_an_event_in_a_span() {
    let journal = MemoryJournal::new();
    let run = || Run::builder("import").journal(journal.clone());
    drop(run().begin_dynamic().unwrap());
    let mut context = run().begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    context.fail_phase(&io::Error::other("no disk")).unwrap();
    drop(context);

    let seen = Seen::default();
    seen.during(|| drop(run().observe(Tracing::new()).begin_dynamic().unwrap()));
    assert_eq!(seen.texts(), ["INFO etl_run run resumed"]);
    let fields = &seen.events()[0].fields;
    assert_eq!((fields["status"].as_str(), fields["recovery"].as_str()), ("failed", "resumed after 3 events"));
    assert_eq!(runs(&seen), [("import".to_owned(), Some("ERROR".to_owned()))]);
}

#[test]
fn observers_that_failed_are_named_when_the_run_is_over() {
    struct Failing;

    impl Observer for Failing {
        fn observe(&mut self, _: &Event, _: &Observation<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
            Err("the collector is down".into())
        }
    }

    let seen = Seen::default();
    seen.during(|| drop(Run::builder("import").observe(Tracing::new()).observe(Failing).begin::<Etl>().unwrap()));
    assert_eq!(seen.texts(), ["INFO etl_run run began", "WARN etl_run observer failed"]);
    let fields = &seen.events()[1].fields;
    let told = ["observer", "event", "times", "error", "run.name"].map(|name| fields[name].as_str());
    assert_eq!(told, ["Failing", "run_began", "1", "the collector is down", "import"]);
}
