//! Rejected rows are counted by reason, a few of each are kept, and nothing is recorded for one alone.

use std::cell::Cell;
use std::collections::BTreeMap;

use etl_context::{Context, Counts, EtlContext, Extract, Journal, MemoryJournal, Run, RunRecord};
use serde::{Serialize, Serializer};

use super::rejected_rows::by_reason;
use crate::durable::journal_file::JournalFile;

#[test]
fn rows_are_counted_by_reason_with_three_samples_each() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    for row in 0..10_u64 {
        extract.reject(&row, if row % 3 == 0 { "no sender" } else { "no date" }).unwrap();
    }
    let extracted = extract.complete(()).unwrap();
    let rejected = extracted.report().rejected();
    assert_eq!((rejected.rows(), rejected.others(), rejected.carried()), (10, 0, 0));
    assert_eq!(by_reason(rejected), [("no sender", 4), ("no date", 6)]);
    assert_eq!(rejected.reasons()[1].samples(), ["1", "2", "4"]);
}

#[test]
fn a_phase_that_rejects_nothing_says_so() {
    let extracted = Context::new("import").start(Extract).unwrap().complete(()).unwrap();
    assert_eq!((extracted.report().rejected().rows(), extracted.report().rejected().reasons().len()), (0, 0));
}

#[test]
fn both_faces_and_the_closure_reject_alike() {
    let mut dynamic = EtlContext::new("import");
    assert!(dynamic.reject(&7, "odd").unwrap_err().to_string().starts_with("No phase is currently in progress"));
    dynamic.start_phase("extract", None).unwrap();
    dynamic.reject(&7, "odd").unwrap();
    let report = dynamic.end_phase(()).unwrap();
    let closure = Context::new("import").phase(Extract).run(|extract| extract.reject(&7, "odd"));
    assert_eq!(report.rejected(), closure.unwrap().0.report().rejected());
}

/// A reason can be anything that can be shown, and a row anything that serialises, a part of a row too.
#[test]
fn reasons_and_rows_of_many_types() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    let error = "x".parse::<u32>().unwrap_err();
    extract.reject("x", &error).unwrap();
    extract.reject(&["a", "b"][..], error.to_string()).unwrap();
    extract.reject(&BTreeMap::from([("id", 7)]), error).unwrap();
    let extracted = extract.complete(()).unwrap();
    let [reason] = extracted.report().rejected().reasons() else { panic!("one reason") };
    assert_eq!(reason.samples(), [r#""x""#, r#"["a","b"]"#, r#"{"id":7}"#]);
}

/// An author who puts the row into the reason, by mistake or on purpose, costs no more memory than another one.
#[test]
fn of_many_reasons_the_first_twenty_are_told_apart() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    for row in 0..1_000 {
        extract.reject(&row, format!("row {row} is odd")).unwrap();
    }
    extract.reject(&0, "row 3 is odd").unwrap();
    let extracted = extract.complete(()).unwrap();
    let rejected = extracted.report().rejected();
    assert_eq!((rejected.rows(), rejected.others(), rejected.reasons().len()), (1_001, 980, 20));
    assert_eq!(rejected.reasons()[3].rows(), 2);
}

#[test]
fn long_reasons_and_rows_are_cut() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    extract.reject(&"é".repeat(1_000_000), "ü".repeat(1_000_000)).unwrap();
    let extracted = extract.complete(()).unwrap();
    let [reason] = extracted.report().rejected().reasons() else { panic!("one reason") };
    assert_eq!((reason.reason().chars().count(), reason.samples()[0].chars().count()), (200, 200));
}

/// Fails after it has served a while.
struct Broken(Cell<u32>);

impl Serialize for Broken {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        self.0.set(self.0.get() + 1);
        Err(serde::ser::Error::custom("it has no fields"))
    }
}

#[test]
fn a_row_that_cannot_be_serialised_is_rejected_all_the_same() {
    let mut extract = Context::new("import").start(Extract).unwrap();
    extract.reject(&f64::NAN, "no price").unwrap();
    extract.reject(&Broken(Cell::new(0)), "no price").unwrap();
    extract.reject(&[((), 1)].into_iter().collect::<BTreeMap<_, _>>(), "no price").unwrap();
    extract.reject(&etl_context::dict! { "price": f64::NAN }, "no sum").unwrap();
    let extracted = extract.complete(()).unwrap();
    let reasons = extracted.report().rejected().reasons().iter().map(|reason| (reason.reason(), reason.samples()));
    let reasons: Vec<_> = reasons.map(|(reason, samples)| format!("{reason}: {samples:?}")).collect();
    assert_eq!(reasons.len(), 4);
    assert!(reasons[3].starts_with("no sum (the row cannot be shown: a number is NaN"), "{reasons:?}");
    assert!(reasons[0].starts_with("no price (the row cannot be shown: a number is NaN"), "{reasons:?}");
    assert!(reasons[1].starts_with("no price (the row cannot be shown: it has no fields): [\"null\"]"), "{reasons:?}");
    assert!(reasons[2].starts_with("no price (the row cannot be shown: "), "{reasons:?}");
}

#[test]
fn a_row_alone_records_nothing() {
    let mut journal = MemoryJournal::new();
    let context = Run::builder("import").journal(journal.clone()).begin::<etl_context::Etl>().unwrap();
    let mut extract = context.start(Extract).unwrap();
    (0..100).for_each(|row| extract.reject(&row, "odd").unwrap());
    assert_eq!(journal.load().unwrap().len(), 2);
    extract.checkpoint(&1).unwrap();
    drop(extract.complete(()).unwrap());
    assert_eq!(journal.load().unwrap().len(), 4);
}

/// The lines of a run that rejects nothing are those that an older release writes and reads.
#[test]
fn a_run_that_rejects_nothing_has_no_word_of_it() {
    let file = JournalFile::new();
    let rejects = file.folder().join("rejects.jsonl");
    let builder = Run::builder("import").journal(file.open()).rejects(&rejects).max_rejected(7);
    let mut extract = builder.begin::<etl_context::Etl>().unwrap().start(Extract).unwrap();
    extract.update_progress(Counts { conversations: 0, messages: 1 });
    extract.checkpoint(&1).unwrap();
    let extract = extract.fail("no connection").unwrap().retry().unwrap();
    assert_eq!(extract.resume_point().unwrap(), Some(1));
    drop(extract.complete(()).unwrap());
    let text = String::from_utf8(file.bytes()).unwrap();
    assert!(!text.contains("rejected"), "{text}");
    assert_eq!(std::fs::read(rejects).unwrap(), b"");
}

#[test]
fn what_the_journal_holds_adds_up_to_what_was_counted() {
    let file = JournalFile::new();
    let mut extract = Run::builder("import").journal(file.open()).begin::<etl_context::Etl>().unwrap().start(Extract).unwrap();
    for row in 0..97_u64 {
        extract.reject(&row, format!("{} of 30", row * row % 30)).unwrap();
        if row % 10 == 9 {
            extract.checkpoint(&row).unwrap();
            let live = extract.summary();
            let replayed = file.record().summary();
            let rejected = |summary: &etl_context::RunSummary| {
                serde_json::to_value(summary).unwrap()["phases"]["extract"]["rejected"].clone()
            };
            assert_eq!(rejected(&live), rejected(&replayed));
            assert_eq!(rejected(&live)["rows"], row + 1);
        }
    }
    let extracted = extract.complete(()).unwrap();
    assert_eq!(extracted.record(), &file.record());
    assert_eq!(RunRecord::replay(&file.events()).as_ref(), Some(extracted.record()));
}
