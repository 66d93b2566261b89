//! What is told beside the event itself? Facets, each by a schema of its own.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::record::error::RecordedError;
use crate::record::expectation::Expectation;
use crate::text::counter::counts_bytes;

/// The counter of the rows of an output. It says something also if it has counted none: no other one stands for it.
pub(crate) const ROWS: &str = "rows";

/// Why something failed.
pub(crate) struct Failure {
    pub(crate) message: String,
    /// Outermost first.
    pub(crate) sources: Vec<String>,
}

impl Failure {
    pub(crate) fn of(error: &RecordedError) -> Self {
        Failure { message: error.message().to_owned(), sources: error.sources().map(str::to_owned).collect() }
    }
}

/// Makes facets, which all say who produced them and which schema they keep to.
pub(crate) struct Facets<'a> {
    pub(crate) producer: &'a str,
}

impl Facets<'_> {
    /// `name` and `version` are those of the schema.
    fn facet(&self, name: &str, version: &str, mut fields: Value) -> Value {
        fields["_producer"] = self.producer.into();
        fields["_schemaURL"] = format!("https://openlineage.io/spec/facets/{version}/{name}.json#/$defs/{name}").into();
        fields
    }

    /// An attempt's parent is the run, which is also the root.
    pub(crate) fn parent(&self, run: &Value, job: &Value) -> Value {
        let root = json!({ "run": run, "job": job });
        self.facet("ParentRunFacet", "1-2-0", json!({ "run": run, "job": job, "root": root }))
    }

    pub(crate) fn processing_engine(&self) -> Value {
        let version = env!("CARGO_PKG_VERSION");
        let engine = json!({ "name": "etl-context", "version": version, "openlineageAdapterVersion": version });
        self.facet("ProcessingEngineRunFacet", "1-1-1", engine)
    }

    /// The sources of an error go where other languages have their stack trace.
    pub(crate) fn error_message(&self, failure: &Failure) -> Value {
        let mut fields = json!({ "message": failure.message, "programmingLanguage": "RUST" });
        if !failure.sources.is_empty() {
            let sources = failure.sources.iter().map(|source| format!("caused by: {source}")).collect::<Vec<_>>();
            fields["stackTrace"] = sources.join("\n").into();
        }
        self.facet("ErrorMessageRunFacet", "1-0-1", fields)
    }

    pub(crate) fn tags(&self, metadata: &BTreeMap<String, String>) -> Value {
        let tags = metadata.iter().map(|(key, value)| json!({ "key": key, "value": value, "source": "USER" }));
        self.facet("TagsRunFacet", "1-0-0", json!({ "tags": tags.collect::<Vec<_>>() }))
    }

    /// `job_type` is `PIPELINE` for the run and `PHASE` for an attempt.
    pub(crate) fn job_type(&self, job_type: &str) -> Value {
        let fields = json!({ "processingType": "BATCH", "integration": "ETL_CONTEXT", "jobType": job_type });
        self.facet("JobTypeJobFacet", "2-0-4", fields)
    }

    /// `upstream` are the jobs that have ended before, each with its run and how it had to end. That all had to complete is said of
    /// a join as of a single one.
    pub(crate) fn job_dependencies(&self, upstream: &[Value], on_success: bool) -> Value {
        let mut fields = json!({ "upstream": upstream });
        if on_success {
            fields["trigger_rule"] = "ALL_SUCCESS".into();
        }
        self.facet("JobDependenciesRunFacet", "1-0-1", fields)
    }

    /// What was expected and compared with something.
    pub(crate) fn assertions(&self, expectations: &[&Expectation]) -> Value {
        let assertions = expectations.iter().map(|expectation| {
            json!({
                "assertion": expectation.kind(),
                "name": expectation.figure(),
                "success": expectation.holds(),
                "severity": if expectation.fails_phase() { "error" } else { "warn" },
                "expected": expectation.expected(),
                "actual": expectation.found(),
                "description": expectation.to_string(),
            })
        });
        self.facet("DataQualityAssertionsDatasetFacet", "1-1-0", json!({ "assertions": assertions.collect::<Vec<_>>() }))
    }

    /// The fields of a dataset, each with its type.
    pub(crate) fn schema(&self, fields: &[(String, String)]) -> Value {
        let fields = fields.iter().map(|(name, of_type)| json!({ "name": name, "type": of_type }));
        self.facet("SchemaDatasetFacet", "1-2-0", json!({ "fields": fields.collect::<Vec<_>>() }))
    }

    /// `None` if the counts say nothing of a dataset.
    pub(crate) fn output_statistics(&self, counts: &[(&str, u64)]) -> Option<Value> {
        let count = |asked: &str| counts.iter().find(|(name, _)| *name == asked).map(|(_, count)| *count);
        let last = || counts.iter().rfind(|(name, _)| *name != "files" && !counts_bytes(name)).map(|(_, count)| *count);
        let statistics = [("rowCount", count(ROWS).or_else(last)), ("size", count("bytes")), ("fileCount", count("files"))];
        let known = statistics.into_iter().filter_map(|(name, count)| Some((name.to_owned(), count?.into())));
        let known = known.collect::<Map<_, _>>();
        (!known.is_empty()).then(|| self.facet("OutputStatisticsOutputDatasetFacet", "1-0-2", known.into()))
    }
}
