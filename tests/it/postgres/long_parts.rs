//! Parts that take long, on hosts that share a board: another worker goes on from the last checkpoint, and how far they are can be seen.

use std::thread;
use std::time::Duration;

use etl_context::{
    Context, Counts, Error, Etl, Event, Extract, Idle, Journal, Part, PostgresJournal, PostgresWorker, Run, RunBuilder, Stopper,
};
use serde_json::Value;

use super::extracting::worker;
use super::patience::eventually;
use super::server::{TestDatabase, database};
use crate::durable::journal_file::JournalFile;
use crate::rejects::rejected_rows::{Place, by_reason};

fn rows(rows: u64) -> Counts {
    Counts { conversations: 0, messages: rows }
}

fn builder(database: &TestDatabase) -> RunBuilder {
    Run::builder("import").journal(PostgresJournal::connect(database.config()).unwrap())
}

fn begun(database: &TestDatabase) -> Context<Idle, Etl> {
    builder(database).begin().unwrap()
}

fn claimed(worker: &PostgresWorker) -> Part<'static> {
    worker.claim(Extract).unwrap().unwrap()
}

/// Another worker has the part that somebody has in hand, because that one was not heard of for too long.
fn expire(database: &TestDatabase, part: &str) {
    let expired = "update etl_context.parts set expires = clock_timestamp() where part = $1 and state = 'running'";
    assert_eq!(database.client().execute(expired, &[&part]).unwrap(), 1);
}

/// Goes on to this row, and says there from where to go on. Every second row is rejected.
fn read_to(part: &mut Part<'_>, end: u64) -> Result<(), Error> {
    let done: u64 = part.resume_point()?.unwrap_or(0);
    for row in done..end {
        part.update_progress(rows(1));
        if row % 2 == 0 {
            part.reject(&row, "even")?;
        }
    }
    part.record_error(&format!("from {done} to {end}"))?;
    part.checkpoint(&end)
}

#[test]
fn a_worker_that_is_cut_off_leaves_its_part_to_another_one_who_goes_on_from_its_cursor() {
    let Some(database) = database() else { return };
    let place = Place(JournalFile::new());
    let mut extract = builder(&database).rejects(place.rejects()).begin::<Etl>().unwrap().start(Extract).unwrap();
    let parts = extract.parts(["a"]).unwrap();
    let (first, second) = (worker(&database), worker(&database));
    let mut lost = claimed(&first);
    read_to(&mut lost, 10).unwrap();
    lost.update_progress(rows(100));
    lost.reject(&100, "lost").unwrap();
    expire(&database, "a");
    let mut part = claimed(&second);
    assert_eq!((part.resume_point().unwrap(), part.progress().counts(), part.attempt()), (Some(10), rows(10), 2));
    let error = lost.checkpoint(&11).unwrap_err();
    assert!(matches!(error, Error::PartLost { .. }) && lost.is_cancelled(), "{error}");
    drop(lost);
    read_to(&mut part, 20).unwrap();
    part.complete().unwrap();
    parts.finish().unwrap();
    let errors: Vec<_> = extract.record().errors().iter().map(|error| error.message().to_owned()).collect();
    assert_eq!(errors, ["part `a`: from 0 to 10", "part `a`: from 10 to 20"]);
    let extracted = extract.complete(()).unwrap();
    assert_eq!(extracted.counts(), rows(20));
    assert_eq!(by_reason(extracted.report().rejected()), [("even", 10)]);
    assert_eq!(place.rows(), (0..20).step_by(2).map(Value::from).collect::<Vec<_>>());
    assert!(place.lines().iter().all(|line| line["part"] == "a"));
}

#[test]
fn the_owner_that_works_on_its_parts_itself_goes_on_in_the_same_way() {
    let Some(database) = database() else { return };
    let mut context = begun(&database).erase();
    context.start_phase("extract", None).unwrap();
    let parts = context.parts(["a"]).unwrap();
    let mut part = parts.claim().unwrap().unwrap();
    read_to(&mut part, 4).unwrap();
    part.update_progress(rows(100));
    part.give_back().unwrap();
    let mut part = parts.claim().unwrap().unwrap();
    read_to(&mut part, 6).unwrap();
    part.reject(&9, "of a part that failed").unwrap();
    part.fail("no connection").unwrap();
    parts.finish().unwrap_err();
    context.fail_phase(&Error::Stopped).unwrap();
    context.start_phase("extract", None).unwrap();
    let parts = context.parts(["a"]).unwrap();
    let mut part = parts.claim().unwrap().unwrap();
    assert_eq!((part.resume_point().unwrap(), part.progress().counts()), (Some(6), rows(6)));
    read_to(&mut part, 8).unwrap();
    part.complete().unwrap();
    parts.finish().unwrap();
    let errors: Vec<_> = context.record().errors().iter().map(|error| error.message().to_owned()).collect();
    let told = ["part `a`: from 0 to 4", "part `a`: from 4 to 6", "part `a`: no connection"];
    assert_eq!(errors[..3], told);
    assert_eq!(errors.last().unwrap(), "part `a`: from 6 to 8", "what was told before is not told again");
    let report = context.end_phase(()).unwrap();
    assert_eq!((report.counts(), report.carried().unwrap().get("messages")), (rows(8), Some(6)));
    assert_eq!(by_reason(report.rejected()), [("even", 4)]);
}

#[test]
fn a_worker_that_does_not_ask_for_the_cursor_begins_at_zero() {
    let Some(database) = database() else { return };
    let mut extract = begun(&database).start(Extract).unwrap();
    let parts = extract.parts(["a"]).unwrap();
    let worker = worker(&database);
    let mut part = claimed(&worker);
    read_to(&mut part, 4).unwrap();
    part.give_back().unwrap();
    let mut part = claimed(&worker);
    part.update_progress(rows(2));
    part.reject(&0, "anew").unwrap();
    part.complete().unwrap();
    parts.finish().unwrap();
    assert_eq!(extract.record().errors().len(), 0);
    let extracted = extract.complete(()).unwrap();
    assert_eq!((extracted.counts(), by_reason(extracted.report().rejected())), (rows(2), vec![("anew", 1)]));
}

#[test]
fn a_phase_whose_process_died_goes_on_from_the_checkpoints_of_its_parts() {
    let Some(database) = database() else { return };
    let place = Place(JournalFile::new());
    let begin = || builder(&database).rejects(place.rejects()).begin::<Etl>().unwrap();
    let mut extract = begin().start(Extract).unwrap();
    let parts = extract.parts(["a", "b"]).unwrap();
    let worker = worker(&database);
    let (mut a, mut b) = (claimed(&worker), claimed(&worker));
    read_to(&mut a, 4).unwrap();
    read_to(&mut b, 2).unwrap();
    b.complete().unwrap();
    drop(parts);
    drop(extract); // Nobody has recorded the end of `b`.
    let mut extract = begin().start(Extract).unwrap();
    let parts = extract.parts(["a", "b"]).unwrap();
    // The worker has its part still.
    read_to(&mut a, 6).unwrap();
    a.complete().unwrap();
    parts.finish().unwrap();
    let extracted = extract.complete(()).unwrap();
    assert_eq!((extracted.counts(), extracted.report().rejected().rows()), (rows(8), 4));
    let mut rejected = place.rows();
    rejected.sort_by_key(Value::as_u64);
    assert_eq!(rejected, [0, 0, 2, 4].map(Value::from));
    assert_eq!(extracted.record().errors_for("extract").filter(|error| error.message().contains(" to ")).count(), 3);
}

#[test]
fn a_run_without_a_file_of_rejected_rows_keeps_none_in_the_database() {
    let Some(database) = database() else { return };
    let mut extract = begun(&database).start(Extract).unwrap();
    let parts = extract.parts(["a"]).unwrap();
    let mut part = claimed(&worker(&database));
    read_to(&mut part, 4).unwrap();
    let kept = "select rows is not null, rejected is not null from etl_context.parts";
    let row = database.client().query_one(kept, &[]).unwrap();
    assert_eq!((row.get::<_, bool>(0), row.get::<_, bool>(1)), (false, true));
    part.complete().unwrap();
    parts.finish().unwrap();
    drop(extract.complete(()).unwrap());
}

/// A phase that waits for parts goes on if the test fails meanwhile.
struct EndOfTest(Stopper);

impl Drop for EndOfTest {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stop();
        }
    }
}

#[test]
fn counts_of_parts_on_other_hosts_are_seen_while_the_phase_waits_and_are_not_recorded() {
    let Some(database) = database() else { return };
    let mut extract = begun(&database).start_with(Extract, rows(10)).unwrap();
    let reader = extract.progress().reader();
    let seen = |count: u64| {
        eventually("it is seen", || (reader.counts().get("messages") == Some(count)).then_some(()));
    };
    let stopper = extract.stopper();
    let parts = extract.parts(["a", "b"]).unwrap();
    // Its counts are told with a renewal.
    let worker = worker(&database).lease(Duration::from_millis(300));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| parts.finish());
        let _ends = EndOfTest(stopper);
        let mut part = claimed(&worker);
        part.update_progress(rows(3));
        seen(3);
        part.give_back().unwrap();
        seen(0);
        let mut part = claimed(&worker);
        part.update_progress(rows(4));
        part.checkpoint(&4).unwrap();
        seen(4);
        part.update_progress(rows(1));
        part.complete().unwrap();
        seen(5);
        let mut part = claimed(&worker);
        part.update_progress(rows(2));
        part.complete().unwrap();
        waiting.join().unwrap().unwrap();
    });
    assert_eq!(reader.counts().get("messages"), Some(7));
    assert_eq!(extract.complete(()).unwrap().counts(), rows(7));
}

#[test]
fn an_owner_that_has_a_part_itself_sees_it_once() {
    let Some(database) = database() else { return };
    let journal = PostgresJournal::connect(database.config()).unwrap().lease(Duration::from_millis(600));
    let mut extract = Run::builder("import").journal(journal).begin::<Etl>().unwrap().start(Extract).unwrap();
    let reader = extract.progress().reader();
    let parts = extract.parts(["a", "b"]).unwrap();
    let mut mine = parts.claim().unwrap().unwrap();
    mine.update_progress(rows(3));
    let counted = "select 1 from etl_context.parts where counts like '%3%'";
    eventually("it is renewed", || database.client().query_opt(counted, &[]).unwrap());
    // Who records an end also looks what is counted elsewhere.
    parts.claim().unwrap().unwrap().complete().unwrap();
    assert_eq!(reader.counts().get("messages"), Some(3));
    mine.complete().unwrap();
    assert_eq!(reader.counts().get("messages"), Some(3));
    parts.finish().unwrap();
    assert_eq!(extract.complete(()).unwrap().counts(), rows(3));
}

#[test]
fn a_worker_claims_parts_one_by_one_also_by_name_and_in_a_later_run() {
    let Some(database) = database() else { return };
    let worker = worker(&database);
    for _ in 0..2 {
        let mut context = begun(&database).erase();
        context.start_phase("extract", None).unwrap();
        let parts = context.parts::<Counts>(["a", "b", "c"]).unwrap();
        let mut first = claimed(&worker);
        let second = worker.claim_by_name::<Counts>("extract").unwrap().unwrap();
        assert_eq!((first.name(), second.name()), ("a", "b"));
        first.update_progress(rows(1));
        // They need not stay where they were claimed.
        thread::spawn(move || first.complete().unwrap()).join().unwrap();
        second.complete().unwrap();
        worker.claim(Extract).unwrap().unwrap().complete().unwrap();
        assert!(worker.claim(Extract).unwrap().is_none(), "all of them have ended");
        parts.finish().unwrap();
        assert_eq!(context.end_phase(()).unwrap().counts(), rows(1));
        drop(context);
        database.client().batch_execute("delete from etl_context.runs").unwrap();
    }
    let error = worker.claim_by_name::<Counts>("Extract!").unwrap_err();
    assert!(matches!(error, Error::InvalidPhaseName { .. }), "{error}");
    worker.stopper().stop();
    assert!(worker.claim(Extract).unwrap().is_none());
}

/// More rows than the run allows fail the phase, also if a worker that is not told has rejected them.
#[test]
fn too_many_rows_rejected_elsewhere_fail_the_phase() {
    let Some(database) = database() else { return };
    let mut extract = builder(&database).max_rejected(1).begin::<Etl>().unwrap().start(Extract).unwrap();
    let parts = extract.parts(["a"]).unwrap();
    let mut part = claimed(&worker(&database));
    read_to(&mut part, 4).unwrap();
    part.complete().unwrap();
    let error = parts.finish().unwrap_err();
    assert!(matches!(error, Error::TooManyRejected { rejected: 2, .. }), "{error}");
    drop(extract.fail(&error).unwrap());
}

#[test]
fn the_journal_tells_of_a_part_that_ended_with_all_that_was_noted_of_it() {
    let Some(database) = database() else { return };
    let mut extract = begun(&database).start(Extract).unwrap();
    let parts = extract.parts(["a"]).unwrap();
    let mut part = claimed(&worker(&database));
    read_to(&mut part, 2).unwrap();
    part.complete().unwrap();
    parts.finish().unwrap();
    drop(extract.complete(()).unwrap());
    let events = PostgresJournal::connect(database.config()).unwrap().key("import").load().unwrap();
    let names: Vec<_> = events.iter().map(Event::name).collect();
    assert_eq!(names, ["run_began", "phase_started", "parts_registered", "part_ended", "phase_ended"]);
    let Event::PartEnded { errors, part, .. } = &events[3] else { unreachable!() };
    assert_eq!((errors.len(), part.rejected().rows()), (1, 1));
}
