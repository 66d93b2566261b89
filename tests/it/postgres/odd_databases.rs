//! A database that is set up in an odd way is used as any other, or refused in words when it is connected to.

use etl_context::{Etl, Extract, Journal, JournalError, PostgresJournal, PostgresRuns, Run};

use super::server::{TestDatabase, database, database_with};

fn journal(database: &TestDatabase) -> PostgresJournal {
    PostgresJournal::connect(database.config()).unwrap().key("import")
}

#[test]
fn a_database_that_cannot_hold_every_text_is_refused() {
    let Some(database) = database_with("encoding 'LATIN1' template template0") else { return };
    let expected = "has the encoding LATIN1, which cannot hold every text; create one with `encoding 'UTF8' template template0`";
    let refused = |error: JournalError| assert!(error.to_string().ends_with(expected), "{error}");
    refused(PostgresJournal::connect(database.config()).unwrap_err());
    refused(PostgresRuns::connect(database.config()).unwrap_err());
}

/// It would say that every lease has run out.
const SHADOW: &str = "
    create schema shadow;
    create function shadow.clock_timestamp() returns timestamptz language sql as $$ select '1970-01-01 00:00Z'::timestamptz $$;
    create function shadow.make_interval(secs double precision) returns interval language sql as $$ select interval '0' $$;
    create function shadow.current_setting(name text) returns text language sql as $$ select 'shadow' $$";

#[test]
fn a_path_of_schemas_that_comes_first_changes_nothing() {
    let Some(database) = database() else { return };
    database.client().batch_execute(SHADOW).unwrap();
    database.alter("set search_path = shadow, pg_catalog, public");
    let extract = Run::builder("import").journal(journal(&database)).begin::<Etl>().unwrap().start(Extract).unwrap();
    let error = journal(&database).load().unwrap_err();
    assert!(error.is_owned(), "{error}");
    let runs = PostgresRuns::connect(database.config()).unwrap();
    assert!(runs.list_runs("import", 1).unwrap()[0].owner.is_some());

    // In a transaction of the program's own, which has that path.
    let mut client = database.client();
    let mut transaction = client.transaction().unwrap();
    let end = extract.complete_in(&mut transaction, ()).unwrap();
    transaction.commit().unwrap();
    let extracted = end.committed().unwrap();
    assert!(journal(&database).load().unwrap_err().is_owned());
    assert_eq!(runs.read(extracted.record().run_id()).unwrap().as_ref(), Some(extracted.record()));
}

/// As behind a pool that gives each transaction another connection.
const NOT_PREPARED: &str = "
    create function not_prepared() returns trigger language plpgsql as $$ begin
        raise exception 'prepared statement \"s1\" does not exist' using errcode = '26000';
    end $$;
    create trigger not_prepared before insert on etl_context.events for each row execute function not_prepared()";

#[test]
fn a_pool_in_the_wrong_mode_is_told_of() {
    let Some(database) = database() else { return };
    let context = Run::builder("import").journal(journal(&database)).begin::<Etl>().unwrap();
    database.client().batch_execute(NOT_PREPARED).unwrap();
    let refused = context.start(Extract).unwrap_err();
    let expected = "does not exist (SQLSTATE 26000); a pool between this program and the server, such as pgbouncer, has to be in session mode";
    assert!(refused.to_string().ends_with(expected), "{refused}");
}

const RUNS: i64 = 10_000;

const MANY: &str = "
    insert into etl_context.runs (key, run_id, name, events, owner, epoch, expires)
    select 'import/' || n, md5(n::text)::uuid, 'import', 2, 'somebody', 1, '2026-01-01' from generate_series(1, 10000) as n;
    insert into etl_context.events (run_id, seq, epoch, time, event, phase, status, line)
    select md5(n::text)::uuid, seq, 1, timestamptz '2026-01-01' + n * interval '1 minute' + seq * interval '1 second',
        (array['run_began', 'phase_started'])[seq + 1], (array[null, 'extract'])[seq + 1], (array[null, 'running'])[seq + 1], ''
    from generate_series(1, 10000) as n, generate_series(0, 1) as seq;
    analyze";

/// How many rows were read of the tables of runs and events, by those who have gone.
const READ: &str = "
    select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint from pg_stat_user_tables where relname in ('runs', 'events')";

#[test]
fn to_list_the_latest_run_of_many_reads_few_of_them() {
    let Some(database) = database() else { return };
    drop(journal(&database));
    let mut client = database.client();
    client.batch_execute(MANY).unwrap();
    let mut read = |list: &dyn Fn(&PostgresRuns)| {
        let before: i64 = client.query_one(READ, &[]).unwrap().get(0);
        let runs = PostgresRuns::connect(database.config()).unwrap();
        list(&runs);
        drop(runs);
        database.is_left_by_journals();
        client.query_one(READ, &[]).unwrap().get::<_, i64>(0) - before
    };
    let all = read(&|runs| assert_eq!(runs.list_runs(None, u32::MAX).unwrap().len(), 10_000));
    assert!(all >= 2 * RUNS, "{all} rows");
    for name in [None, Some("import")] {
        let latest = read(&|runs| assert_eq!(runs.list_runs(name, 1).unwrap()[0].key, "import/10000"));
        assert!(latest < 100, "{latest} rows were read to list the latest run of {name:?}");
    }
}
