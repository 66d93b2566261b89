//! The end of a part, its event and the next part for its worker are one commit, which threads of the phase's process share.

use std::error::Error as StdError;
use std::thread;

use etl_context::{
    Counts, Error, Etl, Event, Extract, Observation, Observer, Part, PhaseRecord, PhaseStatus, PostgresJournal, PostgresWorker,
    Run, RunRecord, Stopper,
};

use super::extracting::{extracting, recorded, worker};
use super::relay::Relay;
use super::server::{TestDatabase, database};

const PARTS: u32 = 300;
/// As the database counts them.
const ALL: i64 = PARTS as i64;

fn names() -> impl Iterator<Item = String> {
    (0..PARTS).map(|number| format!("part {number:03}"))
}

#[allow(clippy::unnecessary_wraps, reason = "the work of a part can fail")]
fn count(part: &mut Part<'_>) -> Result<(), String> {
    part.update_progress(Counts { conversations: 1, messages: 2 });
    Ok(())
}

fn number(database: &TestDatabase, query: &str) -> i64 {
    database.client().query_one(query, &[]).unwrap().get(0)
}

/// By how many transactions ends were recorded.
fn transactions(database: &TestDatabase) -> i64 {
    number(database, "select count(distinct xmin::text) from etl_context.events where event = 'part_ended'")
}

fn completed(record: &RunRecord) -> usize {
    let parts = record.phase("extract").map(PhaseRecord::parts).into_iter().flatten();
    parts.filter(|part| part.status() == PhaseStatus::Completed).count()
}

#[test]
fn threads_that_end_parts_at_once_share_a_commit() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    let parts = extract.parts(names()).unwrap();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..8).map(|_| scope.spawn(|| parts.work(count).unwrap())).collect();
        assert_eq!(workers.into_iter().map(|worker| worker.join().unwrap()).sum::<u64>(), u64::from(PARTS));
    });
    parts.finish().unwrap();
    let extracted = extract.complete(()).unwrap();
    assert_eq!(extracted.counts(), Counts { conversations: u64::from(PARTS), messages: 2 * u64::from(PARTS) });
    assert_eq!(extracted.record(), &recorded(&database));
    assert_eq!(number(&database, "select count(*) from etl_context.events where event = 'part_ended'"), ALL);
    assert_eq!(number(&database, "select count(*) from etl_context.parts where state = 'completed' and recorded"), ALL);
    assert_eq!(number(&database, "select sum(claims)::bigint from etl_context.parts"), ALL);
    assert!(transactions(&database) < ALL, "{}", transactions(&database));
}

#[test]
fn none_is_claimed_twice_of_the_parts_that_come_along() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    let parts = extract.parts(names()).unwrap();
    assert_eq!(worker(&database).work(Extract, count).unwrap(), u64::from(PARTS));
    parts.finish().unwrap();
    let claims = number(&database, "select last_value from etl_context.claims");
    assert_eq!(claims, ALL, "none was claimed twice");
    assert_eq!(completed(&recorded(&database)), 300);
}

#[test]
fn what_ended_elsewhere_is_recorded_many_to_a_commit() {
    const ENDED: &str = r#"
        update etl_context.parts
        set state = 'completed', claim = nextval('etl_context.claims'), claims = 1, worker = 'process 1 on host a',
            counts = '{"conversations":1,"messages":2}', microseconds = 100"#;
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    let parts = extract.parts((0..6_000).map(|number| format!("part {number}"))).unwrap();
    database.client().batch_execute(ENDED).unwrap();
    parts.finish().unwrap();
    let extracted = extract.complete(()).unwrap();
    assert_eq!(extracted.counts(), Counts { conversations: 6_000, messages: 12_000 });
    assert_eq!(extracted.record(), &recorded(&database));
    assert_eq!(transactions(&database), 2);
    assert_eq!(number(&database, "select count(*) from etl_context.parts where not recorded"), 0);
}

/// Another worker has the part, because this one was not heard of for too long.
fn take_away(database: &TestDatabase, part: &str) -> Part<'static> {
    let expired = "update etl_context.parts set expires = clock_timestamp() where part = $1 and state = 'running'";
    assert_eq!(database.client().execute(expired, &[&part]).unwrap(), 1);
    let taken = worker(database).claim(Extract).unwrap().unwrap();
    assert_eq!((taken.name(), taken.attempt()), (part, 2));
    taken
}

#[test]
fn a_thread_whose_part_was_given_to_another_worker_ends_nothing_and_goes_on_with_the_next() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    let parts = extract.parts(["2024-01", "2024-02", "2024-03"]).unwrap();
    let mut taken = None;
    let done = parts.work(|part: &mut Part<'_>| -> Result<(), String> {
        part.update_progress(Counts { conversations: 100, messages: 100 });
        if part.name() == "2024-01" {
            taken = Some(take_away(&database, "2024-01"));
        }
        if part.name() == "2024-03" {
            // The last one, or this would be waited for.
            taken.take().unwrap().complete().unwrap();
        }
        Ok(())
    });
    assert_eq!(done.unwrap(), 2);
    parts.finish().unwrap();
    let extracted = extract.complete(()).unwrap();
    assert_eq!(extracted.counts(), Counts { conversations: 200, messages: 200 });
    assert_eq!(extracted.record(), &recorded(&database));
}

#[test]
fn a_part_that_ended_elsewhere_while_threads_work_here_is_recorded_and_seen_once() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    let parts = extract.parts(names()).unwrap();
    thread::scope(|scope| {
        let elsewhere = scope.spawn(|| worker(&database).work(Extract, count).unwrap());
        let here = parts.work(count).unwrap();
        assert_eq!(here + elsewhere.join().unwrap(), u64::from(PARTS));
    });
    parts.finish().unwrap();
    let extracted = extract.complete(()).unwrap();
    assert_eq!(extracted.counts(), Counts { conversations: u64::from(PARTS), messages: 2 * u64::from(PARTS) });
    assert_eq!(extracted.record(), &recorded(&database));
    assert_eq!(number(&database, "select count(*) from etl_context.events where event = 'part_ended'"), ALL);
}

/// Asks the run to stop as soon as a part has ended.
struct StopsIt(Stopper);

impl Observer for StopsIt {
    fn observe(&mut self, event: &Event, _: &Observation<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        if event.name() == "part_ended" {
            self.0.stop();
        }
        Ok(())
    }
}

#[test]
fn a_part_that_came_along_is_given_back_if_the_run_was_asked_to_stop_meanwhile() {
    let Some(database) = database() else { return };
    let (stopper, journal) = (Stopper::default(), PostgresJournal::connect(database.config()).unwrap());
    let builder = Run::builder("import").journal(journal).stopper(&stopper).observe(StopsIt(stopper.clone()));
    let mut extract = builder.begin::<Etl>().unwrap().start(Extract).unwrap();
    let parts = extract.parts(["2024-01", "2024-02", "2024-03"]).unwrap();
    assert_eq!(parts.work(count).unwrap(), 1);
    assert!(matches!(parts.finish(), Err(Error::Stopped)));
    let states = "select string_agg(state, ' ' order by position) from etl_context.parts";
    let states: String = database.client().query_one(states, &[]).unwrap().get(0);
    assert_eq!(states, "completed open open");
    assert_eq!(number(&database, "select claims from etl_context.parts where part = '2024-02'"), 1);
}

#[test]
fn the_end_of_a_part_whose_answer_got_lost_is_there_once() {
    let Some(database) = database() else { return };
    let relay = Relay::to(&database);
    let journal = PostgresJournal::connect(relay.config()).unwrap();
    let mut extract = Run::builder("import").journal(journal).begin::<Etl>().unwrap().start(Extract).unwrap();
    let parts = extract.parts(["2024-01", "2024-02", "2024-03", "2024-04"]).unwrap();
    let mut seen = Vec::new();
    let part = parts.claim().unwrap().unwrap();
    relay.lose_an_answer();
    part.complete().unwrap();
    assert!(relay.has_lost_it());
    let done = parts.work(|part: &mut Part<'_>| {
        seen.push(part.name().to_owned());
        count(part)
    });
    assert_eq!((done.unwrap(), seen), (3, ["2024-02", "2024-03", "2024-04"].map(str::to_owned).to_vec()));
    parts.finish().unwrap();
    let extracted = extract.complete(()).unwrap();
    assert_eq!(extracted.record(), &recorded(&database));
    assert_eq!(completed(extracted.record()), 4);
}

/// All parts are worked on once: that which came along is not waited for until its lease has run out.
fn loses_an_answer(relay: &Relay, seen: &mut Vec<(String, u32)>, part: &mut Part<'_>) -> Result<(), String> {
    seen.push((part.name().to_owned(), part.attempt()));
    if part.name() == "2024-02" {
        relay.lose_an_answer();
    }
    count(part)
}

const ONCE: [(&str, u32); 4] = [("2024-01", 1), ("2024-02", 1), ("2024-03", 1), ("2024-04", 1)];

#[test]
fn a_part_that_came_along_with_an_answer_that_got_lost_is_at_hand_all_the_same() {
    let Some(database) = database() else { return };
    let relay = Relay::to(&database);
    let journal = PostgresJournal::connect(relay.config()).unwrap();
    let mut extract = Run::builder("import").journal(journal).begin::<Etl>().unwrap().start(Extract).unwrap();
    let parts = extract.parts(ONCE.map(|(name, _)| name)).unwrap();
    let mut seen = Vec::new();
    assert_eq!(parts.work(|part: &mut Part<'_>| loses_an_answer(&relay, &mut seen, part)).unwrap(), 4);
    assert!(relay.has_lost_it());
    assert_eq!(seen, ONCE.map(|(name, attempt)| (name.to_owned(), attempt)));
    parts.finish().unwrap();
    assert_eq!(completed(extract.complete(()).unwrap().record()), 4);
}

#[test]
fn so_is_one_that_came_along_to_a_worker_elsewhere() {
    let Some(database) = database() else { return };
    let relay = Relay::to(&database);
    let mut extract = extracting(&database);
    let parts = extract.parts(ONCE.map(|(name, _)| name)).unwrap();
    let worker = PostgresWorker::connect(relay.config(), "import").unwrap();
    let mut seen = Vec::new();
    assert_eq!(worker.work(Extract, |part: &mut Part<'_>| loses_an_answer(&relay, &mut seen, part)).unwrap(), 4);
    assert!(relay.has_lost_it());
    assert_eq!(seen, ONCE.map(|(name, attempt)| (name.to_owned(), attempt)));
    parts.finish().unwrap();
    assert_eq!(completed(extract.complete(()).unwrap().record()), 4);
}

#[test]
fn a_thread_that_fails_a_part_fails_it_with_its_error_in_the_same_commit() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    let parts = extract.parts(["2024-01", "2024-02"]).unwrap();
    let fails = |part: &mut Part<'_>| if part.name() == "2024-01" { Err("no such file".to_owned()) } else { count(part) };
    assert_eq!(parts.work(fails).unwrap(), 1);
    let error = parts.finish().unwrap_err().to_string();
    assert!(error.starts_with("1 of 2 parts of phase `extract` have not completed: `2024-01`: no such file"), "{error}");
    let row = "select count(*) from etl_context.parts where state = 'failed' and recorded and error like '%no such file%'";
    assert_eq!(number(&database, row), 1);
    assert_eq!(extract.record(), &recorded(&database));
}
