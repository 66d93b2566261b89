//! An event that the database refuses: tried again if the reason passes by itself, and else told at once.

use std::time::Duration;

use etl_context::{Context, Etl, Extract, PostgresJournal, PostgresRuns, Run, Running};

use super::server::{TestDatabase, database};

/// A sequence counts also what is rolled back.
const REFUSE: &str = "
    create sequence writes;
    create function refuse() returns trigger language plpgsql as $$ begin
        if nextval('public.writes') <= {times} then
            raise exception using errcode = '{code}', message = 'not now';
        end if;
        return new;
    end $$;
    create trigger refuse before insert on etl_context.events for each row execute function refuse()";

fn refuse(database: &TestDatabase, times: &str, code: &str) {
    database.client().batch_execute(&REFUSE.replace("{times}", times).replace("{code}", code)).unwrap();
}

fn extracting(database: &TestDatabase, lease: Duration) -> Context<Running<Extract>> {
    let journal = PostgresJournal::connect(database.config()).unwrap().lease(lease);
    Run::builder("import").journal(journal).begin::<Etl>().unwrap().start(Extract).unwrap()
}

fn agrees<S>(database: &TestDatabase, context: &Context<S>) {
    let runs = PostgresRuns::connect(database.config()).unwrap();
    assert_eq!(runs.read(context.record().run_id()).unwrap().as_ref(), Some(context.record()));
}

#[test]
fn it_is_tried_again_if_the_reason_passes_by_itself() {
    // A conflict, a deadlock, a server that is starting, and a connection that is gone.
    for code in ["40001", "40P01", "57P03", "08006"] {
        let Some(database) = database() else { return };
        let mut extract = extracting(&database, Duration::from_secs(30));
        refuse(&database, "2", code);
        extract.checkpoint(&1).unwrap();
        agrees(&database, &extract.complete(()).unwrap());
    }
}

#[test]
fn it_is_refused_otherwise_and_the_run_goes_on_when_the_reason_is_gone() {
    let Some(database) = database() else { return };
    let mut extract = extracting(&database, Duration::from_millis(300));
    refuse(&database, "1", "P0001");
    let error = extract.checkpoint(&1).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.ends_with(": not now (SQLSTATE P0001)"), "{source}");
    extract.checkpoint(&2).unwrap();
    agrees(&database, &extract.complete(()).unwrap());
}
