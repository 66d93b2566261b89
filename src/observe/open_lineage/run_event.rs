//! What does a run event of `OpenLineage` look like?

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::observe::open_lineage::dependencies::{Dependencies, Upstream};
use crate::observe::open_lineage::facets::{Facets, Failure};
use crate::record::clock::Timestamp;
use crate::record::expectation::Expectation;
use crate::record::run_id::RunId;

const SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
const PRODUCER: &str = concat!("https://docs.rs/etl-context/", env!("CARGO_PKG_VERSION"));

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum EventType {
    Start,
    Running,
    Complete,
    Fail,
    Abort,
}

impl EventType {
    fn as_str(self) -> &'static str {
        match self {
            EventType::Start => "START",
            EventType::Running => "RUNNING",
            EventType::Complete => "COMPLETE",
            EventType::Fail => "FAIL",
            EventType::Abort => "ABORT",
        }
    }
}

/// The run as a job and a run of it.
pub(crate) struct RunJob {
    pub(crate) id: RunId,
    pub(crate) name: String,
}

impl RunJob {
    /// What the attempts at a phase are runs of.
    fn job_of(&self, phase: &str) -> String {
        format!("{}.{phase}", self.name)
    }
}

/// One attempt at a phase.
pub(crate) struct Attempt<'a> {
    pub(crate) phase: &'a str,
    pub(crate) number: u32,
}

/// What a phase reads or writes.
#[derive(Debug)]
pub(crate) struct Dataset {
    phase: String,
    namespace: String,
    name: String,
}

impl Dataset {
    pub(crate) fn new(phase: impl Into<String>, namespace: impl Into<String>, name: impl Into<String>) -> Self {
        Dataset { phase: phase.into(), namespace: namespace.into(), name: name.into() }
    }
}

/// What the author called things.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) namespace: String,
    pub(crate) producer: String,
    pub(crate) inputs: Vec<Dataset>,
    pub(crate) outputs: Vec<Dataset>,
    /// The fields of a dataset, each with its type, by its namespace and name.
    pub(crate) schemas: BTreeMap<(String, String), Vec<(String, String)>>,
}

impl Default for Names {
    fn default() -> Self {
        Names {
            namespace: "default".to_owned(),
            producer: PRODUCER.to_owned(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            schemas: BTreeMap::new(),
        }
    }
}

impl Names {
    /// An event of the run itself.
    pub(crate) fn run_event(
        &self,
        run: &RunJob,
        event_type: EventType,
        time: Timestamp,
        metadata: &BTreeMap<String, String>,
        failure: Option<&Failure>,
    ) -> Value {
        let facets = self.facets();
        let mut event = self.event(event_type, time, run.id, &run.name);
        event["job"]["facets"]["jobType"] = facets.job_type("PIPELINE");
        if !metadata.is_empty() {
            event["run"]["facets"]["tags"] = facets.tags(metadata);
        }
        self.with_failure(event, failure)
    }

    /// An event of an attempt; the counts are those of its output, as far as they are known.
    pub(crate) fn attempt_event(
        &self,
        run: &RunJob,
        attempt: &Attempt<'_>,
        event_type: EventType,
        time: Timestamp,
        counts: Option<&[(&str, u64)]>,
        failure: Option<&Failure>,
    ) -> Value {
        let facets = self.facets();
        let job = run.job_of(attempt.phase);
        let mut event = self.event(event_type, time, run.id.of_attempt(attempt.phase, attempt.number), &job);
        let parent = (json!({ "runId": run.id }), json!({ "namespace": self.namespace, "name": run.name }));
        event["run"]["facets"]["parent"] = facets.parent(&parent.0, &parent.1);
        event["job"]["facets"]["jobType"] = facets.job_type("PHASE");
        event["inputs"] = self.datasets(&self.inputs, attempt.phase).into();
        event["outputs"] = self.outputs(attempt.phase, &job, counts).into();
        self.with_failure(event, failure)
    }

    /// The end of an attempt of which this was expected. It was found where the phase reads, or, if nobody has said where that is, where it
    /// writes.
    pub(crate) fn with_assertions(&self, mut event: Value, expectations: &[&Expectation]) -> Value {
        if expectations.is_empty() {
            return event;
        }
        if event["inputs"].as_array().is_none_or(Vec::is_empty) {
            let outputs = event["outputs"].as_array().into_iter().flatten();
            event["inputs"] = outputs.map(without_statistics).collect();
        }
        let assertions = self.facets().assertions(expectations);
        for input in event["inputs"].as_array_mut().into_iter().flatten() {
            input["inputFacets"] = json!({ "dataQualityAssertions": assertions });
        }
        event
    }

    /// The START of an attempt.
    pub(crate) fn start_event(
        &self,
        run: &RunJob,
        attempt: &Attempt<'_>,
        time: Timestamp,
        dependencies: Option<&Dependencies<'_>>,
    ) -> Value {
        let mut event = self.attempt_event(run, attempt, EventType::Start, time, None, None);
        if let Some(Dependencies { upstream, on_success }) = dependencies {
            let upstream = upstream.iter().map(|upstream| self.upstream(run, upstream, *on_success)).collect::<Vec<_>>();
            event["run"]["facets"]["jobDependencies"] = self.facets().job_dependencies(&upstream, *on_success);
        }
        event
    }

    fn upstream(&self, run: &RunJob, upstream: &Upstream<'_>, on_success: bool) -> Value {
        let mut told = json!({
            "job": { "namespace": self.namespace, "name": run.job_of(upstream.phase.as_str()) },
            "sequence_trigger_rule": "FINISH_TO_START",
            "status_trigger_rule": if on_success { "EXECUTE_ON_SUCCESS" } else { "EXECUTE_ON_FAILURE" },
        });
        if let Some(report) = upstream.report {
            told["run"] = json!({ "runId": run.id.of_attempt(upstream.phase.as_str(), report.attempt()) });
        }
        told
    }

    fn event(&self, event_type: EventType, time: Timestamp, run: RunId, job: &str) -> Value {
        json!({
            "eventType": event_type.as_str(),
            "eventTime": time,
            "producer": self.producer,
            "schemaURL": SCHEMA,
            "run": { "runId": run, "facets": { "processing_engine": self.facets().processing_engine() } },
            "job": { "namespace": self.namespace, "name": job, "facets": {} },
        })
    }

    fn outputs(&self, phase: &str, job: &str, counts: Option<&[(&str, u64)]>) -> Vec<Value> {
        let mut outputs = self.datasets(&self.outputs, phase);
        if outputs.is_empty() {
            outputs.push(self.dataset(&self.namespace, job));
        }
        if let ([only], Some(statistics)) = (&mut outputs[..], counts.and_then(|counts| self.facets().output_statistics(counts)))
        {
            only["outputFacets"] = json!({ "outputStatistics": statistics });
        }
        outputs
    }

    /// The phase's own among the datasets.
    fn datasets(&self, all: &[Dataset], phase: &str) -> Vec<Value> {
        let own = all.iter().filter(|dataset| dataset.phase == phase);
        own.map(|dataset| self.dataset(&dataset.namespace, &dataset.name)).collect()
    }

    fn dataset(&self, namespace: &str, name: &str) -> Value {
        let mut dataset = json!({ "namespace": namespace, "name": name });
        if let Some(fields) = self.schemas.get(&(namespace.to_owned(), name.to_owned())) {
            dataset["facets"] = json!({ "schema": self.facets().schema(fields) });
        }
        dataset
    }

    fn with_failure(&self, mut event: Value, failure: Option<&Failure>) -> Value {
        if let Some(failure) = failure {
            event["run"]["facets"]["errorMessage"] = self.facets().error_message(failure);
        }
        event
    }

    fn facets(&self) -> Facets<'_> {
        Facets { producer: &self.producer }
    }
}

/// An output as an input of the same event.
fn without_statistics(output: &Value) -> Value {
    let mut input = output.clone();
    if let Some(input) = input.as_object_mut() {
        input.remove("outputFacets");
    }
    input
}
