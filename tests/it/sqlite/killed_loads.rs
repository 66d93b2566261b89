//! A process that loads in the transaction that ends its phase is killed again and again: the rows are there if and only if the
//! phase has completed.

use etl_context::{Entry, Etl, Extract, Load, PhaseStatus, Run, SqliteJournal, Transform, dict};
use rusqlite::Connection;

use super::database_file::DatabaseFile;
use crate::child::{self, Child};
use crate::killed_loads::{Loads, ROWS, RUNS_OF_A_PROCESS, kill};

/// Loads run after run, until it is killed: the run that is given first, then those after it. Every second one ends in a transaction of
/// its own, and the others in one around a closure.
#[test]
#[ignore = "the part of the process that is killed"]
fn loading_process() {
    let Some(given) = child::given() else { return };
    let [path, first] = given.lines().collect::<Vec<_>>()[..] else { panic!("{given}") };
    let mut connection = Connection::open(path).unwrap();
    for run in first.parse::<i64>().unwrap().. {
        load(path, run, &mut connection, |what| child::say(&format!("{what} {run}")));
    }
}

fn load(path: &str, run: i64, connection: &mut Connection, say: impl Fn(&str)) {
    let journal = SqliteJournal::open(path).unwrap().key(run.to_string());
    let context = Run::builder("import").journal(journal).begin::<Etl>().unwrap();
    let (extracted, ()) = context.phase(Extract).run(|_| Ok::<_, String>(())).unwrap();
    let (transformed, ()) = extracted.phase(Transform).run(|_| Ok::<_, String>(())).unwrap();
    let insert = |transaction: &Connection| {
        say("loading");
        let rows = (1..=ROWS).map(|row| transaction.execute("insert into target values (?1, ?2)", [run, row]));
        let rows = rows.sum::<rusqlite::Result<usize>>();
        say("committing");
        rows
    };
    if run % 2 == 0 {
        let load = transformed.phase(Load);
        let loaded = load.run_in(connection, |_, transaction| insert(transaction).map(|rows| dict! { "rows": rows }));
        drop(loaded.unwrap());
    } else if let Entry::Vacant(load) = transformed.enter(Load).unwrap() {
        let load = load.start().unwrap();
        let transaction = connection.transaction().unwrap();
        let rows = insert(&transaction).unwrap();
        let end = load.complete_in(&transaction, dict! { "rows": rows }).unwrap();
        transaction.commit().unwrap();
        drop(end.committed().unwrap());
    }
    say("loaded");
}

impl Loads for DatabaseFile {
    fn start(&self, first: i64) -> Child {
        Child::start(module_path!(), "loading_process", &format!("{}\n{first}", self.given()))
    }

    fn load(&self, run: i64) {
        load(self.given(), run, &mut self.connection(), |_| {});
    }

    fn loads(&self) -> Vec<(i64, PhaseStatus)> {
        let connection = self.connection();
        let mut latest = connection.prepare("select key from etl_context_runs order by run_id desc limit ?1").unwrap();
        let keys = latest.query_map([RUNS_OF_A_PROCESS], |row| row.get(0)).unwrap().collect::<Result<Vec<String>, _>>().unwrap();
        let rows =
            |key: &String| connection.query_row("select count(*) from target where run = ?1", [key], |row| row.get(0)).unwrap();
        keys.iter().map(|key| (rows(key), self.record(key).unwrap().status("load"))).collect()
    }
}

#[test]
fn the_rows_and_the_end_of_the_phase_agree_after_every_one_of_a_hundred_kills() {
    let database = DatabaseFile::on_disk();
    drop(database.open());
    database.change("create table target (run integer, row integer, primary key (run, row))");
    kill(100, &database);
}
