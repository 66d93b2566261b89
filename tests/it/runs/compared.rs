//! Two nights beside one another.

use etl_context::{Counts, Etl, Extract, dict, pipeline};

use crate::runs::places::in_every_place;

pipeline! { Shorter { Extract after Idle; } }

#[test]
fn two_runs_are_told_phase_by_phase() {
    in_every_place(|place| {
        let runs = place.runs();
        for (key, messages) in [("monday", 1_000), ("tuesday", 100)] {
            let context = runs.run("taxi", key).unwrap().parameters(&dict! { "day": key }).begin::<Etl>().unwrap();
            let mut extract = context.start(Extract).unwrap();
            extract.update_progress(Counts { conversations: 1, messages });
            drop(extract.complete(()).unwrap());
        }
        let comparison = runs.compare("taxi", "monday", "tuesday").unwrap().unwrap();
        let text = comparison.to_string();
        assert!(text.starts_with("first   monday: unfinished, began 20"), "{text}");
        assert!(text.contains("the first run: it began with other values of parameters: `day`"), "{text}");
        let messages = text.lines().find(|line| line.contains("messages")).unwrap();
        assert_eq!(messages.split_whitespace().collect::<Vec<_>>(), ["messages", "1,000", "100", "0.10×"]);
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(runs.compare("taxi", "monday", "wednesday").unwrap().is_none());
    });
}

#[test]
fn a_pipeline_that_has_changed_between_two_nights_is_told() {
    in_every_place(|place| {
        let runs = place.runs();
        drop(runs.run("taxi", "monday").unwrap().begin::<Etl>().unwrap());
        drop(runs.run("taxi", "tuesday").unwrap().begin::<Shorter>().unwrap());
        let comparison = runs.compare("taxi", "monday", "tuesday").unwrap().unwrap();
        let told = comparison.differences().join("; ");
        assert!(
            told.contains("the pipeline was `Etl` and is now `Shorter`") && told.contains("gone from the pipeline"),
            "{told}"
        );
    });
}
