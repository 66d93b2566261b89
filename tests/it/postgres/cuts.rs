//! Wherever a connection is cut, nothing is lost, nothing is there twice, and nobody is told what is not so.

use std::time::{Duration, Instant};

use etl_context::Error;

use super::doubtful::Doubtful;
use crate::seeded::Seeded;

const CUTS: u64 = 100;

const LEASE: Duration = Duration::from_secs(10);

/// What no call takes longer than, beyond the lease.
const GRACE: Duration = Duration::from_secs(5);

/// As long as an event and its answer, and what a new connection says at first.
const LONGEST: u64 = 1_500;

#[test]
fn an_event_is_there_if_its_call_says_so_and_only_then() {
    cut(CUTS);
}

#[test]
#[ignore = "the same, scheduled"]
fn scheduled_cuts_tell_nothing_that_is_not_so() {
    cut(20 * CUTS);
}

/// What was told of the rows, in their order.
#[derive(Default)]
struct Told {
    recorded: Vec<u64>,
    refused: Vec<u64>,
    unknown: Vec<u64>,
}

fn cut(times: u64) {
    let Some(doubtful) = Doubtful::new() else { return };
    let (mut chance, mut told) = (Seeded(7), Told::default());
    let mut extract = doubtful.extracting(LEASE);
    for row in 0..times {
        // Some are refused when they come back, which does not pass.
        let is_refused = chance.below(10) == 0;
        if is_refused {
            doubtful.set(&format!("alter role {} nologin", doubtful.role.0));
        }
        doubtful.relay.cut_after(usize::try_from(chance.below(LONGEST)).unwrap());
        let begun = Instant::now();
        let outcome = extract.checkpoint(&row);
        assert!(begun.elapsed() < LEASE + GRACE, "row {row}");
        told.of(row, outcome);
        if is_refused {
            doubtful.set(&format!("alter role {} login", doubtful.role.0));
            drop(extract);
            extract = doubtful.extracting(LEASE);
        }
    }
    drop(extract);
    told.is_so(&doubtful.rows());
}

impl Told {
    fn of(&mut self, row: u64, outcome: Result<(), Error>) {
        match outcome {
            Ok(()) => self.recorded.push(row),
            Err(Error::Journal { source, .. }) if source.is_in_doubt() => self.unknown.push(row),
            Err(error) => {
                assert!(error.to_string().contains("was not recorded, so it has not happened"), "{error}");
                self.refused.push(row);
            }
        }
    }

    fn is_so(&self, rows: &[u64]) {
        assert!(rows.is_sorted_by(|row, next| row < next), "each row once, and in order");
        let is_there = |row: &u64| rows.binary_search(row).is_ok();
        assert!(self.recorded.iter().all(is_there), "what was accepted is there");
        assert!(!self.refused.iter().any(is_there), "what was refused is not there");
        let (recorded, unknown) = (self.recorded.len(), self.unknown.len());
        println!("{recorded} rows were recorded, {} refused, {unknown} are in doubt", self.refused.len());
        assert!(unknown > 0 && recorded > 5 * unknown, "{unknown} of {recorded} are in doubt");
    }
}
