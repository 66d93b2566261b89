//! A run that is asked to stop.

use etl_context::{PhaseStatus, RunStatus};

use crate::processes::{MANY, Worker, addresses, in_the_middle_of, output, until_idle};
use crate::seen::{attempts, record, rows};

#[test]
fn a_stop_ends_the_query_on_the_workers_and_the_next_run_goes_on() {
    let (folder, workers, coordinator) = in_the_middle_of("sessions");
    assert!(workers.iter().any(Worker::is_busy), "in the middle of a query");
    coordinator.interrupt();
    let (succeeded, said) = coordinator.end();
    assert!(!succeeded, "{said}");
    until_idle(&workers);

    let stopped = record(folder.path());
    assert_eq!((stopped.run_status(), attempts(&stopped, "sessions")), (RunStatus::Stopped, vec!["stopped".to_owned()]));
    assert_eq!(stopped.status("words"), PhaseStatus::Pending);
    assert!(!folder.path().join("sessions").exists(), "nothing is there in part");

    let again = output(folder.path(), MANY, &addresses(&workers));
    assert!(again.status.success(), "{again:?}");
    assert_eq!(attempts(&record(folder.path()), "sessions"), ["stopped", "completed"]);
    assert!(!rows(folder.path())[0].is_empty());
}
