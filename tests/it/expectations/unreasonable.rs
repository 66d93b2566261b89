//! What cannot be checked is refused when the run begins, in a sentence, and nothing has begun.

use std::time::Duration;

use etl_context::{Error, Etl, Expect, Extract, Journal, MemoryJournal, PhaseOrder, Run, RunBuilder, Runs, pipeline};
use tempfile::TempDir;

use super::{Load, Nightly, run};

pipeline! {
    Silent {
        Sweep = "sweep" counts () after Idle;
    }
}

fn refusal(run: RunBuilder) -> String {
    run.begin::<Etl>().unwrap_err().to_string()
}

const CANNOT: &str = "what is expected of phase `extract` cannot be checked: ";

#[track_caller]
fn is_refused(run: RunBuilder, reason: &str) {
    assert_eq!(refusal(run), format!("{CANNOT}{reason}"));
}

fn expecting(expected: Expect<u64>) -> RunBuilder {
    run().expect::<Extract>(expected)
}

#[test]
fn a_counter_that_the_phase_does_not_have_is_told_beside_those_that_it_has() {
    is_refused(
        expecting(Expect::counter("rows").at_least(1)),
        "it has no counter `rows`; it counts `conversations` and `messages`",
    );
    let sweep = run().expect::<Sweep>(Expect::counter("rows").at_least(1)).begin::<Silent>().unwrap_err();
    assert!(sweep.to_string().ends_with("it has no counter `rows`; it counts nothing"), "{sweep}");
    let by_name = run().expect::<Load>(Expect::counter("messages").at_least(1)).begin_dynamic().unwrap_err();
    assert!(by_name.to_string().ends_with("it counts `rows` and `bytes`"), "{by_name}");
    // The pipeline says what its phase counts.
    let by_name = run().expect_by_name("load", Expect::rate("lines").at_least(1.0)).begin::<Nightly>().unwrap_err();
    assert!(by_name.to_string().ends_with("it has no counter `lines`; it counts `rows` and `bytes`"), "{by_name}");
}

#[test]
fn a_phase_that_the_pipeline_does_not_have_is_refused() {
    let error = run().expect::<Extract>(Expect::counter("messages").at_least(1)).begin::<Nightly>().unwrap_err();
    assert!(matches!(error, Error::InvalidPhaseName { .. }));
    assert!(error.to_string().ends_with("`extract` is no phase of pipeline `Nightly`, which has `load`"), "{error}");
    let order = PhaseOrder::new(["fetch"]).unwrap();
    let error = run().expect_by_name("load", Expect::rejected().at_most(1)).begin_with_order(order).unwrap_err();
    assert!(error.to_string().ends_with("`load` is no phase of pipeline `taxi`, which has `fetch`"), "{error}");
    let error = run().expect_by_name("No Name", Expect::rejected().at_most(1)).begin_dynamic().unwrap_err();
    assert!(matches!(error, Error::InvalidPhaseName { .. }));
}

#[test]
fn a_median_needs_earlier_runs() {
    is_refused(
        expecting(Expect::counter("messages").within(0.5..=2.0).of_median(7)),
        "a median needs earlier runs; begin the run with `Runs::run`, or say `at_least` and `at_most`",
    );
}

#[test]
fn ranges_and_bounds_that_hold_nothing_are_refused() {
    let folder = TempDir::new().unwrap();
    let runs = Runs::in_folder(folder.path());
    let median = |expected: Expect<u64>| runs.run("taxi", "monday").unwrap().expect::<Extract>(expected);
    let messages = || Expect::counter("messages");
    let no_number = "the median is expected so many times that this is no number from 0; leave an end open, as in `0.5..`";
    for range in [f64::NAN..=2.0, 0.5..=f64::NAN, -0.5..=2.0, 0.5..=f64::INFINITY, f64::NEG_INFINITY..=2.0] {
        is_refused(median(messages().within(range).of_median(7)), no_number);
    }
    is_refused(median(messages().within(f64::NAN..).of_median(7)), no_number);
    is_refused(median(messages().within(..=-1.0).of_median(7)), no_number);
    is_refused(
        median(messages().within(2.0..=0.5).of_median(7)),
        "nothing is within 2..=0.5 times the median; write the smaller number first",
    );
    is_refused(
        median(messages().within(0.5..=2.0).of_median(0)),
        "no run has a median; take at least one run for it, as in `of_median(7)`",
    );
    is_refused(expecting(messages().at_least(1_000).at_most(999)), "nothing is at least 1,000 and at most 999");
    is_refused(expecting(messages()), "it has no bound; say `at_least`, `at_most` or `within`");
    let hours = Expect::duration().at_least(Duration::from_secs(7_200)).at_most(Duration::from_secs(3_600));
    is_refused(run().expect::<Extract>(hours), "nothing is at least 2 h 00 min and at most 1 h 00 min");
    for rate in [f64::NAN, -1.0, f64::INFINITY] {
        is_refused(run().expect::<Extract>(Expect::rate("messages").at_least(rate)), "a rate is a number from 0, per second");
    }
}

#[test]
fn the_same_figure_is_expected_once_as_a_warning_and_once_as_a_failure() {
    let messages = || Expect::counter("messages").at_least(1);
    is_refused(
        expecting(messages()).expect_by_name("extract", messages().at_most(5)),
        "`messages` is expected twice; say all bounds in one, or one of the two with `or_fail`",
    );
    drop(expecting(messages()).expect::<Extract>(messages().or_fail()).begin::<Etl>().unwrap());
    drop(expecting(messages()).expect::<Extract>(Expect::rate("messages").at_least(1.0)).begin::<Etl>().unwrap());
}

#[test]
fn the_first_fault_is_told_and_nothing_has_begun() {
    let mut journal = MemoryJournal::new();
    let run = Run::builder("taxi").journal(journal.clone()).expect_by_name("No Name", Expect::rejected().at_most(1));
    let error = run.expect::<Extract>(Expect::rejected()).begin::<Etl>().unwrap_err();
    assert!(matches!(error, Error::InvalidPhaseName { .. }), "{error}");
    let run = Run::builder("taxi").journal(journal.clone()).expect::<Extract>(Expect::counter("rows").at_least(1));
    run.begin::<Etl>().unwrap_err();
    assert!(journal.load().unwrap().is_empty());
}

#[test]
fn hostile_names_of_counters_are_shown_escaped() {
    let error = refusal(expecting(Expect::counter("a\u{1b}[31m\nb").at_least(1)));
    assert!(!error.contains(['\u{1b}', '\n']), "{error:?}");
}
