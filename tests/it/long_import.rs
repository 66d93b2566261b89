//! An import of three phases that can go on from any of its rows, for processes that are killed in the middle of it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use etl_context::{Counts, Etl, Extract, Journal, Load, Phase, PhaseResult, Run, RunningPhase, Transform};
use serde::{Deserialize, Serialize};

/// Rows in each phase; every one is a unit of work with a checkpoint of its own.
pub(crate) const ROWS: u64 = 150;

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// How far a phase is, and what came out of it so far.
#[derive(Serialize, Deserialize)]
pub(crate) struct Cursor {
    pub(crate) rows: u64,
    pub(crate) sum: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sum {
    pub(crate) sum: u64,
}

impl PhaseResult for Sum {}

/// What the import accepted, told as soon as it is: `checkpoint load 2 17`, `ended load`.
pub(crate) trait Told {
    fn told(&mut self, what: &str);
}

impl<F: FnMut(&str)> Told for F {
    fn told(&mut self, what: &str) {
        self(what);
    }
}

/// Runs the import, or goes on with it; `target` is where it loads to.
pub(crate) fn import(journal: impl Journal + 'static, target: &Path, told: &mut impl Told) -> Result<Sum, Failure> {
    import_by(journal, told, |load, told, seed| load_rows(load, told, ROWS, seed, target))
}

/// The same, with a load of its own, which is told with what its sum begins.
pub(crate) fn import_by<T: Told>(
    journal: impl Journal + 'static,
    told: &mut T,
    load: impl FnOnce(&mut RunningPhase<'_, Load>, &mut T, u64) -> Result<Sum, Failure>,
) -> Result<Sum, Failure> {
    let context = Run::builder("long import").journal(journal).begin::<Etl>()?;
    told.told("opened");
    let (extracted, sum) = context.phase(Extract).run(|extract| rows(extract, told, ROWS, 1, |_, _| Ok(())))?;
    told.told("ended extract");
    let (transformed, sum) = extracted.phase(Transform).run(|transform| rows(transform, told, ROWS, sum.sum, |_, _| Ok(())))?;
    told.told("ended transform");
    let (loaded, sum) = transformed.phase(Load).run(|phase| load(phase, told, sum.sum))?;
    told.told("ended load");
    assert_eq!(loaded.report().result().unwrap()["sum"], sum.sum);
    Ok(sum)
}

/// Loads so many rows.
pub(crate) fn load_rows<Ph: Phase<Counters = Counts>>(
    phase: &mut RunningPhase<'_, Ph>,
    told: &mut impl Told,
    count: u64,
    seed: u64,
    target: &Path,
) -> Result<Sum, Failure> {
    let mut table = OpenOptions::new().create(true).append(true).open(target)?;
    rows(phase, told, count, seed, |row, sum| {
        // One write, so that a row is there or not: the commit of this target.
        Ok(table.write_all(format!("{row} {sum}\n").as_bytes())?)
    })
}

/// Goes through so many rows, or on with them.
pub(crate) fn rows<Ph: Phase<Counters = Counts>>(
    phase: &mut RunningPhase<'_, Ph>,
    told: &mut impl Told,
    count: u64,
    seed: u64,
    mut load: impl FnMut(u64, u64) -> Result<(), Failure>,
) -> Result<Sum, Failure> {
    rows_by(phase, told, count, seed, |phase, row, cursor| {
        load(row, cursor.sum)?;
        Ok(phase.checkpoint(cursor)?)
    })
}

/// The same, where each row is recorded as it is loaded.
pub(crate) fn rows_by<Ph: Phase<Counters = Counts>>(
    phase: &mut RunningPhase<'_, Ph>,
    told: &mut impl Told,
    count: u64,
    seed: u64,
    mut load: impl FnMut(&mut RunningPhase<'_, Ph>, u64, &Cursor) -> Result<(), Failure>,
) -> Result<Sum, Failure> {
    let mut cursor = phase.resume_point()?.unwrap_or(Cursor { rows: 0, sum: seed });
    while cursor.rows < count {
        cursor.sum = cursor.sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(cursor.rows);
        cursor.rows += 1;
        phase.update_progress(Counts { conversations: 0, messages: 1 });
        load(phase, cursor.rows - 1, &cursor)?;
        told.told(&format!("checkpoint {} {}", Ph::NAME, cursor.rows));
    }
    Ok(Sum { sum: cursor.sum })
}

/// The rows in the target, each once: a row that was loaded twice has the same key.
pub(crate) fn loaded(target: &Path) -> Vec<String> {
    let mut rows: Vec<_> = fs::read_to_string(target).unwrap().lines().map(str::to_owned).collect();
    rows.sort();
    rows.dedup();
    rows
}
