//! What does a whole cycle cost, from the start of a phase to its end?

use std::hint::black_box;

use etl_context::EtlContext;
use etl_context_benches::by_hand::Tracker;
use etl_context_benches::cycle;
use etl_context_benches::measure::{Case, fastest, nanoseconds};
use etl_context_benches::table::{Table, Target};

use crate::machine;

const ROUNDS: usize = 400;
const CYCLES: u32 = 200;

/// Calls that take a value and give the next one.
fn chained<T>(first: T, mut call: impl FnMut(T) -> T) -> f64 {
    let mut value = Some(first);
    nanoseconds(CYCLES, || value = value.take().map(&mut call))
}

pub fn measure(table: &mut Table) {
    let cases: [Case<'_>; 7] = [
        Box::new(|| {
            let mut tracker = Tracker::new();
            nanoseconds(CYCLES, || drop(black_box(cycle::by_hand(&mut tracker))))
        }),
        Box::new(|| chained(machine::new_machine(), machine::by_machine)),
        Box::new(|| chained(cycle::begun(), cycle::typed)),
        Box::new(|| chained(cycle::begun(), cycle::typed_with_struct)),
        Box::new(|| {
            let mut context = EtlContext::new("again");
            nanoseconds(CYCLES, || drop(black_box(cycle::dynamic(&mut context))))
        }),
        Box::new(|| {
            let mut context = EtlContext::new("again");
            nanoseconds(CYCLES, || drop(black_box(cycle::dynamic_with_dict(&mut context))))
        }),
        Box::new(|| {
            let report = cycle::begun();
            nanoseconds(CYCLES, || drop(black_box(serde_json::to_value(report.report()).unwrap())))
        }),
    ];
    let [by_hand, machine, typed, typed_with_struct, dynamic, dynamic_with_dict, map] = fastest(ROUNDS, cases);
    let hand = "the same by hand";
    let by_machine = "the same by a `statum` machine";
    table.row("a cycle, typed, result a struct", typed_with_struct, hand, by_hand, "ns", Target::AtMost(1.2));
    table.row("a cycle, typed, result a struct", typed_with_struct, by_machine, machine, "ns", Target::AtMost(1.0));
    table.row("a cycle, typed, result a map", typed, hand, by_hand, "ns", Target::AtMost(1.2));
    table.row("a cycle, typed, result a map", typed, by_machine, machine, "ns", Target::AtMost(1.0));
    table.row("a cycle, dynamic, result a struct", dynamic, hand, by_hand, "ns", Target::AtMost(1.3));
    table.row("a cycle, dynamic, result a map", dynamic_with_dict, hand, by_hand, "ns", Target::AtMost(1.3));
    table.row("the map of a report, when asked for", map, "a whole cycle, typed, result a map", typed, "ns", Target::Told);
}
