//! An import that commits each row with its checkpoint is killed again and again: no row is there twice, and none is left out.

use std::path::PathBuf;

use etl_context::{RunRecord, SqliteJournal};
use rusqlite::Connection;

use super::database_file::DatabaseFile;
use crate::child::{self, Child};
use crate::disturbed_import::{Place, disturb};
use crate::long_import::{Sum, Told, import_by, rows_by};

#[test]
#[ignore = "the part of the process that is killed"]
fn killed_process() {
    let Some(path) = child::given() else { return };
    import(&path, &mut |what: &str| child::say(what));
    child::say("finished");
}

/// Without a key in the table, a row that is loaded twice is there twice.
fn import(path: &str, told: &mut impl Told) -> Sum {
    let mut connection = Connection::open(path).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    connection.execute_batch("create table if not exists target (row integer, sum text)").unwrap();
    let load = import_by(SqliteJournal::open(path).unwrap(), told, |load, told, seed| {
        rows_by(load, told, DatabaseWithRows::ROWS, seed, |load, row, cursor| {
            let transaction = connection.transaction()?;
            transaction.execute("insert into target values (?1, ?2)", (i64::try_from(row)?, cursor.sum.to_string()))?;
            Ok(load.checkpoint_in(transaction, cursor)?)
        })
    });
    load.unwrap()
}

struct DatabaseWithRows(DatabaseFile);

impl Place for DatabaseWithRows {
    type Journal = SqliteJournal;

    fn import(&self) -> Sum {
        import(self.0.given(), &mut |_: &str| {})
    }

    fn start(&self) -> Child {
        Child::start(module_path!(), "killed_process", self.0.given())
    }

    fn open(&self) -> SqliteJournal {
        Place::open(&self.0)
    }

    fn record(&self) -> Option<RunRecord> {
        Place::record(&self.0)
    }

    fn target(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    fn loaded(&self) -> Vec<String> {
        let connection = self.0.connection();
        let mut rows = connection.prepare("select row || ' ' || sum from target order by rowid").unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}

fn disturb_on_disk(kills: usize) {
    disturb(kills, || DatabaseWithRows(DatabaseFile::on_disk()), |_, child| child.kill());
}

#[test]
fn an_import_in_batches_that_is_killed_fifty_times_loads_each_row_once() {
    disturb_on_disk(50);
}

#[test]
#[ignore = "takes a while: .ci/scheduled"]
fn scheduled_imports_in_batches_that_are_killed_two_hundred_times_load_each_row_once() {
    disturb_on_disk(200);
}
