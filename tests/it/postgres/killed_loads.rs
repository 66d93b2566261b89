//! A process that loads in the transaction that ends its phase is killed again and again: the rows are there if and only if the
//! phase has completed.

use std::time::Duration;

use etl_context::{Etl, Extract, Load, PhaseStatus, PostgresJournal, PostgresRuns, Run, Transform, dict};
use postgres::{Client, NoTls};

use super::patience::{eventually, when_free};
use super::server::{TestDatabase, database};
use crate::child::{self, Child};
use crate::killed_loads::{Loads, ROWS, RUNS_OF_A_PROCESS, kill};

/// Loads run after run, until it is killed: the run that is given first, then those after it.
#[test]
#[ignore = "the part of the process that is killed"]
fn loading_process() {
    let Some(given) = child::given() else { return };
    let [url, first] = given.lines().collect::<Vec<_>>()[..] else { panic!("{given}") };
    let mut client = Client::connect(url, NoTls).unwrap();
    for run in first.parse::<i64>().unwrap().. {
        load(url, run, &mut client, |what| child::say(&format!("{what} {run}")));
    }
}

fn load(url: &str, run: i64, client: &mut Client, say: impl Fn(&str)) {
    let lease = Duration::from_millis(50);
    let journal = PostgresJournal::connect(url).unwrap().key(run.to_string()).lease(lease);
    let context = Run::builder("import").journal(when_free(journal).unwrap()).begin::<Etl>().unwrap();
    let (extracted, ()) = context.phase(Extract).run(|_| Ok::<_, String>(())).unwrap();
    let (transformed, ()) = extracted.phase(Transform).run(|_| Ok::<_, String>(())).unwrap();
    let loaded = transformed.phase(Load).run_in(client, |_, transaction| {
        say("loading");
        let rows = transaction.execute("insert into target select $1, generate_series(1, $2::bigint)", &[&run, &ROWS])?;
        say("committing");
        Ok::<_, postgres::Error>(dict! { "rows": rows })
    });
    drop(loaded.unwrap());
    say("loaded");
}

impl Loads for TestDatabase {
    fn start(&self, first: i64) -> Child {
        Child::start(module_path!(), "loading_process", &format!("{}\n{first}", self.url()))
    }

    fn load(&self, run: i64) {
        load(&self.url(), run, &mut self.client(), |_| {});
    }

    fn loads(&self) -> Vec<(i64, PhaseStatus)> {
        let mut client = self.client();
        settle(&mut client);
        let runs = PostgresRuns::connect(self.url()).unwrap();
        let listed = runs.list_runs("import", RUNS_OF_A_PROCESS).unwrap();
        let mut load = |run: &etl_context::ListedRun| {
            let key: i64 = run.key.parse().unwrap();
            let rows = client.query_one("select count(*) from target where run = $1", &[&key]).unwrap().get(0);
            (rows, runs.read(run.run_id).unwrap().unwrap().status("load"))
        };
        listed.iter().map(&mut load).collect()
    }
}

/// What a process sent just before it died is done, or not, once the server has let go of its connections.
fn settle(client: &mut Client) {
    const OTHERS: &str = "
        select count(*) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'";
    eventually("the server has let go of the killed process", || {
        (client.query_one(OTHERS, &[]).unwrap().get::<_, i64>(0) == 0).then_some(())
    });
}

#[test]
fn the_rows_and_the_end_of_the_phase_agree_after_every_one_of_a_hundred_kills() {
    let Some(database) = database() else { return };
    database.client().batch_execute("create table target (run bigint, row bigint, primary key (run, row))").unwrap();
    kill(100, &database);
}
