//! Runs in the file of a journal.

use std::fs;
use std::path::Path;

use etl_context::{Error, Etl, Extract, FileJournal, Run};
use tempfile::TempDir;

use crate::program::{show, text};

/// Records a run of one phase; gives its id.
fn record(journal: &Path) -> String {
    let context = Run::builder("import").journal(FileJournal::open(journal).unwrap()).begin::<Etl>().unwrap();
    let (extracted, ()) = context.phase(Extract).run(|_| Ok::<_, Error>(())).unwrap();
    extracted.record().run_id().to_string()
}

#[test]
fn a_run_is_shown_as_a_table_and_written_as_a_page_as_markdown_and_as_a_trace() {
    let place = TempDir::new().unwrap();
    let id = record(&place.path().join("import.jsonl"));

    let output = show(place.path(), &["--html", "run.html", "--markdown", "run.md", "--trace", "run.json", "import.jsonl"]);
    assert!(output.status.success(), "{output:?}");
    let printed = text(&output.stdout);
    assert!(printed.contains(&format!("run {id}, began ")), "{printed}");
    assert!(printed.contains("extract"), "{printed}");
    assert_eq!(text(&output.stderr), "wrote run.html\nwrote run.md\nwrote run.json\n");
    for file in ["run.html", "run.md", "run.json"] {
        assert!(fs::read_to_string(place.path().join(file)).unwrap().contains(&id), "{file}");
    }
}

#[test]
fn a_journal_is_only_read() {
    let place = TempDir::new().unwrap();
    let journal = place.path().join("import.jsonl");
    record(&journal);
    let before = fs::read(&journal).unwrap();
    assert!(show(place.path(), &["import.jsonl"]).status.success());
    assert!(fs::read(&journal).unwrap() == before);
}

#[test]
fn what_cannot_be_shown_is_said() {
    let place = TempDir::new().unwrap();
    fs::write(place.path().join("empty.jsonl"), "").unwrap();
    for (arguments, status, message) in [
        (vec![], 2, "there is no journal to show"),
        (vec!["--fast"], 2, "there is no option --fast"),
        (vec!["a.jsonl", "b.jsonl"], 2, "one run can be shown at a time, but b.jsonl is a second one"),
        (vec!["empty.jsonl"], 1, "the journal `empty.jsonl` holds no run yet"),
    ] {
        let output = show(place.path(), &arguments);
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        let said = text(&output.stderr);
        assert!(said.starts_with(&format!("show_run: {message}")), "{said}");
    }
}
