//! Ten times as many rejected rows take no more memory. `benches/` holds the same of a million of them.

use std::fs;

use etl_context::{Etl, Extract, Run};
use tempfile::TempDir;

use crate::child::{self, Child};

const ROWS: u32 = 100_000;

/// In kilobytes, as the system sees it.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    resident.trim().strip_suffix(" kB").unwrap().parse().unwrap()
}

/// In a process of its own, for other tests take memory as well.
#[test]
#[ignore = "the part of the process that rejects many rows"]
fn process_that_rejects() {
    let Some(path) = child::given() else { return };
    let mut extract = Run::builder("import").rejects(path).begin::<Etl>().unwrap().start(Extract).unwrap();
    for row in 0..ROWS {
        extract.reject(&(row, "a row like any other"), format!("reason {}", row % 50)).unwrap();
        if row == ROWS / 10 {
            child::say(&resident().to_string());
        }
    }
    child::say(&resident().to_string());
    assert_eq!(extract.complete(()).unwrap().report().rejected().rows(), u64::from(ROWS));
    child::say("completed");
}

#[test]
fn ten_times_as_many_rows_take_no_more() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rejects.jsonl");
    let mut process = Child::start(module_path!(), "process_that_rejects", path.to_str().unwrap());
    let [before, after] = [(); 2].map(|()| process.hear().unwrap().parse::<u64>().unwrap());
    assert_eq!(process.hear().as_deref(), Some("completed"));
    process.end();
    let rows = fs::read_to_string(path).unwrap();
    assert_eq!(rows.lines().count(), ROWS as usize);
    // What an allocator keeps differs by a megabyte from one machine to another; the rows themselves are more than ten.
    let kept = after.saturating_sub(before) * 1_024;
    let most = rows.len() as u64 / 4;
    assert!(kept < most, "{before} kB after a tenth of the rows, {after} kB after all, which are {} bytes", rows.len());
}
