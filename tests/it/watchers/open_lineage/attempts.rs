//! Signs of life, datasets and statistics of attempts.

use std::time::Duration;

use etl_context::{Counts, Etl, Extract, Run, counters, dict};
use serde_json::{Value, json};

use super::{Told, schema};

counters! {
    struct Loaded { rows: u64, rejected: u64, bytes: u64, files: u64 }
}

counters! {
    struct Parsed { lines: u64, bytes: u64 }
}

fn statistics(event: &Value) -> Value {
    let mut statistics = event["outputs"][0]["outputFacets"]["outputStatistics"].clone();
    if let Some(fields) = statistics.as_object_mut() {
        fields.retain(|name, _| !name.starts_with('_'));
    }
    statistics
}

#[test]
fn counting_is_not_told_and_signs_of_life_are_throttled() {
    let told = Told::default();
    let lineage = told.lineage().running_every(Duration::from_secs(3_600));
    let mut extract = Run::builder("import").observe(lineage).begin::<Etl>().unwrap().start(Extract).unwrap();
    for message in 0..1_000 {
        extract.update_progress(Counts { conversations: 0, messages: 1 });
        extract.checkpoint(&message).unwrap();
        extract.record_error("no sender").unwrap();
    }
    assert_eq!(told.story(), ["import START", "import.extract START", "import.extract RUNNING"]);

    // Each attempt has its own.
    let mut again = extract.fail("no file").unwrap().retry().unwrap();
    again.record_error("no sender").unwrap();
    assert_eq!(told.story()[3..], ["import.extract FAIL", "import.extract START", "import.extract RUNNING"]);
}

#[test]
fn an_error_under_another_phase_is_no_sign_of_life() {
    let told = Told::default();
    let mut context = Run::builder("import").observe(told.lineage()).begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    context.record_error("load", &std::io::Error::other("too early")).unwrap();
    assert_eq!(told.story(), ["import START", "import.extract START"]);
    context.record_error("extract", &std::io::Error::other("no sender")).unwrap();
    assert_eq!(told.story()[2..], ["import.extract RUNNING"]);
}

#[test]
fn counts_are_the_statistics_of_the_output() {
    let told = Told::default();
    let mut context = Run::builder("import").observe(told.lineage()).begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    context.update_progress(Counts { conversations: 2, messages: 40 }).unwrap();
    context.end_phase(dict! { "messages_processed": 38 }).unwrap();
    context.start_phase_with("lines", Parsed::default()).unwrap();
    context.update_progress(Parsed { lines: 7, bytes: 700 }).unwrap();
    context.end_phase(()).unwrap();
    context.start_phase_with("load", Loaded::default()).unwrap();
    context.update_progress(Loaded { rows: 5, rejected: 1, bytes: 500, files: 2 }).unwrap();
    context.end_phase(()).unwrap();

    let events = told.events();
    let ends: Vec<_> = events.iter().filter(|event| event["eventType"] == "COMPLETE").map(statistics).collect();
    assert_eq!(ends[0], json!({ "rowCount": 38 }), "the result's word");
    assert_eq!(ends[1], json!({ "rowCount": 7, "size": 700 }));
    assert_eq!(ends[2], json!({ "rowCount": 5, "size": 500, "fileCount": 2 }));
    assert_eq!(statistics(&events[1]), Value::Null, "nothing is known at the start");
    assert_eq!(events[2]["outputs"][0]["name"], "import.extract");
}

#[test]
fn the_author_says_what_a_phase_reads_and_writes() {
    let told = Told::default();
    let lineage = told.lineage().producer("https://example.org/import/1.2").input("extract", "file", "/data/export.tar");
    let lineage = lineage.output("extract", "sqlite://chat.db", "people").output("extract", "sqlite://chat.db", "messages");
    let context = Run::builder("import").observe(lineage).begin::<Etl>().unwrap();
    drop(context.start(Extract).unwrap().complete(()).unwrap());

    let events = told.events();
    assert_eq!(events[2]["inputs"], json!([{ "namespace": "file", "name": "/data/export.tar" }]));
    let output = |name| json!({ "namespace": "sqlite://chat.db", "name": name });
    assert_eq!(events[2]["outputs"], json!([output("people"), output("messages")]), "counts do not tell these apart");
    assert_eq!(events[2]["producer"], "https://example.org/import/1.2");
}

#[test]
fn hostile_texts_are_still_valid_events() {
    let told = Told::default();
    let name = "\u{0}\"</script>\n\u{202e}🦀";
    let lineage = told.lineage().namespace("");
    let context = Run::builder(name).metadata("", name).observe(lineage).begin::<Etl>().unwrap();
    drop(context.start(Extract).unwrap().fail(name).unwrap());
    assert_eq!(told.events()[0]["job"]["name"], name);
    assert_eq!(schema::faults(&told.events()[3]), Vec::<String>::new());
}
