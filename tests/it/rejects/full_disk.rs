//! On a full disk a phase is told at its checkpoint that its rows are not kept, and its failure is recorded all the same.

use etl_context::{Etl, Extract, MemoryJournal, Run};
use tempfile::TempDir;

use crate::child::{self, Child};

#[test]
#[ignore = "the part of a process that finds no room"]
fn process_without_room() {
    let Some(path) = child::given() else { return };
    let builder = Run::builder("import").journal(MemoryJournal::new()).rejects(&path);
    let mut extract = builder.begin::<Etl>().unwrap().start(Extract).unwrap();
    child::say(&format!("rejected: {}", extract.reject(&1, "odd").is_ok()));
    child::say(&extract.checkpoint(&1).unwrap_err().to_string());
    let (extract, error) = extract.complete(()).unwrap_err().into_parts();
    child::say(&error.to_string());
    let failed = extract.fail(&error).unwrap();
    child::say(&format!("failed with {} rows", failed.report().rejected().rows()));
}

#[test]
fn a_full_disk_is_told_at_the_checkpoint_and_at_the_end() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rejects.jsonl");
    let mut process = Child::start_without_room(module_path!(), "process_without_room", path.to_str().unwrap());
    assert_eq!(process.hear().as_deref(), Some("rejected: true"));
    for _ in ["the checkpoint", "the end"] {
        let told = process.hear().unwrap();
        assert!(told.contains("rows that phase `extract` has rejected are not kept: cannot write to"), "{told}");
    }
    assert_eq!(process.hear().as_deref(), Some("failed with 0 rows"));
    process.end();
    assert_eq!(std::fs::read(path).unwrap(), b"");
}
