//! A batch and its cursor are committed together: both are there, or neither is.

use etl_context::{Error, Etl, Extract, MemoryJournal, PostgresJournal, Run};
use postgres::Client;

use super::extracting::extracting;
use super::server::{TestDatabase, database};

fn target(database: &TestDatabase) -> Client {
    let mut client = database.client();
    client.batch_execute("create table if not exists target (row bigint)").unwrap();
    client
}

fn rows(client: &mut Client) -> i64 {
    client.query_one("select count(*) from target", &[]).unwrap().get(0)
}

#[test]
fn the_next_attempt_goes_on_after_the_batches_that_were_committed() {
    let Some(database) = database() else { return };
    let mut client = target(&database);
    for attempt in 0..3 {
        let mut extract = extracting(&database);
        let done = extract.resume_point::<i64>().unwrap().unwrap_or(0);
        assert_eq!(done, attempt * 2);
        for batch in done + 1..=done + 2 {
            let mut transaction = client.transaction().unwrap();
            transaction.execute("insert into target values ($1)", &[&batch]).unwrap();
            extract.checkpoint_in(transaction, &batch).unwrap();
        }
        let mut transaction = client.transaction().unwrap();
        transaction.execute("insert into target values (0)", &[]).unwrap();
        // The attempt ends here, between a batch and its checkpoint.
        drop(transaction);
        drop(extract.fail("no connection").unwrap());
    }
    assert_eq!(rows(&mut client), 6);
}

#[test]
fn another_database_or_another_journal_is_refused_and_the_batch_is_rolled_back() {
    let (Some(one), Some(other)) = (database(), database()) else { return };
    let mut client = target(&other);
    let _in_the_other = extracting(&other);
    let in_memory = Run::builder("import").journal(MemoryJournal::new()).begin::<Etl>().unwrap();
    for (mut extract, said) in [
        (extracting(&one), "not one of the database that holds the run"),
        (in_memory.start(Extract).unwrap(), "no journal in PostgreSQL"),
    ] {
        let mut transaction = client.transaction().unwrap();
        transaction.execute("insert into target values (1)", &[]).unwrap();
        let error = extract.checkpoint_in(transaction, &1).unwrap_err();
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!((rows(&mut client), extract.resume_point::<i64>().unwrap()), (0, None));
        drop(extract.complete(()).unwrap());
    }
}

#[test]
fn a_commit_that_the_database_refuses_leaves_neither_the_batch_nor_the_checkpoint() {
    let Some(database) = database() else { return };
    let mut client = target(&database);
    let tables = "
        create table parent (id integer primary key);
        create table child (id integer references parent (id) deferrable initially deferred)";
    client.batch_execute(tables).unwrap();
    let mut extract = extracting(&database);
    let mut transaction = client.transaction().unwrap();
    transaction.execute("insert into child values (7)", &[]).unwrap();
    let error = extract.checkpoint_in(transaction, &1).unwrap_err();
    assert!(error.to_string().contains("foreign key"), "{error}");
    assert_eq!(extract.resume_point::<i64>().unwrap(), None);
    extract.checkpoint_in(client.transaction().unwrap(), &2).unwrap();
    drop(extract.complete(()).unwrap());
    assert_eq!(client.query_one("select count(*) from child", &[]).unwrap().get::<_, i64>(0), 0);
}

/// Its release is no commit, and what becomes of it only the outer one decides.
#[test]
fn a_savepoint_is_refused_and_whoever_opens_the_run_again_finds_out() {
    let Some(database) = database() else { return };
    let mut client = target(&database);
    let mut extract = extracting(&database);
    let mut outer = client.transaction().unwrap();
    let error = extract.checkpoint_in(outer.transaction().unwrap(), &1).unwrap_err();
    let Error::Journal { source, .. } = &error else { panic!("{error}") };
    assert!(source.is_in_doubt() && source.to_string().contains("pass the outermost one"), "{error}");
    assert!(extract.checkpoint(&2).is_err());
    outer.commit().unwrap();
    drop(extract);
    let extract = extracting(&database);
    assert_eq!(extract.resume_point::<i64>().unwrap(), Some(1));
    drop(extract.complete(()).unwrap());
}

#[test]
fn whoever_has_lost_the_run_commits_nothing() {
    let Some(database) = database() else { return };
    let mut client = target(&database);
    let mut extract = extracting(&database);
    database.client().execute("update etl_context.runs set expires = clock_timestamp()", &[]).unwrap();
    let _other = Run::builder("import").journal(PostgresJournal::connect(database.config()).unwrap()).begin::<Etl>().unwrap();
    let mut transaction = client.transaction().unwrap();
    transaction.execute("insert into target values (1)", &[]).unwrap();
    let Error::Journal { source, .. } = extract.checkpoint_in(transaction, &1).unwrap_err() else {
        panic!("it is the journal's")
    };
    assert!(source.is_ownership_lost(), "{source}");
    assert!(extract.is_cancelled());
    assert_eq!(rows(&mut client), 0);
}
