//! Who has something under a lease keeps it while the work goes on, because the lease is renewed at a third of its time.

use std::time::Duration;

use etl_context::{Etl, Journal, PostgresJournal, Run};

use super::server::{TestDatabase, database};

fn journal(database: &TestDatabase) -> PostgresJournal {
    PostgresJournal::connect(database.config()).unwrap()
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
