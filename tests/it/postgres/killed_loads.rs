//! A process that loads in the transaction that ends its phase is killed again and again: the rows are there if and only if the
//! phase has completed.

use std::hint::spin_loop;
use std::time::Duration;

use etl_context::{Etl, Extract, Load, PhaseStatus, PostgresJournal, PostgresRuns, Run, Transform, dict};
use postgres::{Client, NoTls};

use super::patience::{eventually, when_free};
use super::server::{TestDatabase, database};
use crate::child::{self, Child};
use crate::seeded::Seeded;

const KILLS: usize = 100;
const ROWS: i64 = 20;

/// More than a process gets through before it is killed.
const RUNS_OF_A_PROCESS: u32 = 30;

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

/// Lets a process load from this run on and kills it after some of them; returns the run that it was at.
fn kill(database: &TestDatabase, first: i64, chance: &mut Seeded) -> i64 {
    let mut child = Child::start(module_path!(), "loading_process", &format!("{}\n{first}", database.url()));
    let patience = usize::try_from(chance.below(6)).unwrap() + 1;
    let mut said: Vec<_> = std::iter::from_fn(|| child.hear()).take(patience).collect();
    (0..chance.below(100_000)).for_each(|_| spin_loop());
    child.kill();
    said.extend(std::iter::from_fn(|| child.hear()));
    child.end();
    let runs = said.iter().filter_map(|said| said.split_once(' ')?.1.parse::<i64>().ok());
    runs.max().unwrap_or(first)
}

/// Of the runs since the last kill: the rows are there if and only if the load has completed. Whether the latest load was hit.
fn agree(database: &TestDatabase) -> bool {
    let mut client = database.client();
    settle(&mut client);
    let runs = PostgresRuns::connect(database.url()).unwrap();
    let listed = runs.list_runs("import", RUNS_OF_A_PROCESS).unwrap();
    let loads: Vec<_> =
        listed.iter().map(|listed| (&listed.key, runs.read(listed.run_id).unwrap().unwrap().status("load"))).collect();
    for (key, status) in &loads {
        let key: i64 = key.parse().unwrap();
        let rows: i64 = client.query_one("select count(*) from target where run = $1", &[&key]).unwrap().get(0);
        assert_eq!(rows, if *status == PhaseStatus::Completed { ROWS } else { 0 }, "run {key}");
    }
    loads.first().is_some_and(|(_, status)| *status == PhaseStatus::Running)
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
    let (mut chance, mut run, mut hit) = (Seeded(11), 0, 0);
    for _ in 0..KILLS {
        let first = run;
        run = kill(&database, first, &mut chance);
        assert!(run - first < i64::from(RUNS_OF_A_PROCESS), "all runs of the process are looked at");
        hit += usize::from(agree(&database));
    }
    assert!(hit > KILLS / 4, "many kills are to hit a load; {hit} did");
    // The last process may have been at the next run already, and not have said so.
    for run in [run, run + 1] {
        load(&database.url(), run, &mut database.client(), |_| {});
    }
    assert!(!agree(&database), "a run that was hit goes on");
}
