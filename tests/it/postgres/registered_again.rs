//! Parts that are registered again: the database follows what the run's record says of them.

use etl_context::{Counts, Error, EtlContext, Part, PostgresJournal, Run};

use super::server::{TestDatabase, database};

const MONTHS: [&str; 4] = ["2024-01", "2024-02", "2024-03", "2024-04"];

#[allow(clippy::unnecessary_wraps, reason = "the work of a part can fail")]
fn read_month(part: &mut Part<'_>) -> Result<(), String> {
    part.update_progress(Counts { conversations: 1, messages: part.name()[5..].parse().unwrap() });
    Ok(())
}

fn extracting(database: &TestDatabase) -> EtlContext {
    let journal = PostgresJournal::connect(database.config()).unwrap();
    let mut context = Run::builder("import").journal(journal).begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    context
}

fn start_again(context: &mut EtlContext) {
    context.fail_phase(&Error::Stopped).unwrap();
    context.start_phase("extract", None).unwrap();
}

/// Then it is worked on in the next attempt, and not again in this one.
#[test]
fn a_part_that_failed_stays_so_when_the_parts_are_registered_again() {
    let Some(database) = database() else { return };
    let mut context = extracting(&database);
    let parts = context.parts::<Counts>(MONTHS).unwrap();
    parts.claim().unwrap().unwrap().fail("no such file").unwrap();
    drop(parts);
    let parts = context.parts(MONTHS).unwrap();
    assert_eq!(parts.work(read_month).unwrap(), 3);
    let error = parts.finish().unwrap_err();
    assert!(error.to_string().ends_with("have not completed: `2024-01`: no such file"), "{error}");
    start_again(&mut context);
    let parts = context.parts(MONTHS).unwrap();
    assert_eq!(parts.work(read_month).unwrap(), 1);
    parts.finish().unwrap();
    assert_eq!(context.end_phase(()).unwrap().counts().messages, 10);
}

/// As when a process dies after it has written to the journal that a part is none any more, and before the database forgets it.
#[test]
fn a_part_that_has_completed_and_that_the_record_has_open_is_recorded() {
    const NEVER: &str = "
        create function never() returns trigger language plpgsql as $$ begin raise exception 'never'; end $$;
        create trigger never before delete on etl_context.parts for each row execute function never()";
    let Some(database) = database() else { return };
    let mut context = extracting(&database);
    let parts = context.parts(["2024-01", "2024-02"]).unwrap();
    let mut part = parts.claim().unwrap().unwrap();
    read_month(&mut part).unwrap();
    part.complete().unwrap();
    drop(parts);
    start_again(&mut context);
    database.client().batch_execute(NEVER).unwrap();
    let error = context.parts::<Counts>(["2024-02"]).unwrap_err();
    assert!(matches!(error, Error::Journal { .. }), "{error}");
    database.client().batch_execute("drop trigger never on etl_context.parts").unwrap();
    start_again(&mut context);
    let parts = context.parts(["2024-01", "2024-02"]).unwrap();
    assert_eq!(parts.work(read_month).unwrap(), 1);
    parts.finish().unwrap();
    assert_eq!(context.end_phase(()).unwrap().counts().messages, 3);
}
