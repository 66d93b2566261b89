//! Each observer that fails is told by its name, with what it was told of and why.

use std::error::Error;
use std::fmt;

use etl_context::{Error as RunError, Etl, Event, Extract, Load, Observation, Observer, Run, RunSummary, Transform, pipeline};

use crate::layered_error::ImportError;

type Told = Result<(), Box<dyn Error + Send + Sync>>;

/// Says this whenever something has happened.
struct Says(&'static str);

impl Observer for Says {
    fn observe(&mut self, _: &Event, _: &Observation<'_>) -> Told {
        Err(self.0.into())
    }
}

/// Never says the same twice.
struct Counting<T>(u64, T);

impl<T: Send> Observer for Counting<T> {
    fn observe(&mut self, _: &Event, _: &Observation<'_>) -> Told {
        self.0 += 1;
        Err(format!("failure {}", self.0).into())
    }
}

struct Panicking;

impl Observer for Panicking {
    fn observe(&mut self, event: &Event, _: &Observation<'_>) -> Told {
        panic!("{} was not expected", event.name())
    }
}

/// Its error panics when it is asked for its message.
struct Speechless;

#[derive(Debug)]
struct NoWords;

impl Error for NoWords {}

impl fmt::Display for NoWords {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("no words")
    }
}

impl Observer for Speechless {
    fn observe(&mut self, _: &Event, _: &Observation<'_>) -> Told {
        Err(NoWords.into())
    }
}

struct Layered;

impl Observer for Layered {
    fn observe(&mut self, _: &Event, _: &Observation<'_>) -> Told {
        Err(ImportError::unreadable().into())
    }
}

/// The summary of a run of one phase, which has three events.
fn watched_by(observer: impl Observer + 'static) -> RunSummary {
    let context = Run::builder("import").observe(observer).begin::<Etl>().unwrap();
    context.start(Extract).unwrap().complete(()).unwrap().summary()
}

fn told(summary: &RunSummary) -> Vec<String> {
    summary.first_observer_failures().iter().map(ToString::to_string).collect()
}

#[test]
fn a_failure_names_its_observer_its_event_and_its_reason() {
    let summary = watched_by(Says("the collector is down"));
    assert_eq!(told(&summary), ["Says at run_began, 3 times: the collector is down"]);
    assert_eq!(summary.observer_failures(), 3);
}

#[test]
fn a_panic_tells_what_it_said() {
    let told = told(&watched_by(Panicking));
    assert_eq!(told[2], "Panicking at phase_ended: it panicked: phase_ended was not expected");
}

#[test]
fn an_error_that_has_no_words_is_told_as_the_panic_that_it_is() {
    assert_eq!(told(&watched_by(Speechless)), ["Speechless at run_began, 3 times: it panicked: no words"]);
}

#[test]
fn what_is_behind_an_error_is_told_with_it() {
    let told = told(&watched_by(Layered));
    assert_eq!(told, ["Layered at run_began, 3 times: export.tar cannot be read: no such file"]);
}

#[test]
fn the_type_is_told_without_paths() {
    let observer: Counting<Vec<Option<std::time::Duration>>> = Counting(0, Vec::new());
    assert!(told(&watched_by(observer))[0].starts_with("Counting<Vec<Option<Duration>>> at "));
}

#[test]
fn a_chatty_observer_hides_no_other_one() {
    let builder = Run::builder("import").observe(Counting(0, ())).observe(Says("the disk is full"));
    let context = builder.begin::<Etl>().unwrap().start(Extract).unwrap().complete(()).unwrap();
    let context = context.start(Transform).unwrap().complete(()).unwrap().start(Load).unwrap().complete(()).unwrap();
    let summary = context.summary();
    assert_eq!(summary.observer_failures(), 14);
    let of_counting = ["run_began", "phase_started", "phase_ended"].into_iter().zip(1..);
    let mut expected: Vec<_> = of_counting.map(|(event, number)| format!("Counting<()> at {event}: failure {number}")).collect();
    expected.insert(1, "Says at run_began, 7 times: the disk is full".to_owned());
    assert_eq!(told(&summary), expected);
}

#[test]
fn two_observers_of_one_type_are_two() {
    let builder = Run::builder("import").observe(Says("the disk is full")).observe(Says("the disk is full"));
    assert_eq!(told(&builder.begin::<Etl>().unwrap().summary()), ["Says at run_began: the disk is full"; 2]);
}

#[test]
fn every_report_tells_them() {
    let summary = watched_by(Says("<b>the collector</b>\nis down | away"));
    let line = r"Says at run_began, 3 times: <b>the collector</b>\nis down | away";
    assert!(summary.to_string().ends_with(&format!("observers failed 3 times; the run was not affected\n  {line}")), "{summary}");
    let json = serde_json::to_value(&summary).unwrap();
    let failure = serde_json::json!({
        "observer": "Says",
        "event": "run_began",
        "message": r"<b>the collector</b>\nis down | away",
        "times": 3,
    });
    assert_eq!((&json["observer_failures"], &json["first_observer_failures"]), (&3.into(), &serde_json::json!([failure])));
    assert!(summary.to_html().contains(r"Says at run_began, 3 times: &lt;b&gt;the collector&lt;/b&gt;\nis down | away"));
    assert!(summary.to_markdown().contains("| | <code>Says at run&#95;began, 3 times&#58; "), "{}", summary.to_markdown());
}

#[test]
fn a_long_message_is_cut() {
    let summary = watched_by(Says("endless ".repeat(10_000).leak()));
    assert_eq!(summary.first_observer_failures()[0].message.chars().count(), 1_000);
    assert!(summary.to_string().lines().all(|line| line.chars().count() <= 100), "{summary}");
}

#[test]
fn branches_tell_them_together() {
    pipeline! {
        Nightly {
            Users = "users" after Idle;
            Orders = "orders" after Idle;
            Merge = "merge" after (Users, Orders);
        }
    }

    let context = Run::builder("nightly").observe(Says("the disk is full")).begin::<Nightly>().unwrap();
    let [users, orders] = context.fork();
    let users = users.start(Users).unwrap().complete(()).unwrap();
    assert_eq!(told(&users.summary()), ["Says at run_began, 3 times: the disk is full"]);
    let joined = users.join(orders.start(Orders).unwrap().complete(()).unwrap()).map_err(RunError::from).unwrap();
    let merged = joined.start(Merge).unwrap().complete(()).unwrap();
    assert_eq!(told(&merged.summary()), ["Says at run_began, 7 times: the disk is full"]);
}
