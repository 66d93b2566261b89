//! The parts of a phase go to workers wherever they are, and each is recorded once.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use etl_context::{
    Context, Counts, Error, Etl, Extract, Part, PhaseRecord, PhaseStatus, PostgresJournal, Run, RunRecord, Running, RunningPhase,
};

use postgres::Client;

use super::extracting::{recorded, worker};
use super::server::{TestDatabase, database};

const MONTHS: [&str; 4] = ["2024-01", "2024-02", "2024-03", "2024-04"];

#[allow(clippy::unnecessary_wraps, reason = "the work of a part can fail")]
fn read_month(part: &mut Part<'_>) -> Result<(), String> {
    part.update_progress(Counts { conversations: 1, messages: part.name()[5..].parse().unwrap() });
    Ok(())
}

fn begun(database: &TestDatabase) -> Context {
    let journal = PostgresJournal::connect(database.config()).unwrap();
    Run::builder("import").journal(journal).begin::<Etl>().unwrap()
}

fn extracting(database: &TestDatabase) -> Context<Running<Extract>> {
    begun(database).start(Extract).unwrap()
}

fn statuses(record: &RunRecord) -> Vec<PhaseStatus> {
    record.phase("extract").map(PhaseRecord::parts).into_iter().flatten().map(etl_context::PartRecord::status).collect()
}

#[test]
fn a_phase_that_works_on_its_parts_itself_is_the_same_as_with_any_journal() {
    let Some(database) = database() else { return };
    let (extracted, ()) = begun(&database)
        .phase(Extract)
        .run(|extract| -> Result<(), Error> {
            let parts = extract.parts(MONTHS)?;
            thread::scope(|scope| {
                let workers: Vec<_> = (0..2).map(|_| scope.spawn(|| parts.work(read_month).unwrap())).collect();
                assert_eq!(workers.into_iter().map(|worker| worker.join().unwrap()).sum::<u64>(), 4);
            });
            parts.finish()
        })
        .unwrap();
    assert_eq!(extracted.counts(), Counts { conversations: 4, messages: 10 });
    assert_eq!(extracted.record(), &recorded(&database));
    assert_eq!(statuses(extracted.record()), [PhaseStatus::Completed; 4]);
    let unrecorded = "select count(*) from etl_context.parts where not recorded";
    assert_eq!(database.client().query_one(unrecorded, &[]).unwrap().get::<_, i64>(0), 0);
}

#[test]
fn workers_elsewhere_wait_for_the_parts_and_the_phase_waits_for_them() {
    let Some(database) = database() else { return };
    thread::scope(|scope| {
        let working = scope.spawn(|| worker(&database).work(Extract, read_month).unwrap());
        let (extracted, ()) = begun(&database).phase(Extract).run(|extract| extract.parts(MONTHS)?.finish()).unwrap();
        assert_eq!(working.join().unwrap(), 4);
        assert_eq!(extracted.counts(), Counts { conversations: 4, messages: 10 });
        let part = extracted.record().phase("extract").unwrap().part("2024-03").unwrap().clone();
        assert!(part.worker().unwrap().starts_with(&format!("process {} on host ", std::process::id())), "{part:?}");
    });
}

#[test]
fn a_part_that_fails_elsewhere_fails_the_phase_and_only_it_is_worked_on_again() {
    let Some(database) = database() else { return };
    let fails = |part: &mut Part<'_>| match part.name() {
        "2024-02" => Err("no such file".to_owned()),
        _ => read_month(part),
    };
    let finish = |extract: &mut RunningPhase<'_, Extract>| extract.parts(MONTHS)?.finish();
    thread::scope(|scope| {
        let working = scope.spawn(|| worker(&database).work(Extract, fails).unwrap());
        let (failed, error) = begun(&database).phase(Extract).run(finish).unwrap_err().into_parts().unwrap();
        assert_eq!(working.join().unwrap(), 3);
        assert!(error.to_string().starts_with("1 of 4 parts of phase `extract` have not completed: `2024-02`: no such file"));
        let parts = |extract: &mut RunningPhase<'_, Extract>| -> Result<(), Error> {
            let parts = extract.parts(MONTHS)?;
            assert_eq!(parts.work(read_month)?, 1);
            parts.finish()
        };
        let (extracted, ()) = failed.retry_phase().run(parts).unwrap();
        assert_eq!(extracted.counts(), Counts { conversations: 4, messages: 10 });
        assert_eq!(extracted.record(), &recorded(&database));
    });
}

/// Another worker has the part that `worked` has in hand, because that was not heard of for too long.
fn expire(database: &TestDatabase, part: &str) {
    let expired = "update etl_context.parts set expires = clock_timestamp() where part = $1 and state = 'running'";
    assert_eq!(database.client().execute(expired, &[&part]).unwrap(), 1);
}

#[test]
fn a_worker_that_is_not_heard_of_loses_its_part_and_what_it_did_there_does_not_count() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    let parts = extract.parts(["2024-01"]).unwrap();
    thread::scope(|scope| {
        let (worked, hear) = mpsc::channel();
        let (go_on, wait) = mpsc::channel::<()>();
        let database = &database;
        let lost = scope.spawn(move || {
            worker(database).work(Extract, |part: &mut Part<'_>| -> Result<(), String> {
                part.update_progress(Counts { conversations: 100, messages: 100 });
                worked.send(()).unwrap();
                wait.recv().unwrap();
                Ok(())
            })
        });
        hear.recv().unwrap();
        expire(database, "2024-01");
        let part = parts.claim().unwrap().unwrap();
        assert_eq!((part.name(), part.attempt()), ("2024-01", 2));
        go_on.send(()).unwrap();
        part.complete().unwrap();
        assert_eq!(lost.join().unwrap().unwrap(), 0);
    });
    parts.finish().unwrap();
    assert_eq!(extract.complete(()).unwrap().counts(), Counts::default());
}

#[test]
fn the_key_of_a_part_is_the_same_wherever_it_is_worked_on() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    let run = extract.record().run_id();
    let parts = extract.parts(["2024-01", "2024-02"]).unwrap();
    let part = parts.claim().unwrap().unwrap();
    assert_eq!(part.idempotency_key(), format!("{run}/extract/2024-01"));
    let mut keys = Vec::new();
    let tells = |part: &mut Part<'_>| {
        keys.push(part.idempotency_key());
        part.check_cancelled()
    };
    part.complete().unwrap();
    assert_eq!(worker(&database).work(Extract, tells).unwrap(), 1);
    assert_eq!(keys, [format!("{run}/extract/2024-02")]);
    parts.finish().unwrap();
    drop(extract.complete(()).unwrap());
}

#[test]
fn a_worker_that_has_lost_its_part_sees_that_it_is_cancelled() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    let parts = extract.parts(["2024-01"]).unwrap();
    thread::scope(|scope| {
        let (worked, hear) = mpsc::channel();
        let database = &database;
        scope.spawn(move || {
            let short = worker(database).lease(Duration::from_millis(50));
            let stopper = short.stopper();
            let completed = short.work(Extract, |part: &mut Part<'_>| -> Result<(), String> {
                worked.send(()).unwrap();
                while !part.is_cancelled() {
                    thread::yield_now();
                }
                // It is not to take the part again.
                stopper.stop();
                Err("cancelled".to_owned())
            });
            assert_eq!(completed.unwrap(), 0);
        });
        hear.recv().unwrap();
        // Its lease would be renewed, so the part is taken from it as by a worker that came between.
        let take = "update etl_context.parts set claim = nextval('etl_context.claims'), expires = 'infinity'";
        assert_eq!(database.client().execute(take, &[]).unwrap(), 1);
    });
    expire(&database, "2024-01");
    parts.claim().unwrap().unwrap().complete().unwrap();
    parts.finish().unwrap();
    drop(extract.complete(()).unwrap());
}

#[test]
fn what_workers_completed_while_nobody_ran_the_phase_is_recorded_by_the_next_who_does() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    drop(extract.parts(MONTHS).unwrap());
    // The process that ran the phase is gone before any part has ended.
    std::mem::forget(extract);
    assert_eq!(worker(&database).work(Extract, read_month).unwrap(), 4);
    database.client().execute("update etl_context.runs set expires = clock_timestamp()", &[]).unwrap();
    let (extracted, ()) = begun(&database)
        .phase(Extract)
        .run(|extract| -> Result<(), Error> {
            let parts = extract.parts(MONTHS)?;
            assert_eq!(parts.work(read_month)?, 0, "all are done");
            parts.finish()
        })
        .unwrap();
    assert_eq!(extracted.report().attempt(), 2);
    assert_eq!(extracted.counts(), Counts { conversations: 4, messages: 10 });
}

#[test]
fn a_phase_that_runs_again_has_all_its_parts_to_do() {
    let Some(database) = database() else { return };
    let mut context = begun(&database).erase();
    for _ in 0..2 {
        context.start_phase("extract", None).unwrap();
        let parts = context.parts(MONTHS).unwrap();
        assert_eq!(parts.work(read_month).unwrap(), 4);
        parts.finish().unwrap();
        assert_eq!(context.end_phase(()).unwrap().counts().messages, 10);
        context = begun_again(&database, context);
    }
}

fn begun_again(database: &TestDatabase, context: etl_context::EtlContext) -> etl_context::EtlContext {
    drop(context);
    let journal = PostgresJournal::connect(database.config()).unwrap();
    Run::builder("import").journal(journal).begin_dynamic().unwrap()
}

#[test]
fn whoever_has_lost_the_run_registers_no_parts() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    database.client().execute("update etl_context.runs set expires = clock_timestamp()", &[]).unwrap();
    let _owner = begun(&database);
    let Err(Error::Journal { source, .. }) = extract.parts(MONTHS) else { panic!("the run is another's") };
    assert!(source.is_ownership_lost(), "{source}");
}

#[test]
fn no_parts_are_done_at_once() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    let parts = extract.parts([""; 0]).unwrap();
    assert_eq!(parts.work(read_month).unwrap(), 0);
    parts.finish().unwrap();
    drop(extract.complete(()).unwrap());
}

#[test]
fn a_worker_that_is_asked_to_stop_gives_its_part_back() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database);
    let parts = extract.parts(["2024-01"]).unwrap();
    let worker = worker(&database);
    let stopper = worker.stopper();
    let completed = worker.work(Extract, |part: &mut Part<'_>| {
        stopper.stop();
        part.check_cancelled()
    });
    assert_eq!(completed.unwrap(), 0);
    let open = "select count(*) from etl_context.parts where state = 'open'";
    assert_eq!(database.client().query_one(open, &[]).unwrap().get::<_, i64>(0), 1);
    assert_eq!(parts.work(read_month).unwrap(), 1);
    parts.finish().unwrap();
    assert_eq!(extract.complete(()).unwrap().counts().messages, 1);
}

fn insert(part: &mut Part<'_>, client: &mut Client, commit: bool) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut transaction = client.transaction()?;
    transaction.execute("insert into target values ($1)", &[&part.name()])?;
    part.update_progress(Counts { conversations: 1, messages: 0 });
    part.complete_in(&mut transaction)?;
    if commit { Ok(transaction.commit()?) } else { Err("the disk is full".into()) }
}

fn rows(client: &mut Client) -> i64 {
    client.query_one("select count(*) from target", &[]).unwrap().get(0)
}

fn target(database: &TestDatabase) -> Client {
    let mut client = database.client();
    client.batch_execute("create table target (part text primary key)").unwrap();
    client
}

#[test]
fn a_part_completes_in_the_transaction_of_its_rows() {
    let Some(database) = database() else { return };
    let mut client = target(&database);
    let mut extract = extracting(&database);
    let parts = extract.parts(MONTHS).unwrap();
    assert_eq!(parts.work(|part| insert(part, &mut client, true)).unwrap(), 4);
    parts.finish().unwrap();
    assert_eq!(rows(&mut client), 4);
    let extracted = extract.complete(()).unwrap();
    assert_eq!(extracted.counts().conversations, 4);
    assert_eq!(extracted.record(), &recorded(&database));
}

#[test]
fn a_part_whose_transaction_is_not_committed_has_failed_and_left_no_row() {
    let Some(database) = database() else { return };
    let mut client = target(&database);
    let mut extract = extracting(&database);
    let parts = extract.parts(["2024-01", "2024-02"]).unwrap();
    let worked = parts.work(|part| {
        let commit = part.name() == "2024-02";
        insert(part, &mut client, commit)
    });
    assert_eq!((worked.unwrap(), rows(&mut client)), (1, 1));
    let error = parts.finish().unwrap_err().to_string();
    assert!(error.contains("`2024-01`: the disk is full"), "{error}");
}

#[test]
fn a_worker_that_has_lost_its_part_commits_nothing_of_it() {
    let Some(database) = database() else { return };
    let mut client = target(&database);
    let mut extract = extracting(&database);
    let parts = extract.parts(["2024-01"]).unwrap();
    let mut lost = parts.claim().unwrap().unwrap();
    expire(&database, "2024-01");
    parts.claim().unwrap().unwrap().complete().unwrap();
    let mut transaction = client.transaction().unwrap();
    let error = lost.complete_in(&mut transaction).unwrap_err();
    assert!(matches!(error, Error::PartLost { .. }), "{error}");
    drop((transaction, lost));
    parts.finish().unwrap();
    assert_eq!(extract.complete(()).unwrap().counts(), Counts::default());
}

#[test]
fn a_part_of_another_board_cannot_complete_in_a_transaction() {
    let Some(database) = database() else { return };
    let mut client = database.client();
    let mut extract = Context::new("import").start(Extract).unwrap();
    let parts = extract.parts(["2024-01"]).unwrap();
    let mut part = parts.claim().unwrap().unwrap();
    let error = part.complete_in(&mut client.transaction().unwrap()).unwrap_err();
    assert!(error.to_string().contains("no journal in PostgreSQL"), "{error}");
    part.complete().unwrap();
    parts.finish().unwrap();
    drop(extract.complete(()).unwrap());
}

#[test]
fn a_worker_knows_phases_by_name_as_well() {
    let Some(database) = database() else { return };
    let mut context = begun(&database).erase();
    context.start_phase("extract", None).unwrap();
    let parts = context.parts::<Counts>(MONTHS).unwrap();
    let error = worker(&database).work_by_name("Extract!", read_month).unwrap_err();
    assert!(matches!(error, Error::InvalidPhaseName { .. }), "{error}");
    assert_eq!(worker(&database).work_by_name("extract", read_month).unwrap(), 4);
    parts.finish().unwrap();
    assert_eq!(context.end_phase(()).unwrap().counts().messages, 10);
}
