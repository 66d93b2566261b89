//! What somebody has changed in the tables is refused by run and event number, and nothing is skipped.

use etl_context::{Journal, JournalError, PostgresJournal, PostgresRuns, Run, RunId};

use super::server::{TestDatabase, database};

fn journal(database: &TestDatabase) -> PostgresJournal {
    PostgresJournal::connect(database.url()).unwrap().key("import")
}

/// A run of five events, 0 to 4.
fn recorded(database: &TestDatabase) -> RunId {
    let mut run = Run::builder("import").journal(journal(database)).begin_dynamic().unwrap();
    run.start_phase("extract", None).unwrap();
    run.checkpoint(&1).unwrap();
    run.checkpoint(&2).unwrap();
    run.end_phase(()).unwrap();
    run.record().run_id()
}

/// What the owner of the run, and whoever reads it, is told after this change.
fn told(change: &str) -> Option<(RunId, Vec<JournalError>)> {
    let database = database()?;
    let run = recorded(&database);
    assert!(database.client().execute(change, &[]).unwrap() > 0, "{change}");
    let runs = PostgresRuns::connect(database.url()).unwrap();
    Some((run, vec![journal(&database).load().unwrap_err(), runs.read(run).unwrap_err()]))
}

fn is_refused(change: &str, event: u64, reason: &str) {
    let Some((run, errors)) = told(change) else { return };
    for error in errors {
        let expected = format!("run {run} is damaged: its event {event} {reason}");
        assert!(error.to_string().starts_with(&expected), "{change}: {error} does not start with {expected}");
        assert!(error.to_string().contains("restore the table `etl_context.events` from a copy"), "{error}");
    }
}

#[test]
fn a_line_that_was_changed() {
    is_refused("update etl_context.events set line = replace(line, 'extract', 'Extract') where seq = 1", 1, "does not match");
    is_refused("update etl_context.events set line = '' where seq = 4", 4, "does not match its checksum");
}

#[test]
fn an_event_that_is_missing() {
    for seq in 0..=4 {
        is_refused(&format!("delete from etl_context.events where seq = {seq}"), seq, "is missing");
    }
    is_refused("delete from etl_context.events where seq > 2", 3, "is missing");
    is_refused("delete from etl_context.events", 0, "is missing");
}

#[test]
fn a_sequence_number_that_was_changed() {
    is_refused("update etl_context.events set seq = 40 where seq = 4", 4, "is missing");
    is_refused("update etl_context.events set seq = 5 where seq = 2", 2, "is missing");
    is_refused("update etl_context.events set seq = seq + 1 where seq = 4", 4, "is missing");
    is_refused("update etl_context.events set seq = seq - 10 where seq = 4", 4, "is missing");
}

#[test]
fn events_that_have_changed_places() {
    let swap = "update etl_context.events as one set line = other.line from etl_context.events as other
        where one.seq in (2, 3) and other.seq = 5 - one.seq";
    is_refused(swap, 2, "has the sequence number 3");
}

#[test]
fn an_event_too_many() {
    is_refused("update etl_context.runs set events = 4", 4, "is one too many");
    let again = "insert into etl_context.events select run_id, 5, epoch, time, event, phase, status, line
        from etl_context.events where seq = 4";
    is_refused(again, 5, "has the sequence number 4");
}

#[test]
fn a_run_that_is_damaged_does_not_harm_the_others() {
    let Some(database) = database() else { return };
    let run = recorded(&database);
    let other = Run::builder("other").journal(PostgresJournal::connect(database.url()).unwrap()).begin_dynamic().unwrap();
    database
        .client()
        .execute("delete from etl_context.events where seq = 4 and run_id = $1::text::uuid", &[&run.to_string()])
        .unwrap();
    let runs = PostgresRuns::connect(database.url()).unwrap();
    assert_eq!(runs.read(other.record().run_id()).unwrap().as_ref(), Some(other.record()));
    let listed: Vec<_> = runs.list_runs(None, 10).unwrap().into_iter().map(|run| run.name).collect();
    assert_eq!(listed, ["other", "import"]);
}
