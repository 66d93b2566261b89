//! A run that nobody disturbs.

use std::fs;
use std::process::Command;

use etl_context::{PhaseStatus, RunStatus};
use serde_json::Value;

use crate::processes::{Worker, addresses, output};
use crate::seen::{count, record, rows};

const MESSAGES: u64 = 20_000;

#[test]
fn the_rows_of_workers_are_those_of_one_process() {
    let (alone, far) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let workers = Worker::two();
    for (folder, workers) in [(&alone, "none".to_owned()), (&far, addresses(&workers))] {
        let output = output(folder.path(), MESSAGES, &workers);
        assert!(output.status.success(), "{output:?}");
    }
    let [sessions, words] = rows(far.path());
    assert_eq!(words.len(), 40 * 5);
    assert_eq!(rows(alone.path()), [sessions, words]);
}

#[test]
fn the_stages_are_parts_whose_rows_and_bytes_are_counted() {
    let folder = tempfile::tempdir().unwrap();
    assert!(output(folder.path(), MESSAGES, &addresses(&Worker::two())).status.success());
    let record = record(folder.path());
    assert_eq!(record.run_status(), RunStatus::Completed);
    for phase in ["sessions", "words"] {
        let stages: Vec<_> = record.phase(phase).unwrap().parts().collect();
        assert!(stages.len() >= 2, "{phase}: {stages:?}");
        for stage in &stages {
            assert_eq!(stage.status(), PhaseStatus::Completed);
            let counts = stage.counts().unwrap();
            assert!(counts.get("moved") > Some(0) && counts.get("moved_bytes") > Some(0), "{}: {counts}", stage.name());
        }
        assert_eq!(count(&record, phase, "read"), MESSAGES, "all of them, once");
        let moved = |stage: &&etl_context::PartRecord| stage.counts().unwrap().get("moved").unwrap();
        assert_eq!(count(&record, phase, "moved"), stages.iter().map(moved).sum::<u64>());

        let result = record.phase(phase).unwrap().latest_report().unwrap().result().unwrap();
        let by_stage = result.get("stages").unwrap();
        for stage in &stages {
            assert_eq!(by_stage[stage.name()]["rows"], stage.counts().unwrap().get("moved").unwrap(), "{by_stage}");
        }
        assert!(result.get("plan").unwrap().as_str().unwrap().contains("bytes_transferred"), "the engine's own metrics");
    }
}

#[test]
fn lineage_tells_what_is_in_each_dataset() {
    let folder = tempfile::tempdir().unwrap();
    assert!(output(folder.path(), MESSAGES, "none").status.success());
    let events = fs::read_to_string(folder.path().join("lineage.jsonl")).unwrap();
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ended = |phase: &str| {
        let job = format!("chat-statistics.{phase}");
        events.iter().find(|event| event["job"]["name"] == job && event["eventType"] == "COMPLETE").unwrap().clone()
    };
    let fields = |dataset: &Value| -> Vec<String> {
        let fields = dataset["facets"]["schema"]["fields"].as_array().unwrap().iter();
        fields.map(|field| format!("{} {}", field["name"].as_str().unwrap(), field["type"].as_str().unwrap())).collect()
    };
    let sessions = ended("sessions");
    assert_eq!(fields(&sessions["inputs"][0])[2], "sent Timestamp(s)");
    assert_eq!(fields(&sessions["outputs"][0]), ["sender Utf8", "day Utf8", "sessions Int64", "messages Int64"]);
    let statistics = &sessions["outputs"][0]["outputFacets"]["outputStatistics"];
    assert_eq!(statistics["rowCount"], count(&record(folder.path()), "sessions", "rows"));
    assert_eq!(statistics["size"], fs::metadata(folder.path().join("sessions/part-0.parquet")).unwrap().len());
    assert_eq!(fields(&ended("load")["outputs"][1]), ["conversation text", "place integer", "word text", "times integer"]);
}

#[test]
fn one_command_starts_workers_of_its_own_which_end_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_etl-context-distributed"));
    let output = command.args(["run", "--messages", "2000", "--folder"]).arg(folder.path()).output().unwrap();
    // A worker that is left would keep the pipes open, and this would wait for it.
    let summary = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && summary.contains("completed"), "{summary}");
    assert_eq!(count(&record(folder.path()), "export", "rows"), 2000);
}
