//! What is true of every record, however it came about: the invariants at the top of `src/record.rs`, as far as they can be seen.

use std::collections::BTreeSet;

use etl_context::{PhaseStatus, RunRecord};

pub fn check_record(record: &RunRecord) {
    let names: Vec<_> = record.phases().map(|phase| phase.name().as_str()).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "each phase is there once: {names:?}");
    assert!(record.current_phase().is_none_or(|running| names.contains(&running.as_str())));
    assert_eq!(record.errors().len() as u64, record.error_count().min(1_000));
    for phase in record.phases() {
        for (number, report) in (1..).zip(phase.reports()) {
            assert_eq!((report.phase(), report.attempt()), (phase.name(), number));
            assert!(matches!(report.status(), PhaseStatus::Completed | PhaseStatus::Failed), "{report:?}");
        }
        let is_running = record.current_phase() == Some(phase.name());
        if phase.overrides().is_empty() {
            assert_eq!(phase.status() == PhaseStatus::Running, is_running, "{phase:?}");
        }
        for part in phase.parts() {
            assert_ne!(part.status(), PhaseStatus::Running, "{part:?}");
            assert_eq!(part.counts().is_some(), part.status() != PhaseStatus::Pending, "{part:?}");
        }
    }
}
