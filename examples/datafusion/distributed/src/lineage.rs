//! Which data come from which? What the phases read and write, with the fields of each, for a lineage service.

use anyhow::Result;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::Schema;
use etl_context::OpenLineage;

use crate::job::Job;
use crate::load::sqlite_type;
use crate::{engine, messages, queries};

/// Appends the events to a file in the folder of the job.
pub fn lineage(job: &Job) -> Result<OpenLineage> {
    let nothing = || engine::alone().read_batch(RecordBatch::new_empty(messages::schema()));
    let sessions = queries::sessions(nothing()?)?.schema().as_arrow().clone();
    let words = queries::words(nothing()?)?.schema().as_arrow().clone();
    let folder = |name: &str| job.folder.join(name).display().to_string();
    let database = format!("sqlite://{}", job.database().display());

    let mut lineage = OpenLineage::to_file(job.folder.join("lineage.jsonl"))?.namespace("chat-statistics");
    lineage = lineage.output("export", "file", folder("messages"));
    lineage = lineage.schema("file", folder("messages"), fields(&messages::schema()));
    for (name, schema) in [("sessions", &sessions), ("words", &words)] {
        lineage = lineage.input(name, "file", folder("messages")).output(name, "file", folder(name));
        lineage = lineage.input("load", "file", folder(name)).output("load", &database, name);
        lineage = lineage.schema("file", folder(name), fields(schema));
        let columns = schema.fields().iter().map(|field| (field.name().as_str(), sqlite_type(field.data_type())));
        lineage = lineage.schema(&database, name, columns);
    }
    Ok(lineage)
}

/// With the types of Arrow, as in `Timestamp(s)`.
fn fields(schema: &Schema) -> Vec<(String, String)> {
    schema.fields().iter().map(|field| (field.name().clone(), field.data_type().to_string())).collect()
}
