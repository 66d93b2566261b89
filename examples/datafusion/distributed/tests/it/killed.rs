//! Who is killed or hangs in the middle: a worker, or the coordinator.

use std::path::Path;
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use etl_context::{PhaseRecord, RunRecord, RunStatus};
use tempfile::TempDir;

use crate::processes::{MANY, addresses, in_the_middle_of, output};
use crate::seen::{attempts, count, record, rows};

/// What comes out where nobody is killed.
fn undisturbed() -> &'static Path {
    static ONCE: OnceLock<TempDir> = OnceLock::new();
    let folder = ONCE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        assert!(output(folder.path(), MANY, "none").status.success());
        folder
    });
    folder.path()
}

/// Each failed attempt of the run with its error, the sources behind it.
fn failures(record: &RunRecord) -> Vec<String> {
    let reports = record.phases().flat_map(PhaseRecord::reports);
    let failed = reports.filter_map(|report| Some((report, report.error()?)));
    let told = failed.map(|(report, error)| {
        let sources = error.sources().map(|source| format!(": {source}")).collect::<String>();
        format!("{} {}: {}{sources}", report.phase(), report.attempt(), error.message())
    });
    told.collect()
}

#[test]
fn a_worker_that_is_killed_fails_an_attempt_and_the_next_one_completes_on_the_other() {
    let (folder, mut workers, coordinator) = in_the_middle_of("sessions");
    workers[1].kill();
    let (succeeded, said) = coordinator.end();
    assert!(succeeded, "{said}");
    assert!(said.contains(&format!("left out: {}", workers[1].address)), "{said}");

    let record = record(folder.path());
    assert_eq!(record.run_status(), RunStatus::Completed);
    assert_eq!(attempts(&record, "sessions"), ["error", "completed"]);
    let failures = failures(&record);
    let expected = format!("sessions 1: the query failed on worker {}: ", workers[1].address);
    assert!(failures[0].starts_with(&expected), "{failures:?}");
    let first = &record.phase("sessions").unwrap().reports()[0];
    let read = first.tally().get("read").unwrap();
    assert!(0 < read && read <= MANY, "{read} rows were read before");
    assert_eq!(count(&record, "sessions", "read"), MANY);
    assert_eq!(rows(folder.path()), rows(undisturbed()));
}

/// Its connections stay open, so nobody but whoever asks it hears that it is gone.
#[test]
fn a_worker_that_hangs_is_left_out_as_one_that_died() {
    let (folder, workers, coordinator) = in_the_middle_of("sessions");
    workers[1].freeze();
    let (succeeded, said) = coordinator.end();
    assert!(succeeded, "{said}");
    assert!(said.contains(&format!("left out: {} (no answer within 5s)", workers[1].address)), "{said}");
    let record = record(folder.path());
    assert_eq!(attempts(&record, "sessions"), ["error", "completed"]);
    assert_eq!(failures(&record), [format!("sessions 1: worker {} has not answered for 5s", workers[1].address)]);
    assert_eq!(rows(folder.path()), rows(undisturbed()));
}

#[test]
fn a_coordinator_that_is_killed_goes_on_from_what_is_committed() {
    let (folder, workers, coordinator) = in_the_middle_of("words");
    coordinator.kill();

    let again = output(folder.path(), MANY, &addresses(&workers));
    assert!(again.status.success(), "{again:?}");
    let record = record(folder.path());
    for (phase, expected) in
        [("export", vec!["completed"]), ("sessions", vec!["completed"]), ("words", vec!["interrupted", "completed"])]
    {
        assert_eq!(attempts(&record, phase), expected, "{phase}");
    }
    assert_eq!(rows(folder.path()), rows(undisturbed()));
}

/// 20 runs, in each of which a worker is killed at some moment: after the first rows were read, and before the run would end.
#[test]
#[ignore = "takes minutes"]
fn scheduled_kills_of_a_worker() {
    let expected = rows(undisturbed());
    let longest = disturbed(None).1;
    let mut failed = 0;
    for kill in 0..20 {
        // Whatever the clock says is as good as random.
        let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
        let moment = longest * (nanoseconds / 1_000 % 1_000) / 1_000;
        let (folder, _) = disturbed(Some((moment, nanoseconds as usize / 1_000_000 % 2)));
        let record = record(folder.path());
        assert_eq!((record.run_status(), rows(folder.path()) == expected), (RunStatus::Completed, true), "kill {kill}");
        let failures = failures(&record);
        println!(
            "kill {kill:2} after {moment:?}: {}",
            if failures.is_empty() { "no query failed".to_owned() } else { failures.join("; ") }
        );
        failed += usize::from(!failures.is_empty());
    }
    println!("20 kills of a worker: 20 runs completed with equal rows, in {failed} of them an attempt failed");
}

/// A run of which a worker is killed so long after the first rows were read, and how long it took from there.
fn disturbed(kill: Option<(Duration, usize)>) -> (TempDir, Duration) {
    let (folder, mut workers, coordinator) = in_the_middle_of("sessions");
    let began = Instant::now();
    if let Some((moment, worker)) = kill {
        thread::sleep(moment);
        workers[worker].kill();
    }
    let (succeeded, said) = coordinator.end();
    assert!(succeeded, "{said}");
    (folder, began.elapsed())
}
