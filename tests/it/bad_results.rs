//! Results as nobody should return them: a clear error or a correct result, never a panic.

use std::collections::{BTreeMap, HashMap};

use etl_context::{Context, Counts, Dictionary, Error, EtlContext, Extract, PhaseReport, PhaseResult, dict};
use serde::Serialize;
use serde_json::{Value, json};

use crate::parsed_json::keys;
use crate::unchanged::refused;

fn extracting() -> EtlContext {
    let mut context = EtlContext::new("import");
    context.start_phase("extract", None).unwrap();
    context
}

fn ended_with(result: impl Serialize) -> PhaseReport {
    extracting().end_phase(result).unwrap()
}

/// Ends the phase with what JSON cannot hold, on both faces.
#[track_caller]
fn is_not_serializable<R: PhaseResult>(result: R) {
    let mut context = extracting();
    context.update_progress(Counts { conversations: 1, messages: 20 }).unwrap();
    let error = refused(&mut context, |context| context.end_phase(&result));
    assert!(matches!(error, Error::NotSerializable { .. }), "{error}");
    assert!(error.to_string().starts_with("the result of phase `extract` cannot be recorded"), "{error}");
    context.end_phase(()).unwrap();

    let (typed, error) = Context::new("import").start(Extract).unwrap().complete(result).unwrap_err().into_parts();
    assert!(matches!(error, Error::NotSerializable { .. }), "{error}");
    drop(typed.complete(()).unwrap());
}

/// A result that wraps any value.
#[derive(Serialize)]
struct Holds<T>(BTreeMap<&'static str, T>);

impl<T: Serialize> PhaseResult for Holds<T> {}

fn holds<T>(value: T) -> Holds<T> {
    Holds(BTreeMap::from([("value", value)]))
}

#[derive(Serialize)]
struct Measured<T> {
    rate: T,
}

#[derive(Serialize)]
struct Rate<T>(T);

#[derive(Serialize)]
enum Kind<T> {
    New(T),
    Pair(T, u8),
    Named { rate: T },
}

#[test]
fn numbers_that_json_does_not_have_are_found_wherever_they_are() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        is_not_serializable(holds(number));
        is_not_serializable(holds(Some(number)));
        is_not_serializable(holds(vec![0.0, number]));
        is_not_serializable(holds((1, number)));
        is_not_serializable(holds(Rate(number)));
        is_not_serializable(holds(Measured { rate: number }));
        is_not_serializable(holds(Kind::New(number)));
        is_not_serializable(holds(Kind::Pair(number, 0)));
        is_not_serializable(holds(Kind::Named { rate: number }));
        is_not_serializable(holds(BTreeMap::from([("rate", number)])));
        is_not_serializable(holds(vec![Some(Measured { rate: Rate(number) })]));
    }
    is_not_serializable(holds(f32::NAN));
    is_not_serializable(holds([f32::INFINITY]));
}

#[test]
fn finite_numbers_come_back_as_they_were() {
    let report = ended_with(holds((f64::MAX, f64::MIN_POSITIVE, -0.0, 0.1)));
    let text = serde_json::to_string(&report).unwrap();
    let read: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(read["value"], json!([f64::MAX, f64::MIN_POSITIVE, -0.0, 0.1]));
}

#[test]
fn integers_beyond_64_bits_are_refused() {
    is_not_serializable(holds(u128::from(u64::MAX) + 1));
    is_not_serializable(holds(i128::MIN));
    assert_eq!(ended_with(holds(u128::from(u64::MAX))).result().unwrap()["value"], u64::MAX);
    assert_eq!(ended_with(holds(i128::from(i64::MIN))).result().unwrap()["value"], i64::MIN);
}

#[test]
fn keys_that_are_no_strings_become_strings_or_are_refused() {
    assert_eq!(ended_with(HashMap::from([(7, "seven")])).result(), Some(&dict! { "7": "seven" }));
    assert_eq!(ended_with(holds(BTreeMap::from([(true, 1)]))).result().unwrap()["value"], json!({ "true": 1 }));
    is_not_serializable(holds(BTreeMap::from([((1, 2), 3)])));
    is_not_serializable(holds(BTreeMap::from([(vec![1], 3)])));
    is_not_serializable(holds(BTreeMap::from([(None::<u8>, 3)])));
}

#[test]
fn a_result_of_100_000_keys_is_kept_whole() {
    let result: Dictionary = (0..100_000).map(|key| (format!("key_{key}"), json!(key))).collect();
    let extracted = Context::new("import").start(Extract).unwrap().complete(&result).unwrap();
    assert_eq!(extracted.report().result(), Some(&result));
    let json = serde_json::to_value(extracted.report()).unwrap();
    assert!(result.iter().all(|(key, value)| json[key] == *value));
    assert!(extracted.report().to_string().lines().all(|line| line.chars().count() <= 100));
}

fn nested_lists(levels: usize) -> Value {
    (1..levels).fold(json!([]), |inner, _| Value::Array(vec![inner]))
}

#[test]
fn nesting_10_000_deep_is_refused() {
    is_not_serializable(holds(nested_lists(10_000)));
    is_not_serializable(Dictionary::from_iter([("value".to_owned(), nested_lists(10_000))]));
}

/// A tree as a program has it, whose nesting is in its types.
#[derive(Serialize)]
enum Tree {
    Leaf,
    Branches(Vec<Tree>),
    Named { branch: Box<Tree> },
    Only(Box<Tree>),
}

fn grown(levels: usize, grow: impl Fn(Tree) -> Tree) -> Tree {
    (0..levels).fold(Tree::Leaf, |tree, _| grow(tree))
}

#[test]
fn nesting_of_enums_is_counted_as_their_json_nests() {
    // `Branches` and `Named` are an object and what is in it; `Only` is an object.
    is_not_serializable(holds(grown(50, |tree| Tree::Branches(vec![tree]))));
    is_not_serializable(holds(grown(50, |tree| Tree::Named { branch: Box::new(tree) })));
    is_not_serializable(holds(grown(100, |tree| Tree::Only(Box::new(tree)))));
    ended_with(holds(grown(49, |tree| Tree::Branches(vec![tree]))));
    ended_with(holds(grown(49, |tree| Tree::Named { branch: Box::new(tree) })));
    ended_with(holds(grown(99, |tree| Tree::Only(Box::new(tree)))));
    // Half of each.
    is_not_serializable(holds(grown(34, |tree| Tree::Only(Box::new(Tree::Branches(vec![tree]))))));
    ended_with(holds(grown(33, |tree| Tree::Only(Box::new(Tree::Branches(vec![tree]))))));
}

#[test]
fn a_checkpoint_is_held_to_the_same() {
    let mut context = extracting();
    for error in [
        refused(&mut context, |context| context.checkpoint(&f64::NAN)),
        refused(&mut context, |context| context.checkpoint(&[f32::INFINITY])),
        refused(&mut context, |context| context.checkpoint(&nested_lists(10_000))),
        refused(&mut context, |context| context.checkpoint(&u128::MAX)),
    ] {
        assert!(matches!(error, Error::NotSerializable { .. }), "{error}");
        assert!(error.to_string().starts_with("the checkpoint of phase `extract` cannot be recorded"), "{error}");
    }
    context.checkpoint(&nested_lists(100)).unwrap();
}

#[test]
fn keys_with_control_characters_are_printed_escaped() {
    let report = ended_with(dict! { "\u{1b}[31m": "\u{7}", "a\nb": "c\nd", "日本語": "🦀" });
    let printed = report.to_string();
    assert!(!printed.chars().any(|character| character.is_control() && character != '\n'), "{printed:?}");
    assert!(printed.contains("a\\nb") && printed.contains("c\\nd") && printed.contains("日本語"), "{printed}");
    keys(&report);
}

#[test]
fn a_broken_promise_of_phase_result_is_refused() {
    #[derive(Serialize)]
    struct Number(u64);
    impl PhaseResult for Number {}
    let refused = Context::new("import").start(Extract).unwrap().complete(Number(42)).unwrap_err();
    assert!(refused.to_string().starts_with("Result must be a dictionary"), "{refused}");
    drop(refused.into_parts().0.complete(()).unwrap());
}

#[test]
fn a_serialize_that_fails_is_a_clear_error() {
    struct Unserializable;
    impl Serialize for Unserializable {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("the connection is closed"))
        }
    }
    impl PhaseResult for Unserializable {}
    is_not_serializable(Unserializable);
    let error = extracting().end_phase(Unserializable).unwrap_err();
    assert!(error.to_string().ends_with("the connection is closed"), "{error}");
}

#[test]
fn a_number_that_json_does_not_have_is_found_in_a_dict_too() {
    for number in [f64::NAN, f64::INFINITY] {
        let error = extracting().end_phase(dict! { "rate": number }).unwrap_err();
        assert!(matches!(error, Error::NotSerializable { .. }), "{error}");
    }
}

#[test]
fn a_dict_of_what_json_cannot_hold_is_an_error_and_no_panic() {
    let ended = std::panic::catch_unwind(|| extracting().end_phase(dict! { "big": u128::MAX }).map(drop));
    let error = ended.expect("no panic").unwrap_err();
    assert!(matches!(error, Error::NotSerializable { .. }), "{error}");
}

#[test]
fn nesting_of_enums_10_000_deep_is_refused() {
    is_not_serializable(holds(grown(10_000, |tree| Tree::Only(Box::new(tree)))));
}
