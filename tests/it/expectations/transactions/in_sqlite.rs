//! The rows and the end of the phase in one transaction of SQLite.

use etl_context::{Counts, Error, Load, PhaseFailure, PhaseStatus, Run};

use super::expecting;
use crate::sqlite::database_file::DatabaseFile;
use crate::sqlite::target::{rows, target};

#[test]
fn complete_in_is_refused_before_it_writes() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    let journal = database.open().key("import");
    let load = expecting(Run::builder("import").journal(journal)).start(Load).unwrap();
    let transaction = connection.transaction().unwrap();
    transaction.execute("insert into target values (1)", []).unwrap();
    let (load, error) = load.complete_in(&transaction, ()).unwrap_err().into_parts();
    assert!(matches!(error, Error::NotAsExpected { .. }), "{error}");
    drop(transaction);
    assert_eq!(rows(&connection), 0);
    let failed = load.fail(&error).unwrap();
    let record = failed.record().clone();
    drop(failed);
    assert_eq!(database.record("import"), Some(record));
}

#[test]
fn run_in_leaves_no_row_and_a_failed_phase_which_is_done_again() {
    let database = DatabaseFile::new();
    let mut connection = target(&database);
    let journal = database.open().key("import");
    let load = expecting(Run::builder("import").journal(journal)).phase(Load);
    let outcome = load.run_in(&mut connection, |_, transaction| {
        transaction.execute("insert into target values (1)", [])?;
        Ok::<_, rusqlite::Error>(())
    });
    let Err(PhaseFailure::NotAsExpected(refused)) = outcome else { panic!("nothing was counted") };
    let (context, _) = refused.into_parts();
    assert_eq!((rows(&connection), context.status(Load)), (0, PhaseStatus::Failed));
    let kept: String = connection.query_row("select status from etl_context_runs", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, "failed");
    let again = context.retry_phase().run_in(&mut connection, |load, transaction| {
        load.update_progress(Counts { conversations: 0, messages: 1 });
        transaction.execute("insert into target values (1)", [])?;
        Ok::<_, rusqlite::Error>(())
    });
    assert_eq!((rows(&connection), again.unwrap().0.status(Load)), (1, PhaseStatus::Completed));
}
