//! The tables are made when they are first needed, by whoever comes first, and those of a newer version are left alone.

use std::sync::Barrier;
use std::thread;

use etl_context::{Counts, Etl, Extract, Journal, PostgresJournal, PostgresRuns, Run, RunStatus};

use super::server::database;

const AT_ONCE: usize = 16;

#[test]
fn many_may_be_the_first_at_once() {
    for _ in 0..3 {
        let Some(database) = database() else { return };
        let start = Barrier::new(AT_ONCE);
        let connect = || {
            start.wait();
            PostgresJournal::connect(database.url()).map(drop)
        };
        thread::scope(|scope| {
            let connecting: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(connect)).collect();
            for connecting in connecting {
                connecting.join().unwrap().unwrap();
            }
        });
    }
}

#[test]
fn reading_finds_nothing_where_there_are_none_and_makes_none() {
    let Some(database) = database() else { return };
    let runs = PostgresRuns::connect(database.url()).unwrap();
    assert_eq!(runs.list_runs(None, 10).unwrap(), []);
    assert_eq!(runs.read("0193c9a8-0000-7000-8000-000000000000".parse().unwrap()).unwrap(), None);
    let schemas = database.client().query("select 1 from pg_namespace where nspname = 'etl_context'", &[]).unwrap();
    assert!(schemas.is_empty());
}

#[test]
fn tables_of_a_newer_version_are_refused_by_name() {
    let Some(database) = database() else { return };
    drop(PostgresJournal::connect(database.url()).unwrap());
    database.client().execute("insert into etl_context.format values (5)", &[]).unwrap();
    let errors = [PostgresJournal::connect(database.url()).unwrap_err(), PostgresRuns::connect(database.url()).unwrap_err()];
    for error in errors {
        let expected = "the tables in the schema `etl_context` have the version 5, and this program knows version 4";
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}

/// What version 4 brought is taken away again, then what version 3 did, and then what version 2 did.
const TO_VERSION_3: &str = "
    drop function etl_context.forget_events() cascade;
    alter table etl_context.events add foreign key (run_id) references etl_context.runs (run_id) on delete cascade;
    update etl_context.format set version = 3";
const TO_VERSION_2: &str = "
    alter table etl_context.parts drop column cursor, drop column cursor_counts, drop column checkpoint, drop column carried,
        drop column rejected, drop column rows, drop column errors, drop column news, drop column keeps_rows;
    update etl_context.format set version = 2";
const TO_VERSION_1: &str = "
    drop view etl_context.run_list;
    drop index etl_context.events_began;
    alter table etl_context.runs drop column status, drop column next;
    update etl_context.format set version = 1";

#[test]
fn tables_of_an_older_version_are_brought_up_with_the_status_of_each_run() {
    let Some(database) = database() else { return };
    let begin = |key: &str| {
        let journal = PostgresJournal::connect(database.url()).unwrap().key(key);
        Run::builder("import").journal(journal).begin::<Etl>().unwrap()
    };
    drop(begin("begun"));
    drop(begin("extracted").start(Extract).unwrap().complete(()).unwrap());
    drop(begin("failed").start(Extract).unwrap().fail("no connection").unwrap());
    database.client().batch_execute(TO_VERSION_3).unwrap();
    database.client().batch_execute(TO_VERSION_2).unwrap();
    database.client().batch_execute(TO_VERSION_1).unwrap();

    let error = PostgresRuns::connect(database.url()).unwrap_err();
    assert!(error.to_string().contains("have the version 1, and this program needs version 4"), "{error}");
    drop(PostgresJournal::connect(database.url()).unwrap());
    let mut listed: Vec<_> = PostgresRuns::connect(database.url()).unwrap().list_runs(None, 10).unwrap();
    listed.sort_by(|one, other| one.key.cmp(&other.key));
    let statuses: Vec<_> = listed.iter().map(|run| (run.key.as_str(), run.status)).collect();
    let expected = [("begun", RunStatus::Pending), ("extracted", RunStatus::Unfinished), ("failed", RunStatus::Failed)];
    assert_eq!(statuses, expected);
    let next: Option<String> =
        database.client().query_one("select next from etl_context.run_list where key = 'extracted'", &[]).unwrap().get(0);
    assert_eq!(next.as_deref(), Some("transform"));
}

#[test]
fn tables_of_version_2_are_brought_up_with_the_parts_that_are_in_them() {
    let Some(database) = database() else { return };
    let journal = || PostgresJournal::connect(database.url()).unwrap();
    let mut context = Run::builder("import").journal(journal()).begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    drop(context.parts::<Counts>(["a"]).unwrap());
    drop(context);
    database.client().batch_execute(TO_VERSION_3).unwrap();
    database.client().batch_execute(TO_VERSION_2).unwrap();
    let mut context = Run::builder("import").journal(journal()).begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    let parts = context.parts::<Counts>(["a"]).unwrap();
    let mut part = parts.claim().unwrap().unwrap();
    assert_eq!(part.resume_point::<u64>().unwrap(), None);
    part.checkpoint(&1).unwrap();
    part.complete().unwrap();
    parts.finish().unwrap();
    context.end_phase(()).unwrap();
}

#[test]
fn tables_of_version_3_are_brought_up_and_a_run_is_still_deleted_with_its_events() {
    let Some(database) = database() else { return };
    let context = || Run::builder("import").journal(PostgresJournal::connect(database.url()).unwrap()).begin::<Etl>().unwrap();
    drop(context());
    let mut client = database.client();
    client.batch_execute(TO_VERSION_3).unwrap();
    drop(context().start(Extract).unwrap().complete(()).unwrap());
    let mut count = |rows: &str| client.query_one(&format!("select count(*) from {rows}"), &[]).unwrap().get::<_, i64>(0);
    assert_eq!(count("pg_constraint where conrelid = 'etl_context.events'::regclass and contype = 'f'"), 0);
    assert_eq!(count("etl_context.events"), 3);
    assert_eq!(client.execute("delete from etl_context.runs", &[]).unwrap(), 1);
    assert_eq!(client.query("select from etl_context.events", &[]).unwrap().len(), 0);
}

#[test]
fn tables_that_do_not_say_their_version_are_used() {
    let Some(database) = database() else { return };
    drop(PostgresJournal::connect(database.url()).unwrap());
    database.client().execute("delete from etl_context.format", &[]).unwrap();
    PostgresJournal::connect(database.url()).unwrap().key("import").load().unwrap();
}

#[test]
fn a_run_of_a_newer_format_is_refused_by_name() {
    let Some(database) = database() else { return };
    let journal = || PostgresJournal::connect(database.url()).unwrap();
    let run = Run::builder("import").journal(journal()).begin_dynamic().unwrap().record().run_id();
    database
        .client()
        .execute(r#"update etl_context.events set line = replace(line, '"version":1', '"version":2')"#, &[])
        .unwrap();
    let expected = format!("run {run} has the format version 2, and this program reads version 1");
    let error = journal().key("import").load().unwrap_err();
    assert!(error.to_string().starts_with(&expected), "{error}");
    let error = PostgresRuns::connect(database.url()).unwrap().read(run).unwrap_err();
    assert!(error.to_string().starts_with(&expected), "{error}");
}
