//! What a phase returned is there for the next process.

use std::collections::BTreeMap;
use std::convert::Infallible;

use etl_context::{Completed, Context, Dictionary, Entry, Error, Extract, PhaseFailure, PhaseResult, dict};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::journal_file::JournalFile;
use super::nightly_run::{Export, export, extracted, open};

/// What the program gets that asks for the result of the first phase, which it does not run.
fn read_back<R: PhaseResult + DeserializeOwned>(file: &JournalFile) -> Result<R, Error> {
    let outcome = open(file).phase(Extract).run(|_| -> Result<R, Infallible> { panic!("the phase runs again") });
    Ok(outcome.map(|(_, result)| result)?)
}

/// A run whose first phase returned this.
fn returned<R: PhaseResult + DeserializeOwned>(result: R) -> JournalFile {
    let file = JournalFile::new();
    drop(open(&file).phase(Extract).run(|_| Ok::<_, Infallible>(result)).unwrap());
    file
}

#[test]
fn a_completed_phase_is_not_run_again_and_returns_what_it_returned() {
    let file = extracted();
    assert_eq!(read_back::<Export>(&file).unwrap(), export());
}

#[test]
fn skipping_a_phase_adds_nothing_to_the_journal() {
    let file = extracted();
    let before = file.bytes();
    read_back::<Export>(&file).unwrap();
    assert_eq!(file.bytes(), before);
}

#[test]
fn a_dictionary_and_no_result_are_read_back() {
    let result = dict! { "file": "a", "nested": { "list": [1, null, "two"] } };
    assert_eq!(read_back::<Dictionary>(&returned(result.clone())).unwrap(), result);
    assert_eq!(read_back::<Dictionary>(&returned(dict! {})).unwrap(), dict! {});
    read_back::<()>(&returned(())).unwrap();
}

#[test]
fn the_program_may_ask_for_less_than_was_returned() {
    #[derive(Serialize, Deserialize)]
    struct File {
        file: String,
    }
    impl PhaseResult for File {}
    assert_eq!(read_back::<File>(&extracted()).unwrap().file, "export.tar");
    assert_eq!(read_back::<Dictionary>(&extracted()).unwrap()["rows"], 42);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Unit,
    Tuple(u8, char),
    Struct { inner: Option<Box<Kind>> },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    numbers: (u64, i64, f64, f32),
    kinds: Vec<Kind>,
    absent: Option<u8>,
    by_number: BTreeMap<u32, String>,
    text: String,
}

impl PhaseResult for Everything {}

#[test]
fn a_result_of_any_shape_is_read_back_as_it_was() {
    let everything = || Everything {
        numbers: (u64::MAX, i64::MIN, 0.1 + 0.2, f32::MIN_POSITIVE),
        kinds: vec![Kind::Unit, Kind::Tuple(7, '\u{1F600}'), Kind::Struct { inner: Some(Box::new(Kind::Unit)) }],
        absent: None,
        by_number: BTreeMap::from([(3, "three".to_owned())]),
        text: "line\nbreak \u{0} \u{2028} \"quoted\"".to_owned(),
    };
    assert_eq!(read_back::<Everything>(&returned(everything())).unwrap(), everything());
}

#[test]
fn a_result_as_deep_as_is_accepted_is_read_back() {
    let mut deep = serde_json::json!("innermost");
    for _ in 0..99 {
        deep = serde_json::json!([deep]);
    }
    let result = dict! { "deep": deep };
    assert_eq!(read_back::<Dictionary>(&returned(result.clone())).unwrap(), result);
}

#[test]
fn a_map_with_numbers_for_keys_is_read_back() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct ByYear(BTreeMap<u32, u64>);
    impl PhaseResult for ByYear {}
    let result = || ByYear(BTreeMap::from([(2025, 1), (2026, 2)]));
    assert_eq!(read_back::<ByYear>(&returned(result())).unwrap(), result());
}

/// What an older program called a number is a text now.
#[derive(Debug, Serialize, Deserialize)]
struct NewExport {
    file: String,
    rows: String,
}

impl PhaseResult for NewExport {}

#[test]
fn a_result_that_no_longer_fits_names_the_phase_and_the_key() {
    let error = read_back::<NewExport>(&extracted()).unwrap_err();
    assert!(matches!(error, Error::StoredShape { .. }));
    let message = error.to_string();
    assert!(message.contains("`extract`") && message.contains("`rows`"), "{message}");
}

#[test]
fn a_result_that_lacks_a_key_names_it() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Wider {
        file: String,
        checksum: String,
    }
    impl PhaseResult for Wider {}
    let message = read_back::<Wider>(&extracted()).unwrap_err().to_string();
    assert!(message.contains("`extract`") && message.contains("`checksum`"), "{message}");
}

#[test]
fn no_result_where_one_is_asked_for_names_the_phase() {
    let message = read_back::<Export>(&returned(())).unwrap_err().to_string();
    assert!(message.contains("`extract`"), "{message}");
}

#[test]
fn a_phase_whose_result_no_longer_fits_runs_when_told_to_run_again() {
    let file = extracted();
    let new = || NewExport { file: "export.tar".to_owned(), rows: "42".to_owned() };
    let refused = open(&file).phase(Extract).run(|_| Ok::<_, Infallible>(new())).unwrap_err();
    let PhaseFailure::NotStarted(refused) = refused else { panic!("{refused:?}") };
    let (context, _) = refused.into_parts();
    let (extracted, result) = context.phase(Extract).again().run(|_| Ok::<_, Infallible>(new())).unwrap();
    assert_eq!(extracted.report().attempt(), 2);
    assert_eq!(result.rows, "42");
    drop(extracted);
    assert_eq!(read_back::<NewExport>(&file).unwrap().rows, "42");
}

#[test]
fn a_completed_phase_can_be_entered_without_running_it() {
    let entry = open(&extracted()).enter(Extract).unwrap();
    let Entry::Done(extracted) = entry else { panic!("{entry:?}") };
    let _: &Context<Completed<Extract>> = &extracted;
    assert_eq!(extracted.report().result().unwrap()["rows"], 42);
    assert_eq!(extracted.report().attempt(), 1);
}

#[test]
fn a_phase_that_is_not_done_can_be_entered_and_started_or_run() {
    let file = JournalFile::new();
    let entry = open(&file).enter(Extract).unwrap();
    let Entry::Vacant(extract) = entry else { panic!("{entry:?}") };
    drop(extract.start().unwrap());
    let entry = open(&file).enter(Extract).unwrap();
    let Entry::Vacant(extract) = entry else { panic!("{entry:?}") };
    let (extracted, ()) = extract.run(|_| Ok::<_, Infallible>(())).unwrap();
    assert_eq!(extracted.report().attempt(), 2);
}

#[test]
fn work_that_awaits_is_not_done_again_either() {
    let file = extracted();
    let work = open(&file).phase(Extract).run_async(async |_| -> Result<Export, Infallible> { panic!("the phase runs again") });
    let (_, result) = futures::executor::block_on(work).unwrap();
    assert_eq!(result, export());
}
