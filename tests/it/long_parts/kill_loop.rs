//! An import in long parts whose process is killed again and again ends with the rows, the rejected rows and the counts of one that was
//! not, and does again nothing that was acknowledged.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::hint::spin_loop;
use std::io::Write;
use std::path::Path;
use std::thread;

use etl_context::{Counts, Error, Etl, Extract, FileJournal, Part, Run};
use serde_json::Value;

use crate::child::{self, Child};
use crate::durable::journal_file::JournalFile;
use crate::rejects::rejected_rows::{Place, by_reason};
use crate::seeded::Seeded;

const PARTS: [&str; 5] = ["users", "orders", "prices", "events", "x \"y\""];
const ROWS: u64 = 120;

#[test]
#[ignore = "the part of the process that is killed"]
fn killed_process() {
    let Some(path) = child::given() else { return };
    import(Path::new(&path), &|said| child::say(said));
    child::say("finished");
}

/// A third of the rows is rejected, with so much in some of them that they are synced.
fn import(journal: &Path, said: &(dyn Fn(&str) + Sync)) {
    let folder = journal.parent().unwrap();
    let rejects = folder.join("rejects.jsonl");
    let context = Run::builder("import").journal(FileJournal::open(journal).unwrap()).rejects(rejects).begin::<Etl>().unwrap();
    let (extracted, ()) = context
        .phase(Extract)
        .run(|extract| -> Result<(), Error> {
            let parts = extract.parts(PARTS)?;
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| parts.work(|part| load(part, folder, said)).unwrap());
                }
            });
            parts.finish()
        })
        .unwrap();
    drop(extracted);
}

fn load(part: &mut Part<'_>, folder: &Path, said: &(dyn Fn(&str) + Sync)) -> Result<(), Error> {
    let number = PARTS.iter().position(|name| *name == part.name()).unwrap();
    let mut table = OpenOptions::new().create(true).append(true).open(folder.join(format!("target-{number}"))).unwrap();
    let done: u64 = part.resume_point()?.unwrap_or(0);
    said(&format!("{number} goes on from {done}"));
    for row in done..ROWS {
        part.update_progress(Counts { conversations: 0, messages: 1 });
        if row % 3 == 0 {
            let length = if row % 2 == 0 { 9_000 } else { 10 };
            part.reject(&format!("{row} {}", "x".repeat(length)), if row % 2 == 0 { "long" } else { "short" })?;
        } else {
            table.write_all(format!("{row}\n").as_bytes()).unwrap();
        }
        if row % 40 == 7 {
            part.record_error(&format!("row {row} is odd"))?;
        }
        if row % 30 == 29 {
            part.checkpoint(&(row + 1))?;
            said(&format!("{number} is at {}", row + 1));
        }
    }
    Ok(())
}

/// What is left of an import: the rows in each target, the rejected ones, the counts, and what is told of rejected rows and errors.
fn left(place: &Place) -> (Vec<Vec<u64>>, Vec<String>, String) {
    let targets = (0..PARTS.len()).map(|number| {
        let text = fs::read_to_string(place.0.folder().join(format!("target-{number}"))).unwrap();
        let mut rows: Vec<u64> = text.lines().filter_map(|row| row.parse().ok()).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    });
    let mut rejected: Vec<_> = place.lines().into_iter().map(without_attempt).map(|line| line.to_string()).collect();
    rejected.sort();
    let record = place.0.record();
    let report = record.phase("extract").unwrap().latest_report().unwrap();
    assert_eq!(place.lines().len() as u64, report.rejected().rows());
    let mut reasons = by_reason(report.rejected());
    reasons.sort_unstable();
    let mut errors = BTreeMap::<_, u32>::new();
    record.errors().iter().filter(|error| error.message().contains("is odd")).for_each(|error| {
        *errors.entry(error.message().to_owned()).or_default() += 1;
    });
    (targets.collect(), rejected, format!("{:?} {reasons:?} {errors:?}", report.counts()))
}

fn without_attempt(mut line: Value) -> Value {
    line["run"].take();
    line["attempt"].take();
    line
}

fn disturb(kills: usize) {
    let undisturbed = Place(JournalFile::on_disk());
    import(undisturbed.0.path(), &|_| {});
    let undisturbed = left(&undisturbed);
    let mut chance = Seeded(17);
    let (mut killed, mut interrupted) = (0, 0);
    while killed < kills {
        let place = Place(JournalFile::on_disk());
        let mut acknowledged = BTreeMap::new();
        while killed < kills && is_killed(&place, &mut chance, &mut acknowledged) {
            killed += 1;
        }
        import(place.0.path(), &|_| {});
        assert!(left(&place) == undisturbed, "the same rows, the same rejected rows and errors, each once");
        interrupted += place.0.record().phase("extract").unwrap().attempts() - 1;
    }
    assert!(interrupted > kills / 3, "of {kills} kills {interrupted} hit a running phase");
}

/// False if the process has come to its end before. No part goes on from before what was acknowledged.
fn is_killed(place: &Place, chance: &mut Seeded, acknowledged: &mut BTreeMap<String, u64>) -> bool {
    let mut process = Child::start(module_path!(), "killed_process", place.0.given());
    let heard: Vec<_> = (0..chance.below(14)).map_while(|_| process.hear()).collect();
    (0..chance.below(1_000_000)).for_each(|_| spin_loop());
    process.kill();
    let said = heard.into_iter().chain(std::iter::from_fn(|| process.hear())).collect::<Vec<_>>();
    for said in &said {
        if let Some((part, done)) = said.split_once(" is at ") {
            acknowledged.insert(part.to_owned(), done.parse().unwrap());
        } else if let Some((part, done)) = said.split_once(" goes on from ") {
            let least = acknowledged.get(part).copied().unwrap_or(0);
            assert!(done.parse::<u64>().unwrap() >= least, "{said}, where {least} was acknowledged");
        }
    }
    process.end();
    !said.contains(&"finished".to_owned())
}

#[test]
fn long_parts_that_are_killed_sixty_times_have_each_row_once() {
    disturb(60);
}

#[test]
#[ignore = "the same, scheduled"]
fn scheduled_kills_of_long_parts() {
    disturb(400);
}
