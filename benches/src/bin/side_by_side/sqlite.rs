//! What does a durable event cost in a SQLite database, beside its bare row and beside a journal file?

use std::path::Path;

use etl_context::{Completed, Context, FileJournal, Journal, Run, SqliteJournal};
use etl_context_benches::cycle::{Again, Work};
use etl_context_benches::measure::{Case, fastest, nanoseconds};
use etl_context_benches::table::{Table, Target};
use rusqlite::{Connection, params};
use tempfile::TempDir;

const ROUNDS: usize = 100;
/// Cycles in one sample: two events each.
const CYCLES: u32 = 10;

type AtRest = Context<Completed<Work>, Again>;

pub fn measure(table: &mut Table) {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let mut in_sqlite = Some(begin(SqliteJournal::open(folder.join("runs.db")).unwrap()));
    let mut in_file = Some(begin(FileJournal::open(folder.join("run.jsonl")).unwrap()));
    let bare = Connection::open(folder.join("bare.db")).unwrap();
    let lines = lines(folder);
    bare.execute_batch(
        "pragma journal_mode = wal; pragma synchronous = full;
         create table events (run text not null, seq integer not null, line text not null, primary key (run, seq));",
    )
    .unwrap();
    let mut sequence = 0;
    let mut insert = || {
        for line in &lines {
            sequence += 1;
            let mut statement = bare.prepare_cached("insert into events (run, seq, line) values (?1, ?2, ?3)").unwrap();
            statement.execute(params!["01a22bee-342b-7ace-929c-73d515dcd459", sequence, line]).unwrap();
        }
    };
    let cases: [Case<'_>; 3] = [
        Box::new(|| event(&mut in_sqlite)),
        Box::new(|| nanoseconds(CYCLES, &mut insert) / 2.0),
        Box::new(|| event(&mut in_file)),
    ];
    let [in_sqlite, bare, in_file] = fastest(ROUNDS, cases).map(|time| time / 1_000.0);
    table.row("a transition in SQLite", in_sqlite, "an `INSERT` of its line, committed", bare, "µs", Target::Told);
    table.row("a transition in SQLite", in_sqlite, "one in a journal file", in_file, "µs", Target::Told);
}

fn begin(journal: impl Journal) -> AtRest {
    Run::builder("durable").journal(journal).begin::<Again>().unwrap().start(Work).unwrap().complete(()).unwrap()
}

/// What one of the two events of a cycle takes.
fn event(context: &mut Option<AtRest>) -> f64 {
    let cycle = || {
        let work = context.take().unwrap().start(Work).unwrap();
        *context = Some(work.complete(()).unwrap());
    };
    nanoseconds(CYCLES, cycle) / 2.0
}

/// The two events of a cycle, as they stand in a journal.
fn lines(folder: &Path) -> Vec<String> {
    let journal = std::fs::read_to_string(folder.join("run.jsonl")).unwrap();
    journal.lines().skip(1).map(str::to_owned).collect()
}
