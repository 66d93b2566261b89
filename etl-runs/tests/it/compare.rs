//! `compare`: two nights, and whether they are different.

use etl_context::{Counts, Etl, Extract, Runs};

use crate::places::{complete, in_every_place};
use crate::program::run;

fn night(runs: &Runs, key: &str, messages: u64) {
    let mut extract = runs.run("taxi", key).unwrap().begin::<Etl>().unwrap().start(Extract).unwrap();
    extract.update_progress(Counts { conversations: 1, messages });
    drop(extract.complete(()).unwrap());
}

#[test]
fn nights_that_are_alike_are_a_yes_and_others_a_no() {
    in_every_place(|place| {
        for (key, messages) in [("monday", 1_000), ("tuesday", 1_000), ("wednesday", 100)] {
            night(&place.runs, key, messages);
        }
        let compare = |other: &str, json: &[&str]| {
            run(place.folder.path(), &[&["compare", &place.argument, "taxi", "monday", other], json].concat())
        };
        let alike = compare("tuesday", &[]).with_code(0);
        assert!(alike.out.starts_with("first   monday: unfinished, began "), "{}", alike.out);
        let different = compare("wednesday", &[]).with_code(1);
        assert!(different.out.contains("0.10×"), "{}", different.out);
        let told = compare("wednesday", &["--json"]).with_code(1).json();
        assert_eq!((&told["same_outcome"], &told["differences"]), (&false.into(), &serde_json::json!([])));
        assert_eq!(told["second"]["counts"]["messages"], 100);
    });
}

#[test]
fn the_run_that_is_not_there_is_named() {
    in_every_place(|place| {
        complete(&place.runs, "monday");
        let none = run(place.folder.path(), &["compare", &place.argument, "taxi", "monday", "friday"]).with_code(3).err;
        assert!(none.starts_with("etl-runs: there is no run `friday` of `taxi` in "), "{none}");
        let none = run(place.folder.path(), &["compare", &place.argument, "bus", "monday", "friday"]).with_code(3).err;
        assert!(none.contains("there is no run of `bus` in ") && none.trim_end().ends_with(": its jobs are `taxi`"), "{none}");
    });
}
