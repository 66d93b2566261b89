//! What a dataset is said to have is told wherever the dataset is.

use etl_context::{Counts, Etl, Expect, Extract, OpenLineage, Run, Transform, counters};
use serde_json::{Value, json};

use super::{Told, schema};

const STORE: &str = "sqlite://chat.db";
const FIELDS: [(&str, &str); 2] = [("id", "INTEGER"), ("body", "TEXT")];

/// Extracts and transforms, and gives all events, each of them valid.
fn events(lineage: impl FnOnce(OpenLineage) -> OpenLineage) -> Vec<Value> {
    let told = Told::default();
    let mut extract = Run::builder("import").observe(lineage(told.lineage())).begin::<Etl>().unwrap().start(Extract).unwrap();
    extract.update_progress(Counts { conversations: 1, messages: 20 });
    drop(extract.complete(()).unwrap().start(Transform).unwrap().complete(()).unwrap());
    told.events()
}

/// The names of the fields that an event's dataset is told to have.
fn fields(dataset: &Value) -> Vec<&str> {
    let fields = dataset["facets"]["schema"]["fields"].as_array().into_iter().flatten();
    fields.map(|field| super::text(&field["name"])).collect()
}

#[test]
fn the_fields_of_a_dataset_are_told_as_an_output_and_as_an_input() {
    let events = events(|lineage| {
        let lineage = lineage.output("extract", STORE, "messages").schema(STORE, "messages", FIELDS);
        lineage.input("transform", STORE, "messages").input("transform", STORE, "other").input("transform", "other", "messages")
    });
    let [_, start, complete, next, ..] = &events[..] else { panic!("{events:#?}") };
    for output in [&start["outputs"][0], &complete["outputs"][0]] {
        let schema = &output["facets"]["schema"]["fields"];
        assert_eq!(*schema, json!([{ "name": "id", "type": "INTEGER" }, { "name": "body", "type": "TEXT" }]));
    }
    assert_eq!(complete["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"], 20, "beside the statistics");
    assert_eq!(fields(&next["inputs"][0]), ["id", "body"]);
    assert!(next["inputs"][1].get("facets").is_none(), "another name");
    assert!(next["inputs"][2].get("facets").is_none(), "another namespace");
}

#[test]
fn it_may_be_said_before_the_dataset_and_the_last_word_counts() {
    let events = events(|lineage| {
        let lineage = lineage.schema(STORE, "messages", [("draft", "TEXT")]).schema(STORE, "messages", FIELDS.map(owned));
        lineage.output("extract", STORE, "messages")
    });
    assert_eq!(fields(&events[1]["outputs"][0]), ["id", "body"]);
}

fn owned((name, of_type): (&str, &str)) -> (String, String) {
    (name.to_owned(), of_type.to_owned())
}

#[test]
fn the_dataset_that_stands_for_an_output_can_have_fields_too() {
    let events = events(|lineage| lineage.schema("tests", "import.extract", FIELDS).producer("https://example.org/import"));
    assert_eq!(fields(&events[1]["outputs"][0]), ["id", "body"]);
    let facet = &events[1]["outputs"][0]["facets"]["schema"];
    assert_eq!(facet["_producer"], "https://example.org/import", "whenever that was said");
}

#[test]
fn an_output_that_stands_among_the_inputs_keeps_its_fields_but_not_its_statistics() {
    let told = Told::default();
    let lineage = told.lineage().output("extract", STORE, "messages").schema(STORE, "messages", FIELDS);
    let run = Run::builder("import").observe(lineage).expect::<Extract>(Expect::counter("messages").at_least(1));
    let mut extract = run.begin::<Etl>().unwrap().start(Extract).unwrap();
    extract.update_progress(Counts { conversations: 1, messages: 20 });
    drop(extract.complete(()).unwrap());
    let events = told.events();
    let input = &events[2]["inputs"][0];
    assert_eq!(fields(input), ["id", "body"]);
    assert_eq!(input["inputFacets"]["dataQualityAssertions"]["assertions"][0]["success"], true);
    assert!(input.get("outputFacets").is_none());
}

#[test]
fn a_schema_that_is_none_is_refused_by_the_official_one() {
    let events = events(|lineage| lineage.output("extract", STORE, "messages").schema(STORE, "messages", FIELDS));
    let mut broken = events[1].clone();
    *broken.pointer_mut("/outputs/0/facets/schema/fields/0/name").unwrap() = 7.into();
    assert_eq!(schema::faults(&broken).is_empty(), !schema::are_there());
}

counters! {
    struct Query { rows: u64, read: u64, moved_bytes: u64 }
}

counters! {
    struct Read { lines: u64, bytes_read: u64 }
}

#[test]
fn no_other_counter_stands_for_rows_that_are_not_there_yet_and_none_of_bytes_for_rows() {
    let told = Told::default();
    let mut context = Run::builder("import").observe(told.lineage()).begin_dynamic().unwrap();
    context.start_phase_with("query", Query { rows: 0, read: 0, moved_bytes: 0 }).unwrap();
    context.update_progress(Query { rows: 0, read: 7, moved_bytes: 70 }).unwrap();
    context.checkpoint(&7).unwrap();
    context.end_phase(()).unwrap();
    context.start_phase_with("read", Read { lines: 0, bytes_read: 0 }).unwrap();
    context.update_progress(Read { lines: 5, bytes_read: 50 }).unwrap();
    context.end_phase(()).unwrap();

    let statistics = |event: &Value| event["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"].clone();
    let told: Vec<_> = told.events().iter().map(statistics).collect();
    assert_eq!(told, [json!(null), json!(null), json!(0), json!(0), json!(null), json!(5)]);
}
