//! A process that runs its pipeline night after night, with a journal each and everybody watching, does not grow.

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use etl_context::{
    Context, Counts, Etl, Event, Extract, FileJournal, Load, Observation, Observer, PhaseFailure, Run, RunBuilder, Transform,
    dict,
};
use tempfile::TempDir;

use crate::child::{self, Child};

/// In the gate. The others take minutes.
const NIGHTS: u64 = 500;
const SCHEDULED: u64 = 100_000;

#[derive(Clone, Default)]
struct Counting(Arc<AtomicU64>);

impl Observer for Counting {
    fn observe(&mut self, _: &Event, _: &Observation<'_>) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Everybody who can watch, and what they make of it goes nowhere.
fn watched(run: RunBuilder, counting: &Counting) -> RunBuilder {
    let run = run.observe(counting.clone());
    #[cfg(feature = "progress")]
    let run = run.observe(bars());
    #[cfg(feature = "tracing")]
    let run = run.observe(etl_context::Tracing::new());
    #[cfg(feature = "open-lineage")]
    let run = run.observe(etl_context::OpenLineage::to_writer(std::io::sink()));
    run
}

#[cfg(feature = "progress")]
fn bars() -> etl_context::ProgressBars {
    use indicatif::{InMemoryTerm, MultiProgress, ProgressDrawTarget};

    let terminal = Box::new(InMemoryTerm::new(20, 80));
    etl_context::ProgressBars::within(MultiProgress::with_draw_target(ProgressDrawTarget::term_like(terminal)))
}

/// With the feature `tracing`, for a subscriber that writes everything down and throws it away.
#[cfg(feature = "tracing")]
fn traced(nights: impl FnOnce()) {
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(std::io::sink).finish();
    tracing::subscriber::with_default(subscriber, nights);
}

#[cfg(not(feature = "tracing"))]
fn traced(nights: impl FnOnce()) {
    nights();
}

/// One run: every phase counts, one of them fails and is run again, and the journal goes as it came.
fn night(journal: &Path, counting: &Counting) {
    let run = Run::builder("nightly").metadata("operator", "night shift").journal(FileJournal::open(journal).unwrap());
    let context: Context = watched(run, counting).begin::<Etl>().unwrap();
    let (extracted, _) = context
        .phase(Extract)
        .run(|extract| {
            (0..20).for_each(|_| extract.update_progress(Counts { conversations: 1, messages: 20 }));
            extract.checkpoint(&dict! { "page": 20 })?;
            extract.record_error("a row was left out")?;
            Ok::<_, etl_context::Error>(dict! { "source": "export.tar" })
        })
        .unwrap();
    let failed = extracted.phase(Transform).run(|_| Err::<(), _>("no mapping")).map_err(PhaseFailure::into_parts);
    let Err(Ok((failed, _))) = failed else { panic!("the phase fails, and says so") };
    let transformed = failed.retry().unwrap().complete(dict! { "rows": 400 }).unwrap();
    let mut load = transformed.start(Load).unwrap();
    let mut worker = load.progress().worker();
    worker.add(Counts { conversations: 0, messages: 400 }).unwrap();
    load.update_progress(Counts { conversations: 20, messages: 0 });
    let loaded = load.complete(()).unwrap();
    assert!(loaded.summary().to_html().len() > loaded.summary().to_string().len());
    drop(loaded);
    fs::remove_file(journal).unwrap();
}

/// What the process has, as the system sees it: memory in use in kilobytes, and open files.
#[cfg(target_os = "linux")]
fn held() -> (u64, u64) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let resident = resident.trim().strip_suffix(" kB").unwrap().parse().unwrap();
    (resident, fs::read_dir("/proc/self/fd").unwrap().count() as u64)
}

/// In a process of its own, for other tests take memory and open files as well.
#[cfg(target_os = "linux")]
#[test]
#[ignore = "the part of the process that runs night after night"]
fn process_of_many_nights() {
    let Some(nights) = child::given() else { return };
    let nights: u64 = nights.parse().unwrap();
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { TempDir::new_in(memory) } else { TempDir::new() }.unwrap();
    let (journal, counting) = (folder.path().join("nightly.jsonl"), Counting::default());
    let run = |nights| (0..nights).for_each(|_| night(&journal, &counting));
    traced(|| {
        run(nights / 5);
        let (before, files_before) = held();
        run(nights - nights / 5);
        let (after, files_after) = held();
        child::say(&format!("{before} {files_before} {after} {files_after} {}", counting.0.load(Ordering::Relaxed)));
    });
}

/// Begun and ended, and the events of a night between: an extract of four, a transform of four, a load of two.
const EVENTS_OF_A_NIGHT: u64 = 11;

/// So much, in kilobytes, may an allocator keep that had less to keep before.
const SLACK: u64 = 1_024;

#[cfg(target_os = "linux")]
fn stay_flat(nights: u64) {
    let mut child = Child::start(module_path!(), "process_of_many_nights", &nights.to_string());
    let said = child.hear().expect("the process comes to its end");
    assert!(child.end().success());
    let figures: Vec<u64> = said.split(' ').map(|figure| figure.parse().unwrap()).collect();
    let &[before, files_before, after, files_after, events] = &figures[..] else { panic!("{said}") };
    println!("{nights} nights, {events} events: {before} kB and {files_before} files, then {after} kB and {files_after} files");
    assert_eq!(events, nights * EVENTS_OF_A_NIGHT);
    assert!(after <= before + SLACK, "{before} kB became {after} kB in {nights} nights");
    assert_eq!(files_after, files_before);
}

#[cfg(target_os = "linux")]
#[test]
fn a_process_of_many_nights_grows_neither_in_memory_nor_in_open_files() {
    stay_flat(NIGHTS);
}

#[cfg(target_os = "linux")]
#[test]
#[ignore = "the same, scheduled"]
fn scheduled_nights_grow_neither_in_memory_nor_in_open_files() {
    stay_flat(SCHEDULED);
}
