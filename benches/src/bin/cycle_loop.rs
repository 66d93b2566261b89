//! One kind of cycle many times, for `callgrind` and `perf`: `typed`, `dynamic`, `map`, `journal` or `hand`, and how many.

use std::io;

use etl_context::{EtlContext, FileJournal, Run, Storage};
use etl_context_benches::by_hand::Tracker;
use etl_context_benches::cycle::{self, Again, Work};

/// Cycles in one run.
const CYCLES: u32 = 200;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().expect("the first word is the kind of cycle");
    let runs = arguments.next().and_then(|runs| runs.parse().ok()).unwrap_or(1);
    for _ in 0..runs {
        run(&kind);
    }
}

fn run(kind: &str) {
    let cycles = 0..CYCLES;
    match kind {
        "typed" => drop(cycles.fold(cycle::begun(), |context, _| cycle::typed(context))),
        "dynamic" => {
            let mut context = EtlContext::new("again");
            cycles.for_each(|_| drop(cycle::dynamic(&mut context)));
        }
        "map" => {
            let mut context = EtlContext::new("again");
            cycles.for_each(|_| drop(cycle::dynamic_with_dict(&mut context)));
        }
        "journal" => {
            let journal = FileJournal::with_storage("nowhere", Nowhere).unwrap();
            let begun = Run::builder("again").journal(journal).begin::<Again>().unwrap();
            let begun = begun.start(Work).unwrap().complete(()).unwrap();
            drop(cycles.fold(begun, |context, _| context.start(Work).unwrap().complete(()).unwrap()));
        }
        "hand" => {
            let mut tracker = Tracker::new();
            cycles.for_each(|_| drop(cycle::by_hand(&mut tracker)));
        }
        other => panic!("there is no kind of cycle called {other}"),
    }
}

/// A disk that forgets, so that what is left is what the journal does.
#[derive(Debug)]
struct Nowhere;

impl Storage for Nowhere {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn append(&mut self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn cut(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }
}
