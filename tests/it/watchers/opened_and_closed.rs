//! Observers hear that a run was opened again, also a finished one, and once that this process lets go of it.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use etl_context::{
    Error as RunError, Etl, Event, Extract, MemoryJournal, Observation, Observer, RecoveryReport, Run, RunStatus, Stopper,
    pipeline,
};

use crate::refusing_journal::RefusingJournal;

type Told = Result<(), Box<dyn Error + Send + Sync>>;

/// Keeps what it is told, in words.
#[derive(Clone, Default)]
struct Diary(Arc<Mutex<Vec<String>>>);

impl Diary {
    fn say(&self, words: impl Into<String>) {
        self.0.lock().unwrap().push(words.into());
    }

    fn words(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn last(&self) -> String {
        self.words().pop().unwrap()
    }

    fn closings(&self) -> usize {
        self.words().iter().filter(|words| words.starts_with("closed")).count()
    }
}

impl Observer for Diary {
    fn observe(&mut self, event: &Event, _: &Observation<'_>) -> Told {
        self.say(event.name());
        Ok(())
    }

    fn resumed(&mut self, recovery: &RecoveryReport, run: &Observation<'_>) -> Told {
        self.say(format!("{}: {recovery}", run.record().run_status()));
        Ok(())
    }

    fn closed(&mut self, run: &Observation<'_>) -> Told {
        self.say(format!("closed: {}", run.record().run_status()));
        Ok(())
    }
}

pipeline! {
    Short {
        Extract after Idle;
    }
}

pipeline! {
    Nightly {
        Users = "users" after Idle;
        Orders = "orders" after Idle;
        Merge = "merge" after (Users, Orders);
    }
}

#[test]
fn a_finished_run_that_is_opened_again_is_told() {
    let journal = MemoryJournal::new();
    let run = || Run::builder("import").journal(journal.clone());
    drop(run().begin::<Short>().unwrap().start(Extract).unwrap().complete(()).unwrap());
    let diary = Diary::default();
    drop(run().observe(diary.clone()).begin::<Short>().unwrap());
    assert_eq!(diary.words(), ["completed: resumed after 3 events; completed: extract", "closed: completed"]);
}

#[test]
fn what_the_opening_records_is_told_first() {
    let journal = MemoryJournal::new();
    let run = || Run::builder("import").journal(journal.clone());
    let running = run().begin::<Etl>().unwrap().start(Extract).unwrap();
    std::mem::forget(running);
    let diary = Diary::default();
    let context = run().observe(diary.clone()).begin::<Etl>().unwrap();
    let resumed = "unfinished: resumed after 2 events; attempt 1 at extract was interrupted";
    assert_eq!(diary.words(), ["phase_ended", resumed]);
    assert!(resumed.ends_with(&context.recovery().unwrap().to_string()));
}

#[test]
fn a_run_that_cannot_be_opened_is_neither_resumed_nor_closed() {
    let diary = Diary::default();
    let refusing = RefusingJournal::from(0);
    Run::builder("import").journal(refusing).observe(diary.clone()).begin::<Etl>().unwrap_err();
    assert!(diary.words().is_empty(), "{:?}", diary.words());

    let journal = MemoryJournal::new();
    drop(Run::builder("import").journal(journal.clone()).begin::<Etl>().unwrap());
    Run::builder("export").journal(journal).observe(diary.clone()).begin::<Etl>().unwrap_err();
    assert!(diary.words().is_empty(), "{:?}", diary.words());
}

#[test]
fn whatever_became_of_a_run_it_is_closed_once() {
    let diary = Diary::default();
    let run = || Run::builder("import").observe(diary.clone()).begin::<Etl>().unwrap();

    drop(run().start(Extract).unwrap().fail("no disk").unwrap());
    assert_eq!(diary.last(), "closed: failed");
    drop(run().start(Extract).unwrap());
    assert_eq!(diary.last(), "closed: failed");
    drop(run());
    assert_eq!(diary.last(), "closed: pending");
    drop(run().start(Extract).unwrap().complete(()).unwrap());
    assert_eq!(diary.last(), "closed: unfinished");
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _running = run().start(Extract).unwrap();
        panic!("a bug in the phase");
    }));
    assert!(panicked.is_err());
    assert_eq!(diary.last(), "closed: failed");
    assert_eq!(diary.closings(), 5);
}

#[test]
fn a_stop_that_the_end_records_is_told_before_it() {
    let (diary, stopper) = (Diary::default(), Stopper::default());
    let context = Run::builder("import").observe(diary.clone()).stopper(&stopper).begin::<Etl>().unwrap();
    stopper.stop();
    drop(context);
    assert_eq!(diary.words(), ["run_began", "run_stopped", &format!("closed: {}", RunStatus::Stopped)]);
}

#[test]
fn of_several_branches_the_last_one_closes_the_run() {
    let diary = Diary::default();
    let run = || Run::builder("nightly").observe(diary.clone()).begin::<Nightly>().unwrap();
    let [users, orders] = run().fork();
    drop(users);
    assert_eq!(diary.closings(), 0);
    drop(orders.start(Orders).unwrap());
    assert_eq!((diary.closings(), diary.last()), (1, "closed: failed".to_owned()));

    let [users, orders] = run().fork();
    let users = users.start(Users).unwrap().complete(()).unwrap();
    let joined = users.join(orders.start(Orders).unwrap().complete(()).unwrap()).map_err(RunError::from).unwrap();
    assert_eq!(diary.closings(), 1);
    drop(joined.start(Merge).unwrap().complete(()).unwrap());
    assert_eq!((diary.closings(), diary.last()), (2, "closed: completed".to_owned()));
}

#[test]
fn the_observer_that_was_added_last_is_closed_first() {
    let diary = Diary::default();
    let (first, second) = (Named("first", diary.clone()), Named("second", diary.clone()));
    drop(Run::builder("import").observe(first).observe(second).begin::<Etl>().unwrap());
    assert_eq!(diary.words(), ["second", "first"]);
}

struct Named(&'static str, Diary);

impl Observer for Named {
    fn observe(&mut self, _: &Event, _: &Observation<'_>) -> Told {
        Ok(())
    }

    fn closed(&mut self, _: &Observation<'_>) -> Told {
        self.1.say(self.0);
        Ok(())
    }
}

/// Fails at each call but `observe`.
struct Unready;

impl Observer for Unready {
    fn observe(&mut self, _: &Event, _: &Observation<'_>) -> Told {
        Ok(())
    }

    fn resumed(&mut self, _: &RecoveryReport, _: &Observation<'_>) -> Told {
        Err("not again".into())
    }

    fn closed(&mut self, _: &Observation<'_>) -> Told {
        panic!("too late")
    }
}

#[test]
fn failures_in_these_calls_are_contained_and_told() {
    let journal = MemoryJournal::new();
    let run = || Run::builder("import").journal(journal.clone()).observe(Unready).begin::<Etl>().unwrap();
    drop(run());
    let context = run();
    assert_eq!(context.summary().first_observer_failures()[0].to_string(), "Unready at resumed: not again");
}
