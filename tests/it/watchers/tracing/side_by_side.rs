//! What a subscriber sees of phases that run side by side, in whatever threads.

use std::fs;
use std::thread;

use etl_context::{Context, FileJournal, Idle, Run, Tracing, pipeline};

use super::seen::{Line, Seen};

pipeline! {
    /// Two branches, each of one phase.
    pub Nightly {
        Users = "users" after Idle;
        Orders = "orders" after Idle;
        Merge = "merge" after (Users, Orders);
    }
}

fn begin(watcher: &Tracing) -> Context<Idle, Nightly> {
    Run::builder("nightly").observe(watcher.clone()).begin().unwrap()
}

/// Text and phase of each event in the span of an attempt, in the order of the phases.
fn in_spans(seen: &Seen) -> Vec<String> {
    let inside = |event: &Line| Some(format!("{}: {}", event.span.as_ref()?.fields.get("phase")?, event.text));
    let mut texts: Vec<_> = seen.events().iter().filter_map(inside).collect();
    texts.sort_by_key(|text| text.split(':').next().map(str::to_owned));
    texts
}

#[test]
fn each_attempt_has_a_span_below_the_run_and_its_events_inside() {
    let seen = Seen::default();
    seen.during(|| {
        let [users, orders] = begin(&Tracing::new()).fork();
        let mut users = users.start(Users).unwrap();
        let mut orders = orders.start(Orders).unwrap();
        users.checkpoint(&1).unwrap();
        orders.record_error("no customer").unwrap();
        users.record_error("no name").unwrap();
        let orders = orders.fail("no connection").unwrap().retry().unwrap();
        let users = users.complete(()).unwrap();
        drop(users.join(orders.complete(()).unwrap()).unwrap().start(Merge).unwrap().complete(()).unwrap());
    });
    let expected = [
        "merge: INFO etl_run:etl_phase phase started",
        "merge: INFO etl_run:etl_phase phase completed",
        "orders: INFO etl_run:etl_phase phase started",
        "orders: WARN etl_run:etl_phase error recorded",
        "orders: ERROR etl_run:etl_phase phase failed",
        "orders: INFO etl_run:etl_phase phase started",
        "orders: INFO etl_run:etl_phase phase completed",
        "users: INFO etl_run:etl_phase phase started",
        "users: DEBUG etl_run:etl_phase phase checkpointed",
        "users: WARN etl_run:etl_phase error recorded",
        "users: INFO etl_run:etl_phase phase completed",
    ];
    assert_eq!(in_spans(&seen), expected);
    // Each event is in the span of its own attempt.
    for event in seen.events().iter().filter(|event| event.fields.contains_key("attempt")) {
        let span = event.span.as_ref().unwrap();
        assert_eq!([&event.fields["phase"], &event.fields["attempt"]], [&span.fields["phase"], &span.fields["attempt"]]);
    }
    let ends: Vec<_> = seen.spans().into_iter().filter_map(|span| span.fields.get("phase.status").cloned()).collect();
    assert_eq!(ends, ["completed", "failed", "completed", "completed"]);
}

#[test]
fn phases_on_threads_of_their_own_are_seen_by_the_subscriber_of_the_run() {
    let seen = Seen::default();
    seen.during(|| {
        let watcher = Tracing::new();
        let (joined, ((), ())) =
            begin(&watcher).phases((Users, Orders)).run((|_| Ok::<_, String>(()), |_| Ok::<_, String>(()))).unwrap();
        drop(joined);
    });
    let expected = [
        "orders: INFO etl_run:etl_phase phase started",
        "orders: INFO etl_run:etl_phase phase completed",
        "users: INFO etl_run:etl_phase phase started",
        "users: INFO etl_run:etl_phase phase completed",
    ];
    assert_eq!(in_spans(&seen), expected);
}

#[test]
fn what_a_phase_logs_beside_others_is_inside_the_span_of_that_phase() {
    let seen = Seen::default();
    seen.during(|| {
        let watcher = Tracing::new();
        let [users, orders] = begin(&watcher).fork();
        let (users, orders) = (users.start(Users).unwrap(), orders.start(Orders).unwrap());
        watcher.phase_span_of(Users).in_scope(|| tracing::info!("fetching users"));
        watcher.phase_span_of(Orders).in_scope(|| tracing::info!("fetching orders"));
        assert!(watcher.phase_span_of(Merge).is_none());
        drop(orders.complete(()).unwrap());
        assert!(watcher.phase_span_of(Orders).is_none());
        drop(users);
    });
    let said: Vec<_> = in_spans(&seen).into_iter().filter(|text| text.contains("fetching")).collect();
    assert_eq!(said, ["orders: INFO etl_run:etl_phase fetching orders", "users: INFO etl_run:etl_phase fetching users"]);
}

#[test]
fn the_span_of_the_phase_is_that_which_the_thread_has_started() {
    let watcher = Tracing::new();
    let seen = Seen::default();
    seen.during(|| {
        let [users, orders] = begin(&watcher).fork();
        let users = users.start(Users).unwrap();
        let orders = thread::scope(|scope| {
            let started = scope.spawn(|| {
                let orders = orders.start(Orders).unwrap();
                assert_eq!(watcher.phase_span(), watcher.phase_span_of(Orders));
                orders
            });
            started.join().unwrap()
        });
        assert_eq!(watcher.phase_span(), watcher.phase_span_of(Users));
        // A thread that has started none cannot tell which is meant.
        thread::scope(|scope| scope.spawn(|| assert_eq!(watcher.phase_span(), watcher.run_span())).join().unwrap());
        drop(users);
        assert_eq!(watcher.phase_span(), watcher.phase_span_of(Orders), "the only one that runs");
        drop(orders);
        assert!(watcher.phase_span().is_none());
    });
}

#[test]
fn futures_in_one_task_find_the_span_of_their_phase_when_they_begin() {
    let seen = Seen::default();
    seen.during(|| {
        let watcher = Tracing::new();
        let run = begin(&watcher).phases((Users, Orders)).run_async((
            async |_| {
                watcher.phase_span().in_scope(|| tracing::info!("users begin"));
                Ok::<_, String>(())
            },
            async |_| {
                watcher.phase_span().in_scope(|| tracing::info!("orders begin"));
                Ok::<_, String>(())
            },
        ));
        drop(futures::executor::block_on(run).unwrap());
    });
    let said: Vec<_> = in_spans(&seen).into_iter().filter(|text| text.contains("begin")).collect();
    assert_eq!(said, ["orders: INFO etl_run:etl_phase orders begin", "users: INFO etl_run:etl_phase users begin"]);
}

#[test]
fn attempts_that_were_interrupted_side_by_side_are_told_in_the_span_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first.jsonl"), folder.path().join("second.jsonl"));
    let begin =
        |path| Run::builder("nightly").journal(FileJournal::open(path).unwrap()).observe(Tracing::new()).begin::<Nightly>();
    let [users, orders] = begin(&first).unwrap().fork();
    let running = (users.start(Users).unwrap(), orders.start(Orders).unwrap());
    // A copy of the journal is what a process leaves that dies here.
    fs::copy(&first, &second).unwrap();
    let seen = Seen::default();
    seen.during(|| drop(begin(&second).unwrap()));
    let interrupted = "WARN etl_run phase interrupted";
    assert_eq!(seen.texts(), [interrupted, interrupted, "INFO etl_run run resumed"]);
    drop(running);
}
