//! A phase goes on from its last checkpoint, whoever made it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Debug;

use etl_context::{Context, Counts, Dictionary, Error, Extract, Running, RunningPhase, Transform, dict};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::journal_file::JournalFile;
use super::nightly_run::{export, extracted, finished, open, open_dynamic};

/// The first phase, running in a new process.
fn running(file: &JournalFile) -> Context<Running<Extract>> {
    open(file).start(Extract).unwrap()
}

/// A run whose process died after the first phase had made these checkpoints.
fn died_after<C: Serialize>(cursors: &[C]) -> JournalFile {
    let file = JournalFile::new();
    let mut extract = running(&file);
    for cursor in cursors {
        extract.checkpoint(cursor).unwrap();
    }
    file.crashed()
}

#[test]
fn a_first_attempt_has_nothing_to_go_on_from() {
    let file = JournalFile::new();
    let extract = running(&file);
    assert_eq!(extract.resume_point::<u64>().unwrap(), None);
}

#[test]
fn a_phase_goes_on_from_the_last_checkpoint_of_a_process_that_died() {
    let file = died_after(&[1, 2, 3]);
    assert_eq!(running(&file).resume_point::<u64>().unwrap(), Some(3));
}

#[test]
fn a_checkpoint_stands_until_the_next_one_however_many_attempts_die_in_between() {
    let mut file = died_after(&[7]);
    for _ in 0..3 {
        let extract = running(&file);
        assert_eq!(extract.resume_point::<u64>().unwrap(), Some(7));
        file = file.crashed();
    }
    let mut extract = running(&file);
    extract.checkpoint(&8).unwrap();
    assert_eq!(extract.resume_point::<u64>().unwrap(), Some(8));
}

#[test]
fn a_retry_in_the_same_process_goes_on_from_it_too() {
    let file = JournalFile::new();
    let mut extract = running(&file);
    extract.checkpoint(&7).unwrap();
    let extract = extract.fail("no connection").unwrap().retry().unwrap();
    assert_eq!(extract.resume_point::<u64>().unwrap(), Some(7));
}

#[test]
fn a_phase_that_completed_has_nothing_left_to_go_on_from() {
    let file = JournalFile::new();
    let mut extract = running(&file);
    extract.checkpoint(&7).unwrap();
    drop(extract.complete(()).unwrap());
    let outcome =
        open(&file).phase(Extract).again().run(|extract| Ok::<_, Error>(dict! { "from": extract.resume_point::<u64>()? }));
    assert_eq!(outcome.unwrap().1["from"], serde_json::Value::Null);
}

#[test]
fn one_phase_does_not_go_on_from_the_checkpoint_of_another() {
    let file = JournalFile::new();
    let mut extract = running(&file);
    extract.checkpoint(&7).unwrap();
    let transform = extract.complete(()).unwrap().start(Transform).unwrap();
    assert_eq!(transform.resume_point::<u64>().unwrap(), None);
}

fn comes_back<C: Serialize + DeserializeOwned + PartialEq + Debug>(cursor: C) {
    let file = died_after(&[&cursor]);
    assert_eq!(running(&file).resume_point::<C>().unwrap(), Some(cursor));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Page {
    First,
    After { id: u64, name: String },
}

#[test]
fn a_cursor_can_be_of_any_shape() {
    comes_back(u64::MAX);
    comes_back(i64::MIN);
    comes_back(0.1 + 0.2);
    comes_back("line\nbreak".to_owned());
    comes_back((1, Some("two".to_owned()), None::<u8>));
    comes_back(vec![1, 2, 3]);
    comes_back(Page::First);
    comes_back(Page::After { id: 7, name: "é".to_owned() });
    comes_back(BTreeMap::from([(0_u32, 512_u64), (1, 1_024)]));
    comes_back(dict! { "seq": 1, "crc": "00000000", "event": "run_began" });
    comes_back(());
}

#[test]
fn a_cursor_that_is_null_is_a_cursor() {
    let file = died_after(&[None::<u64>]);
    assert_eq!(running(&file).resume_point::<Option<u64>>().unwrap(), Some(None));
}

#[test]
fn a_cursor_that_no_longer_fits_names_the_phase_and_the_key() {
    #[derive(Debug, Deserialize)]
    struct Position {
        #[allow(dead_code)]
        page: u64,
    }
    let file = died_after(&[dict! { "page": "seven" }]);
    let error = running(&file).resume_point::<Position>().unwrap_err();
    assert!(matches!(error, Error::StoredShape { .. }));
    let message = error.to_string();
    assert!(["checkpoint", "`extract`", "`page`"].iter().all(|word| message.contains(word)), "{message}");
}

#[test]
fn the_key_is_named_behind_a_wrapper_and_an_option_too() {
    #[derive(Debug, Deserialize)]
    enum Order {
        Newest,
    }
    #[derive(Debug, Deserialize)]
    struct Position {
        #[allow(dead_code)]
        order: Order,
    }
    #[derive(Debug, Deserialize)]
    struct Cursor(#[allow(dead_code)] Option<Position>);

    let read = |cursor: Dictionary| running(&died_after(&[cursor])).resume_point::<Cursor>();
    assert!(matches!(read(dict! { "order": "Newest" }), Ok(Some(Cursor(Some(Position { order: Order::Newest }))))));
    let message = read(dict! { "order": "Oldest" }).unwrap_err().to_string();
    assert!(["`extract`", "`order`", "`Oldest`"].iter().all(|word| message.contains(word)), "{message}");
}

#[test]
fn a_cursor_that_json_cannot_hold_is_refused_and_changes_nothing() {
    let file = JournalFile::new();
    let mut extract = running(&file);
    extract.checkpoint(&7).unwrap();
    let before = file.bytes();
    assert!(matches!(extract.checkpoint(&f64::NAN), Err(Error::NotSerializable { .. })));
    assert_eq!(file.bytes(), before);
    assert_eq!(extract.resume_point::<u64>().unwrap(), Some(7));
}

#[test]
fn a_checkpoint_is_in_the_file_when_it_returns() {
    let file = JournalFile::new();
    let mut extract = running(&file);
    for cursor in 0..10 {
        extract.checkpoint(&cursor).unwrap();
        assert_eq!(file.record().phase("extract").unwrap().checkpoint(), Some(&cursor.into()));
    }
}

#[test]
fn a_closure_goes_on_from_it() {
    let file = died_after(&[7]);
    let outcome = open(&file).phase(Extract).run(|extract: &mut RunningPhase<'_, Extract>| -> Result<_, Error> {
        Ok(dict! { "from": extract.resume_point::<u64>()? })
    });
    assert_eq!(outcome.unwrap().1["from"], 7);
}

#[test]
fn the_key_of_a_load_is_the_same_in_every_attempt_and_every_process() {
    let file = JournalFile::new();
    let extract = running(&file);
    let key = extract.idempotency_key();
    let retried = extract.fail("no connection").unwrap().retry().unwrap();
    assert_eq!(retried.idempotency_key(), key);
    let crashed = file.crashed();
    assert_eq!(running(&crashed).idempotency_key(), key);
    let mut dynamic = open_dynamic(&crashed);
    dynamic.start_phase("extract", None).unwrap();
    assert_eq!(dynamic.idempotency_key().unwrap(), key);
    let outcome =
        open(&file.crashed()).phase(Extract).run(|extract| Ok::<_, Infallible>(dict! { "key": extract.idempotency_key() }));
    assert_eq!(outcome.unwrap().1["key"], key);
}

#[test]
fn without_a_phase_there_is_no_key() {
    let file = JournalFile::new();
    let error = open_dynamic(&file).idempotency_key().unwrap_err();
    assert!(matches!(error, Error::NoneInProgress { .. }), "{error}");
}

#[test]
fn two_phases_and_two_runs_have_different_keys() {
    let file = extracted();
    let (context, _) = open(&file).phase(Extract).run(|_| Ok::<_, Infallible>(export())).unwrap();
    let transform = context.start(Transform).unwrap();
    let file = JournalFile::new();
    let extract = running(&file);
    assert!(transform.idempotency_key().ends_with("/transform"));
    assert_ne!(transform.idempotency_key().split('/').next(), extract.idempotency_key().split('/').next());
}

#[test]
fn an_attempt_that_goes_on_counts_for_itself() {
    let file = JournalFile::new();
    let mut extract = running(&file);
    extract.update_progress(Counts { conversations: 1, messages: 10 });
    extract.checkpoint(&10).unwrap();
    extract.update_progress(Counts { conversations: 1, messages: 5 });
    let crashed = file.crashed();
    let mut resumed = running(&crashed);
    resumed.update_progress(Counts { conversations: 0, messages: 2 });
    let resumed = resumed.complete(()).unwrap();
    assert_eq!(resumed.counts().messages, 2);
    let reports = resumed.record().phase("extract").unwrap().reports();
    assert_eq!(reports[0].counts(), Counts { conversations: 1, messages: 10 }, "what was counted until the checkpoint");
}

#[test]
fn what_is_finished_is_not_started_again_by_reading_a_checkpoint() {
    let context = open_dynamic(&finished());
    assert!(matches!(context.resume_point::<u64>(), Err(Error::NoneInProgress { .. })));
}
