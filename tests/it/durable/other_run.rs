//! A journal belongs to one run, which its name and its parameters tell apart from others.

use std::collections::{BTreeMap, HashMap};

use etl_context::{Error, Etl, FileJournal, MemoryJournal, Run, RunBuilder, dict};
use serde::Serialize;

use super::journal_file::JournalFile;

fn begun(file: &JournalFile, parameters: &impl Serialize) -> Result<RunBuilder, Error> {
    let builder = || Run::builder("nightly").journal(file.open());
    drop(builder().parameters(parameters).begin::<Etl>()?);
    Ok(builder())
}

/// The names of the parameters that a run with other ones is refused by; empty if it is not refused.
fn refused_by(first: &impl Serialize, then: &impl Serialize) -> String {
    let file = JournalFile::new();
    let outcome = begun(&file, first).unwrap().parameters(then).begin::<Etl>();
    match outcome {
        Ok(_) => String::new(),
        Err(Error::OtherRun { difference, .. }) => difference,
        Err(other) => panic!("{other}"),
    }
}

#[derive(Serialize)]
struct Parameters<'a> {
    day: &'a str,
    regions: Vec<&'a str>,
    dry: bool,
}

const FIRST: Parameters<'_> = Parameters { day: "monday", regions: Vec::new(), dry: false };

#[test]
fn the_same_parameters_are_the_same_run() {
    assert_eq!(refused_by(&FIRST, &FIRST), "");
    assert_eq!(refused_by(&(), &()), "");
    assert_eq!(refused_by(&7, &7), "");
}

#[test]
fn other_parameters_are_refused_by_their_names_and_only_those() {
    let difference = refused_by(&FIRST, &Parameters { day: "tuesday", dry: true, ..FIRST });
    assert!(difference.contains("`day`") && difference.contains("`dry`"), "{difference}");
    assert!(!difference.contains("`regions`"), "{difference}");
}

#[test]
fn a_parameter_more_or_less_is_another_run() {
    assert!(refused_by(&dict! { "day": "monday" }, &dict! { "day": "monday", "region": "eu" }).contains("`region`"));
    assert!(refused_by(&dict! { "day": "monday", "region": "eu" }, &dict! { "day": "monday" }).contains("`region`"));
    assert!(refused_by(&FIRST, &()).contains("`day`"));
    assert!(refused_by(&(), &FIRST).contains("`day`"));
    assert!(refused_by(&7, &8).contains("parameters"));
}

#[test]
fn what_is_inside_a_parameter_counts() {
    let nested = |depth: u32| dict! { "options": { "depth": depth, "list": [1, 2] } };
    assert!(refused_by(&nested(1), &nested(2)).contains("`options`"));
    assert_eq!(refused_by(&nested(1), &nested(1)), "");
    assert!(refused_by(&dict! { "list": [1, 2] }, &dict! { "list": [2, 1] }).contains("`list`"));
}

#[test]
fn the_order_of_a_map_does_not_count() {
    let names: Vec<_> = (0..40).map(|number| format!("key {number}")).collect();
    let sorted: BTreeMap<_, _> = names.iter().map(|name| (name, 1)).collect();
    let shuffled: HashMap<_, _> = names.iter().rev().map(|name| (name, 1)).collect();
    assert_eq!(refused_by(&dict! { "inner": sorted }, &dict! { "inner": shuffled }), "");
}

#[test]
fn a_refused_run_leaves_the_journal_as_it_was() {
    let file = JournalFile::new();
    let other = begun(&file, &FIRST).unwrap().parameters(&dict! { "day": "tuesday" });
    let before = file.bytes();
    other.begin::<Etl>().unwrap_err();
    assert_eq!(file.bytes(), before);
    drop(Run::builder("nightly").journal(file.open()).parameters(&FIRST).begin::<Etl>().unwrap());
}

#[test]
fn other_parameters_are_taken_if_that_is_allowed() {
    let file = JournalFile::new();
    let other = begun(&file, &FIRST).unwrap().parameters(&dict! { "day": "tuesday" });
    drop(other.allow_other_parameters().begin::<Etl>().unwrap());
}

#[test]
fn a_run_of_another_name_is_refused_by_both_names() {
    let file = JournalFile::new();
    drop(begun(&file, &FIRST).unwrap());
    for allowed in [false, true] {
        let builder = Run::builder("weekly").journal(file.open()).parameters(&FIRST);
        let builder = if allowed { builder.allow_other_parameters() } else { builder };
        let message = builder.begin::<Etl>().unwrap_err().to_string();
        assert!(message.contains("`nightly`") && message.contains("`weekly`"), "{message}");
    }
}

#[test]
fn the_values_of_parameters_are_not_in_the_journal() {
    let file = JournalFile::new();
    drop(begun(&file, &dict! { "day": "monday-in-may", "nested": { "inner": "hidden-value" } }).unwrap());
    let text = String::from_utf8(file.bytes()).unwrap();
    assert!(text.contains("\"day\"") && !text.contains("monday-in-may") && !text.contains("hidden-value"));
}

#[test]
fn parameters_that_are_no_json_are_refused_when_the_run_begins() {
    let journal = MemoryJournal::new();
    let builder = || Run::builder("nightly").journal(journal.clone()).parameters(&f64::NAN);
    assert!(matches!(builder().begin::<Etl>(), Err(Error::Parameters { .. })));
    assert!(matches!(builder().begin_dynamic(), Err(Error::Parameters { .. })));
}

#[test]
fn metadata_is_what_was_said_when_the_run_began() {
    let file = JournalFile::new();
    let builder = || Run::builder("nightly").journal(file.open()).metadata("operator", "night shift");
    drop(builder().metadata("host", "a").begin::<Etl>().unwrap());
    let context = builder().metadata("host", "b").metadata("ticket", "7").begin::<Etl>().unwrap();
    let metadata: Vec<_> = context.record().metadata().iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!(metadata, [("host", "a"), ("operator", "night shift")]);
}

#[test]
fn a_run_that_is_opened_again_is_the_same_run() {
    let file = JournalFile::new();
    let first = Run::builder("nightly").journal(file.open()).begin::<Etl>().unwrap().record().run_id();
    let second = Run::builder("nightly").journal(file.open()).begin::<Etl>().unwrap().record().run_id();
    let other = Run::builder("nightly").journal(JournalFile::new().open()).begin::<Etl>().unwrap().record().run_id();
    assert_eq!(first, second);
    assert_ne!(first, other);
}

#[test]
fn an_empty_file_begins_a_run() {
    let file = JournalFile::with("");
    drop(Run::builder("nightly").journal(FileJournal::open(file.path()).unwrap()).begin::<Etl>().unwrap());
    assert_eq!(file.record().name(), "nightly");
}

#[test]
fn what_is_new_gone_or_other_is_told_apart() {
    let first = dict! { "day": "monday", "region": "eu" };
    let told = refused_by(&first, &dict! { "day": "tuesday", "operator": "anna" });
    let expected = "it began with other values of parameters: `day`; it began without parameters that are given now: `operator`; \
                    it began with parameters that are not given now: `region`";
    assert_eq!(told, expected);
}

#[test]
fn parameters_that_were_allowed_are_those_of_the_run_from_then_on() {
    let file = JournalFile::new();
    let tuesday = dict! { "day": "tuesday" };
    let allowed = begun(&file, &dict! { "day": "monday" }).unwrap().parameters(&tuesday).allow_other_parameters();
    drop(allowed.begin::<Etl>().unwrap());
    let again = |parameters| Run::builder("nightly").journal(file.open()).parameters(&parameters).begin::<Etl>();
    drop(again(tuesday).unwrap());
    again(dict! { "day": "monday" }).unwrap_err();
}
