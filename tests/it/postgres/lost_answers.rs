//! What the server has committed is known to have happened, although the connection broke before it could say so.

use etl_context::{
    Completed, Context, Counts, Etl, Extract, Load, PostgresJournal, PostgresRuns, PostgresWorker, Run, Transform,
};

use super::relay::Relay;
use super::server::{TestDatabase, database};

fn begun(relay: &Relay) -> Context {
    let journal = PostgresJournal::connect(relay.config()).unwrap();
    Run::builder("import").journal(journal).begin::<Etl>().unwrap()
}

fn transformed(context: Context) -> Context<Completed<Transform>> {
    context.start(Extract).unwrap().complete(()).unwrap().start(Transform).unwrap().complete(()).unwrap()
}

fn agrees<S>(database: &TestDatabase, context: &Context<S>) {
    let runs = PostgresRuns::connect(database.config()).unwrap();
    assert_eq!(runs.read(context.record().run_id()).unwrap().as_ref(), Some(context.record()));
}

#[test]
fn an_event_is_there_once() {
    let Some(database) = database() else { return };
    let relay = Relay::to(&database);
    let mut extract = begun(&relay).start(Extract).unwrap();
    extract.checkpoint(&1).unwrap();
    relay.lose_an_answer();
    extract.checkpoint(&2).unwrap();
    assert!(relay.has_lost_it());
    agrees(&database, &extract);
    extract.checkpoint(&3).unwrap();
    agrees(&database, &extract.complete(()).unwrap());
}

#[test]
fn a_phase_has_completed_in_its_transaction() {
    let Some(database) = database() else { return };
    let relay = Relay::to(&database);
    let mut client = relay.client();
    let load = transformed(begun(&relay)).start(Load).unwrap();
    let mut transaction = client.transaction().unwrap();
    let end = load.complete_in(&mut transaction, ()).unwrap();
    relay.lose_an_answer();
    assert!(transaction.commit().is_err());
    agrees(&database, &end.committed().unwrap());
}

#[test]
fn a_part_has_completed() {
    let Some(database) = database() else { return };
    let relay = Relay::to(&database);
    let mut extract = begun(&relay).start(Extract).unwrap();
    let parts = extract.parts(["2024-01", "2024-02", "2024-03"]).unwrap();
    let worker = PostgresWorker::connect(relay.config(), "import").unwrap();
    let completed = worker.work(Extract, |part| -> Result<(), String> {
        part.update_progress(Counts { conversations: 1, messages: 1 });
        if part.name() == "2024-02" {
            relay.lose_an_answer();
        }
        Ok(())
    });
    assert_eq!(completed.unwrap(), 3);
    assert!(relay.has_lost_it());
    parts.finish().unwrap();
    assert_eq!(extract.complete(()).unwrap().counts(), Counts { conversations: 3, messages: 3 });
}
