//! An import whose process is killed again and again ends with the rows, and the rejected rows, of one that was not.

use std::fs::{self, OpenOptions};
use std::hint::spin_loop;
use std::io::Write;
use std::path::Path;

use etl_context::{Counts, Etl, Extract, FileJournal, Run, RunRecord, RunningPhase};
use serde_json::Value;

use super::rejected_rows::{Place, by_reason};
use crate::child::{self, Child};
use crate::durable::journal_file::JournalFile;
use crate::seeded::Seeded;

const ROWS: u64 = 600;
const REASONS: [&str; 3] = ["no sender", "no date", "too long"];

#[test]
#[ignore = "the part of the process that is killed"]
fn killed_process() {
    let Some(path) = child::given() else { return };
    import(Path::new(&path), &mut |said| child::say(said));
    child::say("finished");
}

/// A third of the rows is rejected, each with so much in it that many of them are written before a checkpoint tells of them.
fn import(journal: &Path, said: &mut dyn FnMut(&str)) {
    let folder = journal.parent().unwrap();
    let rejects = folder.join("rejects.jsonl");
    let context = Run::builder("import").journal(FileJournal::open(journal).unwrap()).rejects(rejects).begin::<Etl>().unwrap();
    let mut table = OpenOptions::new().create(true).append(true).open(folder.join("target")).unwrap();
    let rows = |extract: &mut RunningPhase<'_, Extract>| -> Result<(), etl_context::Error> {
        let done: u64 = extract.resume_point()?.unwrap_or(0);
        for row in done..ROWS {
            extract.update_progress(Counts { conversations: 0, messages: 1 });
            if row % 3 == 0 {
                extract.reject(&format!("{row} {}", "x".repeat(8_000)), REASONS[usize::try_from(row / 3 % 3).unwrap()])?;
            } else {
                table.write_all(format!("{row}\n").as_bytes()).unwrap();
            }
            if row % 40 == 39 {
                extract.checkpoint(&(row + 1))?;
                said("checkpoint");
            }
        }
        Ok(())
    };
    drop(context.phase(Extract).run(rows).unwrap());
}

/// What is left of an import: the rows in the target, the rejected ones, and what its report says of those.
fn left(place: &Place) -> (Vec<String>, Vec<Value>, String) {
    let mut target: Vec<_> = fs::read_to_string(place.0.folder().join("target")).unwrap().lines().map(str::to_owned).collect();
    target.sort();
    target.dedup();
    let rejected = place.lines().into_iter().map(|mut line| {
        line["run"].take();
        line["attempt"].take();
        line
    });
    let record = place.0.record();
    let report = record.phase("extract").unwrap().latest_report().unwrap().rejected();
    assert_eq!(place.lines().len() as u64, report.rows());
    let samples: Vec<_> = report.reasons().iter().map(|reason| reason.samples().to_vec()).collect();
    (target, rejected.collect(), format!("{:?} {samples:?}", by_reason(report)))
}

fn disturb(kills: usize) {
    let undisturbed = Place(JournalFile::on_disk());
    import(undisturbed.0.path(), &mut |_| {});
    let undisturbed = left(&undisturbed);
    let mut chance = Seeded(11);
    let (mut killed, mut interrupted) = (0, 0);
    while killed < kills {
        let place = Place(JournalFile::on_disk());
        while killed < kills && is_killed(&place, &mut chance) {
            killed += 1;
        }
        import(place.0.path(), &mut |_| {});
        assert!(left(&place) == undisturbed, "the same rows, the same rejected rows, each once");
        let record: RunRecord = place.0.record();
        interrupted += record.phase("extract").unwrap().attempts() - 1;
    }
    assert!(interrupted > kills / 3, "of {kills} kills {interrupted} hit a running phase");
}

/// False if the process has come to its end before.
fn is_killed(place: &Place, chance: &mut Seeded) -> bool {
    let mut process = Child::start(module_path!(), "killed_process", place.0.given());
    let heard: Vec<_> = (0..chance.below(6)).map_while(|_| process.hear()).collect();
    (0..chance.below(1_000_000)).for_each(|_| spin_loop());
    process.kill();
    let mut said = heard.into_iter().chain(std::iter::from_fn(|| process.hear()));
    let finished = said.any(|said| said == "finished");
    process.end();
    !finished
}

#[test]
fn an_import_that_is_killed_twenty_times_has_rejected_each_row_once() {
    disturb(20);
}

#[test]
#[ignore = "the same, scheduled"]
fn scheduled_kills_of_an_import_that_rejects_rows() {
    disturb(100);
}
