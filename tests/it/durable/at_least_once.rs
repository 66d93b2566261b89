//! The target of a load and the journal are two stores: what one of them does not know yet is done again, never left out.

use std::collections::BTreeSet;

use etl_context::{Context, Error, Extract, Running};

use super::journal_file::JournalFile;
use super::nightly_run::open;

/// A target that takes whatever it is given: batches, each with the key that came with it.
type Target = Vec<(String, u64)>;

const BATCHES: u64 = 4;

fn running(file: &JournalFile) -> Context<Running<Extract>> {
    open(file).start(Extract).unwrap()
}

/// Loads batches up to this one. The process dies when it has loaded the last and has not said so yet.
fn load(extract: &mut Context<Running<Extract>>, target: &mut Target, last: u64) -> Result<(), Error> {
    let first = extract.resume_point()?.unwrap_or(1);
    for batch in first..=last {
        target.push((extract.idempotency_key(), batch));
        if batch < last {
            extract.checkpoint(&(batch + 1))?;
        }
    }
    Ok(())
}

/// What the target has after a process that died at each of these batches, and a last one that did not die.
fn loaded_by_processes_that_died_at(batches: &[u64]) -> Target {
    let (mut file, mut target) = (JournalFile::new(), Target::new());
    for last in batches {
        let mut extract = running(&file);
        load(&mut extract, &mut target, *last).unwrap();
        file = file.crashed();
    }
    let mut extract = running(&file);
    load(&mut extract, &mut target, BATCHES).unwrap();
    drop(extract.complete(()).unwrap());
    target
}

fn batches(target: &Target) -> Vec<u64> {
    target.iter().map(|(_, batch)| *batch).collect()
}

#[test]
fn a_batch_that_was_loaded_and_not_recorded_is_loaded_again() {
    assert_eq!(batches(&loaded_by_processes_that_died_at(&[])), [1, 2, 3, 4]);
    assert_eq!(batches(&loaded_by_processes_that_died_at(&[1])), [1, 1, 2, 3, 4]);
    assert_eq!(batches(&loaded_by_processes_that_died_at(&[2, 2, 3])), [1, 2, 2, 2, 3, 3, 4]);
    assert_eq!(batches(&loaded_by_processes_that_died_at(&[4])), [1, 2, 3, 4, 4]);
}

#[test]
fn a_batch_that_is_loaded_again_has_the_same_key() {
    let target = loaded_by_processes_that_died_at(&[2, 3]);
    let distinct: BTreeSet<_> = target.iter().collect();
    assert_eq!((target.len(), distinct.len()), (6, 4), "a target that knows its batches by their key keeps four");
}
