//! Every run is told in events that are valid by the official schema and come in the right order.

mod attempts;
mod datasets;
mod expectations;
mod json_schema;
mod outputs;
mod schema;
mod side_by_side;
mod told;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use etl_context::OpenLineage;
use serde_json::Value;

/// The events of a run, as they are told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Value>>>);

impl Told {
    /// Tells everything at once, however little time has passed.
    fn lineage(&self) -> OpenLineage {
        let events = Arc::clone(&self.0);
        let lineage = OpenLineage::to_callback(move |event| {
            events.lock().unwrap().push(event.clone());
            Ok::<_, String>(())
        });
        lineage.namespace("tests").running_every(Duration::ZERO)
    }

    /// All events so far, each of them valid.
    fn events(&self) -> Vec<Value> {
        let events = self.0.lock().unwrap().clone();
        for event in &events {
            assert_eq!(schema::faults(event), Vec::<String>::new(), "{event:#}");
        }
        events
    }

    /// Job and type of each event, as in `import.extract START`.
    fn story(&self) -> Vec<String> {
        self.events().iter().map(|event| format!("{} {}", text(&event["job"]["name"]), text(&event["eventType"]))).collect()
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn run_id(event: &Value) -> &str {
    text(&event["run"]["runId"])
}

fn error_message(event: &Value) -> &Value {
    &event["run"]["facets"]["errorMessage"]["message"]
}
