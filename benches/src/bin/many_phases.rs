//! What the gate counts instructions of at n and at ten times as many: a run of many phases, and one whose statuses are set by hand
//! many times. The arguments are what is made many of, and how many.

use std::hint::black_box;

use etl_context::{EtlContext, Event, Journal, MemoryJournal, PhaseStatus, Run, RunRecord, RunSummary};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, number] = &arguments[..] else { panic!("what is made many of, and how many") };
    let number = number.parse().expect("a number");
    let events = match what.as_str() {
        "phases" => run(number, with_phase),
        "statuses" => run(number, with_status),
        _ => panic!("phases or statuses"),
    };
    let summary = read(&events).summary();
    black_box((html(&summary), markdown(&summary), json(&summary), trace(&summary), table(&summary)));
}

fn with_phase(run: &mut EtlContext, number: u32) {
    run.start_phase(&format!("phase-{number}"), None).unwrap();
    run.end_phase(()).unwrap();
}

fn with_status(run: &mut EtlContext, number: u32) {
    let status = if number % 2 == 0 { PhaseStatus::Completed } else { PhaseStatus::Pending };
    run.set_phase_status(&format!("phase-{}", number % 8), status).unwrap();
}

#[inline(never)]
#[unsafe(no_mangle)]
fn run(number: u32, step: fn(&mut EtlContext, u32)) -> Vec<Event> {
    let mut journal = MemoryJournal::new();
    let mut run = Run::builder("many").journal(journal.clone()).begin_dynamic().unwrap();
    (0..number).for_each(|number| step(&mut run, number));
    drop(run);
    journal.load().unwrap()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn read(events: &[Event]) -> RunRecord {
    RunRecord::replay(events).unwrap()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn html(summary: &RunSummary) -> String {
    summary.to_html()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn markdown(summary: &RunSummary) -> String {
    summary.to_markdown()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn json(summary: &RunSummary) -> String {
    serde_json::to_string(summary).unwrap()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn trace(summary: &RunSummary) -> String {
    summary.to_trace()
}

#[inline(never)]
#[unsafe(no_mangle)]
fn table(summary: &RunSummary) -> String {
    summary.to_string()
}
