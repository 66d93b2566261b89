//! What was expected of an attempt is told at its end as assertions on its data.

use etl_context::{Etl, Expect, Extract, Load, Run, Transform};
use serde_json::{Value, json};

use super::{Told, text};

fn messages() -> Expect<u64> {
    Expect::counter("messages").at_least(1)
}

/// The inputs of the last event about this job.
fn inputs(told: &Told, job: &str) -> Value {
    let events = told.events();
    events.iter().rfind(|event| text(&event["job"]["name"]) == job).unwrap()["inputs"].clone()
}

#[test]
fn each_is_an_assertion_on_the_input_of_the_phase() {
    let told = Told::default();
    let lineage = told.lineage().input("extract", "file", "/exports/taxi.csv").output("extract", "file", "/staging/taxi");
    let run = Run::builder("import").observe(lineage).expect::<Extract>(messages());
    let run = run.expect::<Extract>(Expect::rejected().at_most(0).or_fail());
    let run = run.expect::<Extract>(Expect::rejected_share().at_least(etl_context::Share::percent(1.0)));
    drop(run.begin::<Etl>().unwrap().start(Extract).unwrap().complete(()).unwrap());
    let inputs = inputs(&told, "import.extract");
    assert_eq!((text(&inputs[0]["name"]), inputs.as_array().unwrap().len()), ("/exports/taxi.csv", 1));
    let facet = &inputs[0]["inputFacets"]["dataQualityAssertions"];
    let expected = json!([
        {
            "assertion": "counter", "name": "messages", "success": false, "severity": "warn", "expected": "at least 1",
            "actual": "0", "description": "messages: 0, expected at least 1",
        },
        {
            "assertion": "rejected", "name": "rejected rows", "success": true, "severity": "error", "expected": "at most 0",
            "actual": "0", "description": "rejected rows: 0, expected at most 0",
        },
    ]);
    assert_eq!(facet["assertions"], expected, "and nothing of the share, which is not known");
}

#[test]
fn without_an_input_the_output_of_the_phase_has_them() {
    let told = Told::default();
    let run = Run::builder("import").observe(told.lineage()).expect::<Extract>(messages().or_fail());
    drop(run.begin::<Etl>().unwrap().phase(Extract).run(|_| Ok::<_, String>(())).unwrap_err());
    assert_eq!(told.story(), ["import START", "import.extract START", "import.extract FAIL", "import FAIL"]);
    let inputs = inputs(&told, "import.extract");
    assert_eq!((text(&inputs[0]["namespace"]), text(&inputs[0]["name"])), ("tests", "import.extract"));
    assert_eq!(inputs[0]["inputFacets"]["dataQualityAssertions"]["assertions"][0]["success"], false);
}

#[test]
fn a_phase_of_which_nothing_is_expected_has_none() {
    let told = Told::default();
    let run = Run::builder("import").observe(told.lineage()).expect::<Load>(messages());
    drop(run.begin::<Etl>().unwrap().start(Extract).unwrap().complete(()).unwrap().start(Transform).unwrap());
    assert_eq!(inputs(&told, "import.extract"), json!([]));
}
