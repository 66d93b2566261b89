//! A run that extracts, a worker on its parts elsewhere, and what is recorded of it.

use etl_context::{Context, Etl, Extract, PostgresJournal, PostgresRuns, PostgresWorker, Run, RunRecord, Running};

use super::server::TestDatabase;

pub(super) fn extracting(database: &TestDatabase) -> Context<Running<Extract>> {
    let journal = PostgresJournal::connect(database.config()).unwrap();
    Run::builder("import").journal(journal).begin::<Etl>().unwrap().start(Extract).unwrap()
}

pub(super) fn worker(database: &TestDatabase) -> PostgresWorker {
    PostgresWorker::connect(database.config(), "import").unwrap()
}

pub(super) fn recorded(database: &TestDatabase) -> RunRecord {
    let runs = PostgresRuns::connect(database.config()).unwrap();
    let listed = runs.list_runs("import", 1).unwrap();
    runs.read(listed[0].run_id).unwrap().unwrap()
}
