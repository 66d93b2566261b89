//! Who has something under a lease keeps it while the work goes on, because the lease is renewed at a third of its time.

use std::time::Duration;

use etl_context::{Etl, Extract, Journal, Parts, PostgresJournal, PostgresWorker, Run};
use postgres::Client;

use super::patience::eventually;
use super::server::{TestDatabase, database};

const LEASE: Duration = Duration::from_secs(3);

fn journal(database: &TestDatabase) -> PostgresJournal {
    PostgresJournal::connect(database.config()).unwrap()
}

/// When the only lease in this table ends, by the clock of the database.
fn end_of_lease(client: &mut Client, table: &str) -> f64 {
    let end = format!("select extract(epoch from expires)::float8 from etl_context.{table} where expires is not null");
    client.query_one(&end, &[]).unwrap().get(0)
}

/// Twice, and each time before it is too late. From one renewal to the next it is also not too early.
fn is_renewed(database: &TestDatabase, table: &str) {
    let mut client = database.client();
    let mut end = end_of_lease(&mut client, table);
    for least in [Duration::ZERO, LEASE / 4] {
        let next = eventually("it is renewed", || Some(end_of_lease(&mut client, table)).filter(|next| *next > end));
        let later = Duration::from_secs_f64(next - end);
        assert!(later > least && later < LEASE, "{table}: after {later:?}");
        end = next;
    }
}

#[test]
fn a_run_whose_owner_says_nothing_stays_with_it() {
    let Some(database) = database() else { return };
    let _context = Run::builder("import").journal(journal(&database).lease(LEASE)).begin::<Etl>().unwrap();
    is_renewed(&database, "runs");
}

#[test]
fn a_part_that_takes_long_stays_with_its_worker() {
    let Some(database) = database() else { return };
    let mut extract = Run::builder("import").journal(journal(&database)).begin::<Etl>().unwrap().start(Extract).unwrap();
    let parts = extract.parts(["2024-01"]).unwrap();
    let worker = PostgresWorker::connect(database.config(), "import").unwrap().lease(LEASE);
    let completed = worker.work(Extract, |_| -> Result<(), String> {
        is_renewed(&database, "parts");
        Ok(())
    });
    assert_eq!(completed.unwrap(), 1);
    parts.finish().unwrap();
    drop(extract.complete(()).unwrap());
}

#[test]
fn a_part_that_has_completed_is_not_lost_afterwards_and_the_others_are_renewed() {
    let Some(database) = database() else { return };
    let journal = journal(&database).lease(LEASE);
    let mut extract = Run::builder("import").journal(journal).begin::<Etl>().unwrap().start(Extract).unwrap();
    let parts: Parts<'_> = extract.parts(["2024-01", "2024-02"]).unwrap();
    let mut first = parts.claim().unwrap().unwrap();
    let second = parts.claim().unwrap().unwrap();
    let mut client = database.client();
    let mut transaction = client.transaction().unwrap();
    first.complete_in(&mut transaction).unwrap();
    transaction.commit().unwrap();
    is_renewed(&database, "parts");
    assert!(!first.is_cancelled());
    first.complete().unwrap();
    second.complete().unwrap();
    parts.finish().unwrap();
    drop(extract.complete(()).unwrap());
}

/// A database that takes so long to set a lease to its end that it is time to renew it.
const SLOW: &str = "
    create function slow() returns trigger language plpgsql as $$ begin
        perform pg_sleep(0.5);
        return new;
    end $$;
    create trigger slow before update on etl_context.runs for each row when (new.expires < old.expires) execute function slow()";

#[test]
fn a_run_that_was_given_back_is_not_renewed_again() {
    let Some(database) = database() else { return };
    let context = Run::builder("import").journal(journal(&database).lease(Duration::from_secs(1))).begin::<Etl>().unwrap();
    database.client().batch_execute(SLOW).unwrap();
    drop(context);
    journal(&database).key("import").load().unwrap();
}

/// By the time a lease was renewed, all are open that will be.
#[test]
fn a_worker_has_two_connections_as_has_the_run() {
    let Some(database) = database() else { return };
    let journal = journal(&database).lease(LEASE);
    let mut extract = Run::builder("import").journal(journal).begin::<Etl>().unwrap().start(Extract).unwrap();
    is_renewed(&database, "runs");
    assert_eq!(connections(&database), 2);
    let parts = extract.parts(["2024-01"]).unwrap();
    let with_parts = connections(&database);
    let worker = PostgresWorker::connect(database.config(), "import").unwrap().lease(LEASE);
    let part = worker.claim(Extract).unwrap().unwrap();
    is_renewed(&database, "parts");
    assert_eq!(connections(&database) - with_parts, 2);
    part.complete().unwrap();
    parts.finish().unwrap();
    drop(extract.complete(()).unwrap());
}

fn connections(database: &TestDatabase) -> i64 {
    const ALL: &str = "
        select count(*) from pg_stat_activity where datname = current_database() and application_name = 'etl-context'";
    database.client().query_one(ALL, &[]).unwrap().get(0)
}
