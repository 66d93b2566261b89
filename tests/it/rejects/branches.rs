//! Several branches reject into one file, and each has the counts of its own attempt.

use std::fs;
use std::thread;

use etl_context::{Context, Idle, pipeline};
use serde_json::Value;

use super::rejected_rows::Place;
use crate::durable::journal_file::JournalFile;

pipeline! {
    Both {
        Left = "left" after Idle;
        Right = "right" after Idle;
        Merge = "merge" after (Left, Right);
    }
}

fn open(place: &Place) -> Context<Idle, Both> {
    place.builder().begin().unwrap()
}

fn rows_of(place: &Place, phase: &str) -> Vec<Value> {
    let lines = place.lines().into_iter().filter(|line| line["phase"] == phase);
    lines.map(|line| line["row"].clone()).collect()
}

#[test]
fn branches_reject_at_once_and_each_counts_its_own() {
    let place = Place::new();
    let row = "x".repeat(500);
    let (joined, _) = open(&place)
        .phases((Left, Right))
        .run((
            |left| (0..2_000).try_for_each(|at| left.reject(&format!("{at} {row}"), "left")),
            |right| (0..1_000).try_for_each(|at| right.reject(&format!("{at} {row}"), "right")),
        ))
        .unwrap();
    let rejected = |phase: &str| joined.record().phase(phase).unwrap().latest_report().unwrap().rejected().clone();
    assert_eq!((rejected("left").rows(), rejected("right").rows()), (2_000, 1_000));
    assert_eq!((rows_of(&place, "left").len(), rows_of(&place, "right").len()), (2_000, 1_000));
    let merge = joined.phase(Merge).run(|merge| merge.reject(&1, "odd")).unwrap().0;
    assert_eq!(merge.report().rejected().rows(), 1);
    assert_eq!(place.lines().len(), 3_001);
}

/// What one branch has written before the other one's checkpoint is in the file, and of no attempt that is told of.
#[test]
fn after_a_crash_each_branch_has_the_rows_up_to_its_own_checkpoint() {
    let place = Place::new();
    let [left, right] = open(&place).fork();
    let (mut left, mut right) = (left.start(Left).unwrap(), right.start(Right).unwrap());
    let row = "x".repeat(1_000);
    left.reject(&"first", "odd").unwrap();
    left.checkpoint(&1).unwrap();
    (0..100).for_each(|_| left.reject(&row, "left").unwrap());
    right.reject(&"second", "odd").unwrap();
    right.checkpoint(&1).unwrap();
    (0..100).for_each(|_| right.reject(&row, "right").unwrap());
    let crashed = Place(JournalFile::with(place.0.bytes()));
    fs::write(crashed.rejects(), fs::read(place.rejects()).unwrap()).unwrap();
    assert!(rows_of(&crashed, "left").len() > 50, "between those of which a checkpoint tells");

    let [again, other] = open(&crashed).fork();
    assert_eq!((rows_of(&crashed, "left"), rows_of(&crashed, "right")), (vec!["first".into()], vec!["second".into()]));
    let mut again = again.start(Left).unwrap();
    assert_eq!(again.resume_point::<u64>().unwrap(), Some(1));
    again.reject(&"third", "odd").unwrap();
    let again = again.complete(()).unwrap();
    assert_eq!((again.report().rejected().rows(), again.report().rejected().carried()), (2, 1));
    let other = other.start(Right).unwrap().complete(()).unwrap();
    assert_eq!(other.report().rejected().rows(), 0, "it has not taken up its checkpoint");
    assert_eq!((rows_of(&crashed, "left").len(), rows_of(&crashed, "right").len()), (2, 0));
}

/// A branch that is tried again takes out its own rows, and none of another one that runs.
#[test]
fn a_retry_beside_another_branch_leaves_its_rows_alone() {
    let place = Place::new();
    let [left, right] = open(&place).fork();
    let mut left = left.start(Left).unwrap();
    let rejecting = thread::spawn(move || {
        let mut right = right.start(Right).unwrap();
        for row in 0..300 {
            right.reject(&format!("{row} {}", "x".repeat(1_000)), "right").unwrap();
        }
        right.complete(()).unwrap()
    });
    for _ in 0..20 {
        left.reject(&1, "odd").unwrap();
        left = left.fail("no connection").unwrap().retry().unwrap();
    }
    left.reject(&1, "odd").unwrap();
    let left = left.complete(()).unwrap();
    let right = rejecting.join().unwrap();
    assert_eq!((rows_of(&place, "left").len(), rows_of(&place, "right").len()), (1, 300));
    drop(left.join(right).unwrap());
    assert_eq!(place.lines().len(), 301);
}
