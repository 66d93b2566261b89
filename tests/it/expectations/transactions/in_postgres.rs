//! The rows and the end of the phase in one transaction of PostgreSQL.

use etl_context::{Error, Load, PhaseFailure, PhaseStatus, PostgresJournal, Run};

use super::expecting;
use crate::postgres::server::{TestDatabase, database};

fn rows(database: &TestDatabase) -> i64 {
    database.client().query_one("select count(*) from target", &[]).unwrap().get(0)
}

#[test]
fn neither_complete_in_nor_run_in_leaves_a_row() {
    let Some(database) = database() else { return };
    let mut client = database.client();
    client.batch_execute("create table target (row integer primary key)").unwrap();
    let journal = PostgresJournal::connect(database.config()).unwrap();
    let load = expecting(Run::builder("import").journal(journal)).phase(Load);
    let outcome = load.run_in(&mut client, |_, transaction| {
        transaction.execute("insert into target values (1)", &[])?;
        Ok::<_, postgres::Error>(())
    });
    let Err(PhaseFailure::NotAsExpected(refused)) = outcome else { panic!("nothing was counted") };
    let (context, _) = refused.into_parts();
    assert_eq!((rows(&database), context.status(Load)), (0, PhaseStatus::Failed));
    let load = context.retry().unwrap();
    let mut transaction = client.transaction().unwrap();
    transaction.execute("insert into target values (1)", &[]).unwrap();
    let (load, error) = load.complete_in(&mut transaction, ()).unwrap_err().into_parts();
    assert!(matches!(error, Error::NotAsExpected { .. }), "{error}");
    drop(transaction);
    drop(load);
    assert_eq!(rows(&database), 0);
}
