//! An import that commits each row with its checkpoint is killed again and again: no row is there twice, and none is left out.

use std::path::PathBuf;

use etl_context::{PostgresJournal, RunRecord};
use postgres::{Client, NoTls};

use super::import::{PostgresPlace, journal};
use super::patience::when_free;
use super::server::database;
use crate::child::{self, Child};
use crate::disturbed_import::{Place, disturb};
use crate::long_import::{Sum, Told, import_by, rows_by};

#[test]
#[ignore = "the part of the process that is killed"]
fn killed_process() {
    let Some(given) = child::given() else { return };
    let [url, key, _] = given.lines().collect::<Vec<_>>()[..] else { panic!("{given}") };
    import(url, key, &mut |what: &str| child::say(what));
    child::say("finished");
}

/// Without a key in the table, a row that is loaded twice is there twice.
fn import(url: &str, key: &str, told: &mut impl Told) -> Sum {
    let mut client = Client::connect(url, NoTls).unwrap();
    let load = import_by(journal(url, key).and_then(when_free).unwrap(), told, |load, told, seed| {
        rows_by(load, told, PlaceWithRows::ROWS, seed, |load, row, cursor| {
            let mut transaction = client.transaction()?;
            let insert = "insert into target (key, row, sum) values ($1, $2, $3)";
            transaction.execute(insert, &[&key, &i64::try_from(row)?, &cursor.sum.to_string()])?;
            Ok(load.checkpoint_in(transaction, cursor)?)
        })
    });
    load.unwrap()
}

struct PlaceWithRows<'a>(PostgresPlace<'a>);

impl PlaceWithRows<'_> {
    fn key(&self) -> String {
        self.0.given().lines().nth(1).unwrap().to_owned()
    }
}

impl Place for PlaceWithRows<'_> {
    type Journal = PostgresJournal;

    fn import(&self) -> Sum {
        import(&self.0.database.url(), &self.key(), &mut |_: &str| {})
    }

    fn start(&self) -> Child {
        Child::start(module_path!(), "killed_process", &self.0.given())
    }

    fn open(&self) -> PostgresJournal {
        self.0.open()
    }

    fn record(&self) -> Option<RunRecord> {
        self.0.record()
    }

    fn target(&self) -> PathBuf {
        self.0.target()
    }

    fn loaded(&self) -> Vec<String> {
        let rows = "select row || ' ' || sum from target where key = $1 order by number";
        let rows = self.0.database.client().query(rows, &[&self.key()]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

#[test]
fn an_import_in_batches_that_is_killed_fifty_times_loads_each_row_once() {
    let Some(database) = database() else { return };
    let target = "create table target (number bigint generated always as identity, key text, row bigint, sum text)";
    database.client().batch_execute(target).unwrap();
    disturb(50, || PlaceWithRows(PostgresPlace::new(&database)), |_, child| child.kill());
}
