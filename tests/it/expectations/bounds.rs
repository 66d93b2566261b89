//! Fixed bounds need no earlier run. Each figure is that of the report, and whether it keeps to its bounds is exact.

use std::time::Duration;

use etl_context::{
    Counts, Etl, EtlContext, Event, Expect, Expectation, Extract, Journal, MemoryJournal, PhaseStatus, Run, Share, dict,
};
use proptest::prelude::*;

use super::{Load, Nightly, Rows, extracted, loaded, only, run};

#[test]
fn a_breach_is_a_warning_on_record_and_the_phase_completes() {
    let loaded = loaded(run().expect::<Load>(Expect::counter("rows").at_least(10_000)), 9_800);
    let rows = only(loaded.report());
    assert_eq!(loaded.status(Load), PhaseStatus::Completed);
    assert_eq!((rows.holds(), rows.is_checked(), rows.fails_phase()), (false, true, false));
    assert_eq!(rows.to_string(), "rows: 9,800, expected at least 10,000");
    assert_eq!((rows.figure(), rows.found(), rows.expected()), ("rows".into(), "9,800".into(), "at least 10,000".into()));
    assert_eq!(loaded.summary().error_count(), 0);
}

#[test]
fn what_is_as_expected_is_on_record_too() {
    let loaded = loaded(run().expect::<Load>(Expect::counter("rows").at_least(1).at_most(10_000)), 10_000);
    assert!(only(loaded.report()).holds());
    assert_eq!(only(loaded.report()).to_string(), "rows: 10,000, expected at least 1 and at most 10,000");
}

#[test]
fn only_the_bound_that_is_broken_is_told_of_what_is_not_as_expected() {
    let loaded = loaded(run().expect::<Load>(Expect::counter("rows").at_least(1).at_most(10_000)), 10_001);
    assert_eq!(only(loaded.report()).to_string(), "rows: 10,001, expected at most 10,000");
}

#[test]
fn the_largest_counts_are_told_apart() {
    let most = |bound: u64, found: u64| {
        let loaded = loaded(run().expect::<Load>(Expect::counter("rows").at_least(bound)), found);
        only(loaded.report()).holds()
    };
    assert!(most(u64::MAX, u64::MAX));
    assert!(!most(u64::MAX, u64::MAX - 1));
}

#[test]
fn the_word_of_the_result_counts_as_it_does_in_the_report() {
    let messages = Expect::counter("messages").at_least(100);
    let extract = run().expect::<Extract>(messages).begin::<Etl>().unwrap().start(Extract).unwrap();
    let extracted = extract.complete(dict! { "messages_processed": 100 }).unwrap();
    assert!(only(extracted.report()).holds());
}

#[test]
fn rejected_rows_and_their_share_are_figures() {
    let run = run()
        .expect::<Load>(Expect::rejected().at_most(1))
        .expect::<Load>(Expect::rejected_share().at_most(Share::percent(25.0)));
    let mut load = run.begin::<Nightly>().unwrap().start(Load).unwrap();
    load.update_progress(Rows { rows: 6, bytes: 0 });
    load.reject("row 7", "no sender").unwrap();
    load.reject("row 9", "no sender").unwrap();
    let loaded = load.complete(()).unwrap();
    let told: Vec<_> = loaded.report().expectations().iter().map(ToString::to_string).collect();
    assert_eq!(told, ["rejected rows: 2, expected at most 1", "share of rejected rows: 33 %, expected at most 25 %"]);
}

#[test]
fn a_share_of_no_rows_is_not_known_and_breaks_nothing() {
    let loaded = loaded(run().expect::<Load>(Expect::rejected_share().at_most(Share::percent(0.0))), 0);
    let share = only(loaded.report());
    assert_eq!((share.holds(), share.is_checked()), (true, false));
    assert_eq!(share.to_string(), "share of rejected rows: not known, expected at most 0 %");
}

#[test]
fn a_rate_and_a_duration_are_those_of_the_attempt() {
    let run = run()
        .expect::<Load>(Expect::rate("rows").at_least(0.5))
        .expect::<Load>(Expect::rate("bytes").at_least(1.0))
        .expect::<Load>(Expect::duration().at_most(Duration::from_secs(3_600)));
    let mut load = run.begin::<Nightly>().unwrap().start(Load).unwrap();
    load.update_progress(Rows { rows: u64::MAX, bytes: 0 });
    // Time passes on the clock of the machine, if only a microsecond.
    let began = std::time::Instant::now();
    while began.elapsed() < Duration::from_micros(5) {}
    let loaded = load.complete(()).unwrap();
    let holds: Vec<_> = loaded.report().expectations().iter().map(Expectation::holds).collect();
    assert_eq!(holds, [true, false, true], "{:?}", loaded.report().expectations());
    assert!(loaded.report().expectations()[1].to_string().starts_with("bytes per second: "), "{}", loaded.report());
}

/// An attempt that takes up what an earlier one has done tells nothing of how long the phase takes.
#[test]
fn the_duration_of_an_attempt_that_went_on_from_another_one_is_not_known() {
    let run = run()
        .expect::<Extract>(Expect::duration().at_least(Duration::from_secs(3_600)))
        .expect::<Extract>(Expect::counter("messages").at_least(5));
    let mut extract = run.begin::<Etl>().unwrap().start(Extract).unwrap();
    extract.update_progress(Counts { conversations: 0, messages: 3 });
    extract.checkpoint(&3).unwrap();
    let mut extract = extract.fail("no connection").unwrap().retry().unwrap();
    assert_eq!(extract.resume_point::<u64>().unwrap(), Some(3));
    extract.update_progress(Counts { conversations: 0, messages: 2 });
    let extracted = extract.complete(()).unwrap();
    let [took, messages] = extracted.report().expectations() else { panic!("two are expected") };
    assert_eq!((took.holds(), took.is_checked()), (true, false));
    assert_eq!(messages.to_string(), "messages: 5, expected at least 5");
}

#[test]
fn nothing_is_looked_at_of_an_attempt_that_fails() {
    let run = run().expect::<Extract>(Expect::counter("messages").at_least(5));
    let failed = run.begin::<Etl>().unwrap().start(Extract).unwrap().fail("no connection").unwrap();
    assert!(failed.report().expectations().is_empty());
}

#[test]
fn each_attempt_is_looked_at_by_itself() {
    let run = run().expect_by_name("load", Expect::counter("messages").at_least(2));
    let mut context = run.begin_dynamic().unwrap();
    let mut load = |messages| {
        context.start_phase("load", None).unwrap();
        context.update_progress(Counts { conversations: 0, messages }).unwrap();
        only(&context.end_phase(()).unwrap()).holds()
    };
    assert_eq!([load(1), load(2), load(1)], [false, true, false]);
}

#[test]
fn a_counter_that_a_phase_by_name_does_not_have_is_not_known() {
    let run = run().expect_by_name("load", Expect::counter("lines").at_least(2));
    let mut context: EtlContext = run.begin_dynamic().unwrap();
    context.start_phase("load", None).unwrap();
    let report = context.end_phase(()).unwrap();
    assert_eq!(only(&report).to_string(), "lines: not known, expected at least 2");
    assert!(only(&report).holds());
}

/// The end of the phase and what was found are one event, and it is read back as it was.
#[test]
fn the_journal_has_what_was_found_in_the_line_of_the_end() {
    let mut journal = MemoryJournal::new();
    let run =
        Run::builder("taxi").journal(journal.clone()).expect::<Extract>(Expect::counter("messages").at_least(500).or_fail());
    let extract = run.begin::<Etl>().unwrap().start(Extract).unwrap();
    drop(extract.complete(()).unwrap_err());
    let events = journal.load().unwrap();
    let line = events[2].to_line(2).unwrap();
    let expected =
        r#""expectations":[{"figure":"counter","counter":"messages","found":0,"at_least":500,"or_fail":true,"held":false}]"#;
    assert!(line.contains(expected), "{line}");
    assert_eq!(Event::from_line(2, &line).unwrap(), events[2]);
    assert_eq!(events.len(), 3, "{events:?}");
}

#[test]
fn a_run_without_expectations_is_recorded_as_ever() {
    let mut journal = MemoryJournal::new();
    drop(extracted(Run::builder("taxi").journal(journal.clone()), 3));
    for (sequence, event) in (0..).zip(journal.load().unwrap()) {
        assert!(!event.to_line(sequence).unwrap().contains("expect"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn whether_a_count_keeps_to_its_bounds_is_exact(rows: u64, bounds: [u64; 2]) {
        let [least, most] = if bounds[0] <= bounds[1] { bounds } else { [bounds[1], bounds[0]] };
        let loaded = loaded(run().expect::<Load>(Expect::counter("rows").at_least(least).at_most(most)), rows);
        prop_assert_eq!(only(loaded.report()).holds(), (least..=most).contains(&rows));
    }
}
