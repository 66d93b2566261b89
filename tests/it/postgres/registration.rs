//! Parts are registered in the run and on the board, or in neither.

use std::time::Duration;

use etl_context::{
    Context, Counts, DbConfig, Error, Etl, Extract, Part, PostgresJournal, PostgresRuns, PostgresWorker, Run, Running,
};

use super::patience::eventually;
use super::server::{TestDatabase, database};

fn extracting(config: DbConfig, lease: Duration) -> Context<Running<Extract>> {
    let journal = PostgresJournal::connect(config).unwrap().lease(lease);
    Run::builder("import").journal(journal).begin::<Etl>().unwrap().start(Extract).unwrap()
}

const LONG: Duration = Duration::from_secs(30);

#[allow(clippy::unnecessary_wraps, reason = "the work of a part can fail")]
fn count_one(part: &mut Part<'_>) -> Result<(), String> {
    part.update_progress(Counts { conversations: 1, messages: 1 });
    Ok(())
}

fn is_recorded_as_it_is(database: &TestDatabase, extract: &Context<Running<Extract>>) {
    let runs = PostgresRuns::connect(database.config()).unwrap();
    assert_eq!(runs.read(extract.record().run_id()).unwrap().as_ref(), Some(extract.record()));
}

#[test]
fn parts_that_cannot_be_on_the_board_are_not_in_the_run() {
    let Some(database) = database() else { return };
    drop(PostgresJournal::connect(database.config()).unwrap());
    let role = database.role("secret");
    let privileges = "usage on schema etl_context; select on all tables in schema etl_context; \
                      insert, update on etl_context.runs, etl_context.events; usage on etl_context.claims";
    let grant = |privilege: &str| database.client().batch_execute(&format!("grant {privilege} to {}", role.0)).unwrap();
    privileges.split("; ").for_each(grant);
    let mut extract = extracting(database.config_of(&role, "secret"), LONG);
    let error = extract.parts(["2024-01"]).unwrap_err();
    assert!(error.to_string().ends_with("permission denied for table parts (SQLSTATE 42501)"), "{error}");
    assert!(error.to_string().contains("the event `parts_registered` of run `import` was not recorded"), "{error}");
    is_recorded_as_it_is(&database, &extract);

    grant("insert, update, delete on etl_context.parts");
    let parts = extract.parts(["2024-01"]).unwrap();
    assert_eq!(parts.work(count_one).unwrap(), 1);
    parts.finish().unwrap();
    is_recorded_as_it_is(&database, &extract);
}

/// So long that it would not fit into an index, and one that is as long as it may be. Letters without a pattern cannot be compressed.
#[test]
fn a_name_is_as_long_as_every_board_can_keep_it() {
    let Some(database) = database() else { return };
    let mut extract = extracting(database.config(), LONG);
    let mut chance = crate::seeded::Seeded(5);
    let longest: String = (0..1_000).map(|_| char::from(b' ' + u8::try_from(chance.below(94)).unwrap())).collect();
    let error = extract.parts([longest.clone() + "x"]).unwrap_err();
    assert!(matches!(error, Error::InvalidParts { .. }), "{error}");
    assert!(error.to_string().ends_with("` has 1001 bytes, and the name of a part has at most 1000"), "{error}");
    let parts = extract.parts([longest]).unwrap();
    assert_eq!(parts.work(count_one).unwrap(), 1);
    parts.finish().unwrap();
    is_recorded_as_it_is(&database, &extract);
}

/// As another process on another host fails it, of which the one that runs the phase has not heard yet.
#[test]
fn a_part_that_failed_elsewhere_stays_so_when_the_parts_are_registered_again() {
    let Some(database) = database() else { return };
    let mut extract = extracting(database.config(), LONG);
    drop(extract.parts(["2024-01", "2024-02"]).unwrap());
    let worker = PostgresWorker::connect(database.config(), "import").unwrap();
    let completed = worker.work(Extract, |part| if part.name() == "2024-01" { Err("no such file") } else { Ok(()) });
    assert_eq!(completed.unwrap(), 1);
    let parts = extract.parts(["2024-01", "2024-02"]).unwrap();
    assert_eq!(parts.work(count_one).unwrap(), 0);
    let error = parts.finish().unwrap_err();
    assert!(error.to_string().ends_with("have not completed: `2024-01`: no such file"), "{error}");

    // In the next attempt it is worked on again.
    let mut extract = extract.fail(&error).unwrap().retry().unwrap();
    let parts = extract.parts(["2024-01", "2024-02"]).unwrap();
    assert_eq!(parts.work(count_one).unwrap(), 1);
    parts.finish().unwrap();
}

/// As a transaction that ends a part keeps its row.
#[test]
fn a_part_whose_row_is_locked_keeps_no_other_one_from_being_renewed() {
    const ENDS: &str = "select extract(epoch from expires)::float8 from etl_context.parts where part = '2024-02'";
    let Some(database) = database() else { return };
    let mut extract = extracting(database.config(), Duration::from_secs(1));
    let parts = extract.parts(["2024-01", "2024-02"]).unwrap();
    let (first, second) = (parts.claim().unwrap().unwrap(), parts.claim().unwrap().unwrap());
    let (mut locking, mut client) = (database.client(), database.client());
    let mut transaction = locking.transaction().unwrap();
    transaction.execute("select from etl_context.parts where part = '2024-01' for update", &[]).unwrap();
    let mut ends = || client.query_one(ENDS, &[]).unwrap().get::<_, f64>(0);
    let claimed = ends();
    eventually("the lease has been renewed for longer than it lasts", || (ends() > claimed + 1.5).then_some(()));
    transaction.rollback().unwrap();
    assert!(!first.is_cancelled() && !second.is_cancelled());
    first.complete().unwrap();
    second.complete().unwrap();
    parts.finish().unwrap();
}
