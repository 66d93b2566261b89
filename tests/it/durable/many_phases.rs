//! However many phases a run has, each event is found its place without a look at all the others.

use std::collections::BTreeSet;
use std::fmt::Write;

use etl_context::{Counts, EtlContext, FileJournal, PhaseStatus, Run, RunRecord};

use super::checksum::line;
use super::journal_file::JournalFile;

const HEADER: &str = r#"{"format":"etl-context-journal","version":1,"seq":0,"event":"run_began","time":"2026-03-01T02:00:00Z","run_id":"019ca71f-b900-7a3c-8f5e-6d2b41c09e17","name":"import"}"#;

/// Were the phase of each event searched for among all others, this would take an hour.
#[test]
fn a_journal_with_the_statuses_of_a_hundred_thousand_phases_is_read() {
    let mut journal = line(HEADER);
    for number in 1..=100_000 {
        let event = format!(
            r#"{{"seq":{number},"event":"status_set","time":"2026-03-01T02:00:00Z","phase":"phase-{number}","status":"completed"}}"#
        );
        journal.write_str(&line(&event)).unwrap();
    }
    let file = JournalFile::with(journal);
    let record = file.record();
    assert_eq!(record.phases().count(), 100_000);
    for number in [1, 16, 17, 18, 50_000, 100_000] {
        assert_eq!(record.status(&format!("phase-{number}")), PhaseStatus::Completed);
    }
    assert_eq!(record.status("phase-100001"), PhaseStatus::Pending);
}

/// A run of so many phases, each of which fails and then completes, but the last one.
fn run_of(phases: usize) -> EtlContext {
    let mut run = EtlContext::new("import");
    for phase in names(phases) {
        run.start_phase(&phase, Counts { conversations: 1, messages: 2 }).unwrap();
        run.update_progress(Counts { conversations: 1, messages: 2 }).unwrap();
        run.fail_phase(&std::fmt::Error).unwrap();
        run.start_phase(&phase, None).unwrap();
        run.end_phase(()).unwrap();
    }
    run.start_phase("last", None).unwrap();
    run.fail_phase(&std::fmt::Error).unwrap();
    run
}

fn names(phases: usize) -> impl Iterator<Item = String> {
    (0..phases).map(|number| format!("phase-{number}"))
}

#[test]
fn a_run_of_ten_thousand_phases_is_told() {
    let run = run_of(10_000);
    for phase in ["phase-0", "phase-9999", "last"] {
        assert_eq!(run.errors_for(phase).count(), 1, "{phase}");
        assert_eq!(run.record().error_count_for(phase), 1, "{phase}");
    }
    let summary = run.get_summary();
    let page = summary.to_html();
    assert!(page.contains("phase-9999") && page.contains("last"));
    assert!(summary.to_markdown().contains("phase-9999"));
    assert!(summary.to_string().contains("last"));
    assert_eq!(serde_json::to_value(&summary).unwrap()["phases"].as_object().unwrap().len(), 10_001);
}

/// As many as are searched for one by one, and a few more than that.
const PHASES: usize = 20;

fn open(file: &JournalFile) -> EtlContext {
    Run::builder("import").journal(FileJournal::open(file.path()).unwrap()).begin_dynamic().unwrap()
}

#[test]
fn a_phase_that_runs_again_outdates_all_later_ones_and_no_earlier_one_however_many_there_are() {
    for again in 0..PHASES {
        for then in 0..PHASES {
            let file = JournalFile::new();
            let mut run = open(&file);
            let mut done = BTreeSet::new();
            for phase in (0..PHASES).chain([again, then]) {
                run.start_phase(&format!("phase-{phase}"), None).unwrap();
                run.end_phase(()).unwrap();
                done.split_off(&phase);
                done.insert(phase);
            }
            drop(run);
            let reopened = open(&file);
            let completed = reopened.recovery().unwrap().completed.iter().map(|phase| phase.as_str().to_owned());
            let expected = done.iter().map(|phase| format!("phase-{phase}"));
            assert_eq!(completed.collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{again}, then {then}");
        }
    }
}

#[test]
fn a_run_of_many_phases_is_gone_past_in_order() {
    let file = JournalFile::new();
    let mut run = open(&file);
    for phase in names(100) {
        run.start_phase(&phase, None).unwrap();
        run.end_phase(()).unwrap();
    }
    drop(run);
    assert_eq!(RunRecord::read(file.path()).unwrap().unwrap().phases().count(), 100);
    let reopened = open(&file);
    assert_eq!(reopened.recovery().unwrap().completed.len(), 100);
}
