//! What the gate holds by counting: allocations, and what a journal asks of a disk.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use etl_context::{Context, Counts, Dictionary, EtlContext, Extract, FileJournal, PhaseReport, Run, Storage};
use etl_context_benches::cycle::{self, Again, Work};
use etl_context_benches::memory::taken;

fn main() {
    println!("allocations");
    hold("1,000 updates, typed", updates_typed(), 0);
    hold("1,000 updates, dynamic", updates_dynamic(), 0);
    hold("1,000 updates, shared", updates_shared(), 0);
    let map = taken(cycle::result).1.allocations;
    println!("  the caller's own result of four keys: {map}");
    hold("a cycle, typed, beside the caller's result", cycle_typed() - map, 1);
    hold("a cycle, dynamic, with the text of its result", cycle_dynamic(), 2);
    hold("a report into a kept buffer", report_into_buffer(), 0);
    println!("calls of a journal, by the event at which they are counted");
    for event in [10, 10_000] {
        let (writes, syncs) = calls_at(event);
        hold(&format!("writes at event {event}"), writes, 1);
        hold(&format!("syncs at event {event}"), syncs, 1);
    }
}

fn hold(what: &str, found: u64, most: u64) {
    println!("  {what}: {found}, at most {most}");
    assert!(found <= most, "{what}: {found} where at most {most} are allowed");
}

const COUNTS: Counts = Counts { conversations: 1, messages: 20 };

fn updates_typed() -> u64 {
    let mut context = Context::new("held").start(Extract).unwrap();
    taken(|| (0..1_000).for_each(|_| context.update_progress(COUNTS))).1.allocations
}

fn updates_dynamic() -> u64 {
    let mut context = EtlContext::new("held");
    context.start_phase("extract", None).unwrap();
    taken(|| (0..1_000).for_each(|_| context.update_progress(COUNTS).unwrap())).1.allocations
}

fn updates_shared() -> u64 {
    let context = Context::new("held").start(Extract).unwrap();
    let progress = context.progress();
    taken(|| (0..1_000).for_each(|_| progress.add(COUNTS))).1.allocations
}

/// A list of attempts grows now and then; most cycles meet it with room, and these are counted.
fn usual(mut cycle: impl FnMut() -> u64) -> u64 {
    (0..20).map(|_| cycle()).min().unwrap_or_default()
}

fn cycle_typed() -> u64 {
    let mut context = Some(cycle::begun());
    usual(|| {
        let (next, taken) = taken(|| context.take().map(cycle::typed));
        context = next;
        taken.allocations
    })
}

fn cycle_dynamic() -> u64 {
    let mut context = EtlContext::new("held");
    usual(|| taken(|| cycle::dynamic(&mut context)).1.allocations)
}

fn report_into_buffer() -> u64 {
    let context = Context::new("held").start_with(Extract, Counts { conversations: 5, messages: 100 }).unwrap();
    let result: Dictionary = cycle::result();
    let context = context.complete(result).unwrap();
    let report: &PhaseReport = context.report();
    let mut buffer = Vec::with_capacity(4_096);
    taken(|| serde_json::to_writer(&mut buffer, report).unwrap()).1.allocations
}

#[derive(Debug, Default, Clone)]
struct Disk(Arc<[AtomicU64; 2]>);

impl Storage for Disk {
    fn read(&mut self) -> io::Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        assert!(bytes.ends_with(b"\n"), "a line is written whole");
        self.0[0].fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0[1].fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn cut(&mut self, _: u64) -> io::Result<()> {
        unreachable!("nothing is torn")
    }
}

/// Writes and syncs that one event takes when there are so many before it.
fn calls_at(events: u64) -> (u64, u64) {
    let disk = Disk::default();
    let journal = FileJournal::with_storage("held", disk.clone()).unwrap();
    let begun = Run::builder("held").journal(journal).begin::<Again>().unwrap();
    let mut work = begun.start(Work).unwrap();
    while work.record().events() < events {
        work.checkpoint(&7).unwrap();
    }
    let counted = || [0, 1].map(|index| disk.0[index].load(Ordering::Relaxed));
    let before = counted();
    let done = work.complete(()).unwrap();
    let after = counted();
    drop(done);
    (after[0] - before[0], after[1] - before[1])
}
