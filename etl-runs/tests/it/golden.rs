//! What people see, on lines of 80 and of 120 columns, is what it was.

use std::path::Path;
use std::{env, fs};

use tempfile::TempDir;

use crate::nights;
use crate::program::{Said, run_at};

#[track_caller]
fn compare(name: &str, columns: usize, said: &Said) {
    assert!(said.out.lines().all(|line| line.chars().count() <= columns), "{}", said.out);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{name}-{columns}.txt"));
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::create_dir_all(golden.parent().unwrap()).unwrap();
        fs::write(&golden, &said.out).unwrap();
    }
    assert_eq!(said.out, fs::read_to_string(&golden).unwrap_or_default(), "it is not {}", golden.display());
}

#[track_caller]
fn is_golden(name: &str, arguments: &[&str], code: i32) {
    let folder = TempDir::new().unwrap();
    nights::write(folder.path());
    for columns in [80, 120] {
        compare(name, columns, &run_at(columns, folder.path(), arguments).with_code(code));
    }
}

#[test]
fn the_list_of_jobs() {
    is_golden("jobs", &["list", "runs"], 0);
}

#[test]
fn the_list_of_runs() {
    is_golden("list", &["list", "runs", "taxi"], 0);
}

#[test]
fn a_run_that_completed() {
    is_golden("show", &["show", "runs", "taxi", "2026-11-21"], 0);
}

#[test]
fn a_run_that_failed() {
    is_golden("show-failed", &["show", "runs", "taxi", "2026-11-22"], 1);
}

#[test]
fn a_run_whose_process_died() {
    is_golden("show-died", &["show", "runs", "taxi", "2026-11-24"], 1);
}

#[test]
fn two_runs_beside_one_another() {
    is_golden("compare", &["compare", "runs", "taxi", "2026-11-21", "2026-11-23"], 1);
}

#[test]
fn rows_that_were_rejected() {
    is_golden("rejects", &["rejects", "runs", "taxi", "2026-11-21"], 0);
}

#[test]
fn what_would_be_removed() {
    is_golden("prune", &["prune", "runs", "taxi", "--keep-last", "1", "--dry-run"], 0);
}
