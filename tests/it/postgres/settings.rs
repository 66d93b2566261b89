//! What the journal promises does not depend on how the database is set up.

use std::thread;
use std::time::Duration;

use etl_context::{EtlContext, PostgresJournal, PostgresRuns, Run};

use super::server::{TestDatabase, database};

const RUNS: usize = 4;
const EVENTS: u64 = 50;

fn begin(database: &TestDatabase, key: &str) -> EtlContext {
    Run::builder("import").journal(PostgresJournal::connect(database.url()).unwrap().key(key)).begin_dynamic().unwrap()
}

/// Refuses events that are not written as they have to be.
const CHECK: &str = "
    create function checked() returns trigger language plpgsql as $$ begin
        assert current_setting('transaction_isolation') = 'read committed', 'another isolation';
        assert current_setting('synchronous_commit') <> 'off', 'a commit that may be lost';
        return new;
    end $$;
    create trigger checked before insert on etl_context.events for each row execute function checked()";

#[test]
fn events_are_written_as_they_have_to_be_whatever_the_database_says() {
    let Some(database) = database() else { return };
    drop(PostgresJournal::connect(database.url()).unwrap());
    database.client().batch_execute(CHECK).unwrap();
    database.alter("set default_transaction_isolation = 'serializable'");
    database.alter("set synchronous_commit = off");
    let mut run = begin(&database, "import");
    run.start_phase("extract", None).unwrap();
    run.end_phase(()).unwrap();
}

/// A database may ask for more than the default, such as a standby that has applied the commit.
#[test]
fn a_stricter_commit_is_left_as_it_is() {
    let Some(database) = database() else { return };
    drop(PostgresJournal::connect(database.url()).unwrap());
    database.client().batch_execute(&CHECK.replace("<> 'off'", "= 'remote_apply'")).unwrap();
    database.alter("set synchronous_commit = remote_apply");
    begin(&database, "import").start_phase("extract", None).unwrap();
}

#[test]
fn runs_do_not_disturb_one_another_in_a_serializable_database() {
    let Some(database) = database() else { return };
    database.alter("set default_transaction_isolation = 'serializable'");
    let write = |key: usize| {
        let mut run = begin(&database, &format!("run {key}"));
        run.start_phase("extract", None).unwrap();
        (0..EVENTS).for_each(|row| run.checkpoint(&row).unwrap());
        run.end_phase(()).unwrap();
        run.record().clone()
    };
    let records: Vec<_> = thread::scope(|scope| {
        let writing: Vec<_> = (0..RUNS).map(|key| scope.spawn(move || write(key))).collect();
        let runs = PostgresRuns::connect(database.url()).unwrap();
        while !writing.iter().all(thread::ScopedJoinHandle::is_finished) {
            runs.list_runs(None, 10).unwrap();
        }
        writing.into_iter().map(|writing| writing.join().unwrap()).collect()
    });
    let runs = PostgresRuns::connect(database.url()).unwrap();
    for record in records {
        assert_eq!(runs.read(record.run_id()).unwrap(), Some(record));
    }
}

#[test]
fn a_database_that_is_read_only_says_so() {
    let Some(database) = database() else { return };
    drop(PostgresJournal::connect(database.url()).unwrap());
    database.alter("set default_transaction_read_only = on");
    // So long it is waited for, as for a standby that is promoted.
    let journal = PostgresJournal::connect(database.url()).unwrap().lease(Duration::from_millis(100));
    let error = Run::builder("import").journal(journal).begin_dynamic().unwrap_err();
    assert!(error.to_string().contains("in a read-only transaction (SQLSTATE 25006)"), "{error}");
}
