//! What cannot be: a worker that is not there, and a second coordinator.

use std::net::TcpListener;

use crate::processes::{MANY, Worker, addresses, in_the_middle_of, output};
use crate::seen::record;

#[test]
fn a_worker_that_is_not_there_is_named_and_nothing_is_begun() {
    let folder = tempfile::tempdir().unwrap();
    let worker = Worker::start();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = output(&folder.path().join("job"), 2_000, &format!("{},{nobody}", worker.address));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    let expected = format!("of 2 workers, 1 cannot be reached: {nobody} (Connection refused");
    assert!(said.contains(&expected) && said.contains("start each with `worker ADDRESS`"), "{said}");
    assert!(!folder.path().join("job").exists());
}

#[test]
fn of_two_coordinators_of_a_run_one_is_refused() {
    let (folder, workers, first) = in_the_middle_of("sessions");
    let second = output(folder.path(), MANY, &addresses(&workers));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(!second.status.success() && said.contains("is owned by process "), "{said}");
    let (succeeded, summary) = first.end();
    assert!(succeeded, "{summary}");
    assert_eq!(record(folder.path()).phase("sessions").unwrap().attempts(), 1);
}
