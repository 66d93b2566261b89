//! A result is kept as its text wherever that is all there is to say, and nobody can tell: values of every kind that `serde` knows, of
//! which some cannot be kept, some say something of their phase, and most are plain.

use std::collections::BTreeSet;

use etl_context::{Error, PhaseStatus, Run};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::ser::{SerializeMap, SerializeStruct, SerializeStructVariant, SerializeTupleVariant};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::durable::journal_file::JournalFile;

/// A value as a type of an author's may hand it to a serializer.
#[derive(Debug, Clone)]
enum Shape {
    Unit,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Huge(u128),
    Float(f64),
    Small(f32),
    Text(String),
    Some(Box<Shape>),
    List(Vec<Shape>),
    Map(Vec<(Key, Shape)>),
    Struct(Vec<(&'static str, Shape)>),
    NewVariant(&'static str, Box<Shape>),
    TupleVariant(&'static str, Vec<Shape>),
    StructVariant(&'static str, Vec<(&'static str, Shape)>),
}

#[derive(Debug, Clone)]
enum Key {
    Text(String),
    Number(u8),
    Bool(bool),
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Key::Text(text) => serializer.serialize_str(text),
            Key::Number(number) => serializer.serialize_u8(*number),
            Key::Bool(bool) => serializer.serialize_bool(*bool),
        }
    }
}

impl Key {
    fn shown(&self) -> String {
        match self {
            Key::Text(text) => text.clone(),
            Key::Number(number) => number.to_string(),
            Key::Bool(bool) => bool.to_string(),
        }
    }
}

impl Serialize for Shape {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Shape::Unit => serializer.serialize_unit(),
            Shape::Bool(bool) => serializer.serialize_bool(*bool),
            Shape::Unsigned(number) => serializer.serialize_u64(*number),
            Shape::Signed(number) => serializer.serialize_i64(*number),
            Shape::Huge(number) => serializer.serialize_u128(*number),
            Shape::Float(number) => serializer.serialize_f64(*number),
            Shape::Small(number) => serializer.serialize_f32(*number),
            Shape::Text(text) => serializer.serialize_str(text),
            Shape::Some(inside) => serializer.serialize_some(inside),
            Shape::List(items) => items.serialize(serializer),
            Shape::Map(entries) => {
                let mut map = serializer.serialize_map(None)?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
            Shape::Struct(fields) => {
                let mut fields_of = serializer.serialize_struct("Struct", fields.len())?;
                fields.iter().try_for_each(|(key, value)| fields_of.serialize_field(key, value))?;
                fields_of.end()
            }
            Shape::NewVariant(name, inside) => serializer.serialize_newtype_variant("Enum", 0, name, inside),
            Shape::TupleVariant(name, items) => {
                let mut variant = serializer.serialize_tuple_variant("Enum", 1, name, items.len())?;
                items.iter().try_for_each(|item| variant.serialize_field(item))?;
                variant.end()
            }
            Shape::StructVariant(name, fields) => {
                let mut variant = serializer.serialize_struct_variant("Enum", 2, name, fields.len())?;
                fields.iter().try_for_each(|(key, value)| variant.serialize_field(key, value))?;
                variant.end()
            }
        }
    }
}

impl Shape {
    /// Whether JSON holds it without loss.
    fn can_be_kept(&self) -> bool {
        let all = |shapes: &[Shape]| shapes.iter().all(Shape::can_be_kept);
        match self {
            Shape::Unit | Shape::Bool(_) | Shape::Unsigned(_) | Shape::Signed(_) | Shape::Text(_) => true,
            Shape::Huge(number) => u64::try_from(*number).is_ok(),
            Shape::Float(number) => number.is_finite(),
            Shape::Small(number) => number.is_finite(),
            Shape::Some(inside) | Shape::NewVariant(_, inside) => inside.can_be_kept(),
            Shape::List(items) | Shape::TupleVariant(_, items) => all(items),
            Shape::Map(entries) => {
                are_different(entries.iter().map(|(key, _)| key.shown())) && entries.iter().all(|(_, value)| value.can_be_kept())
            }
            Shape::Struct(fields) | Shape::StructVariant(_, fields) => {
                are_different(fields.iter().map(|(key, _)| (*key).to_owned()))
                    && fields.iter().all(|(_, value)| value.can_be_kept())
            }
        }
    }
}

fn are_different(mut keys: impl Iterator<Item = String>) -> bool {
    let mut known = BTreeSet::new();
    keys.all(|key| known.insert(key))
}

const WORDS: [&str; 24] = [
    "status",
    "messages_processed",
    "rows_processed",
    "source",
    "rows",
    "a",
    "b",
    "c",
    "d",
    "e",
    "f",
    "g",
    "h",
    "i",
    "j",
    "k",
    "l",
    "m",
    "n",
    "o",
    "p",
    "q",
    "r",
    "7",
];

fn word() -> impl Strategy<Value = &'static str> {
    prop_oneof![1 => prop::sample::select(&WORDS[..3]), 12 => prop::sample::select(&WORDS[3..])]
}

fn key() -> impl Strategy<Value = Key> {
    prop_oneof![
        12 => word().prop_map(|word| Key::Text(word.to_owned())),
        1 => any::<String>().prop_map(Key::Text),
        1 => (0..9_u8).prop_map(Key::Number),
        1 => any::<bool>().prop_map(Key::Bool),
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Unit),
        any::<bool>().prop_map(Shape::Bool),
        any::<u64>().prop_map(Shape::Unsigned),
        any::<i64>().prop_map(Shape::Signed),
        prop::sample::select(&["completed", "failed", "running", "export.tar", "\u{7}\"\\é"][..])
            .prop_map(|text| Shape::Text(text.to_owned())),
        any::<String>().prop_map(Shape::Text),
        prop::num::f64::NORMAL.prop_map(Shape::Float),
        prop::num::f32::NORMAL.prop_map(Shape::Small),
        any::<u64>().prop_map(|number| Shape::Huge(number.into())),
    ];
    let leaf = prop_oneof![60 => leaf, 1 => any::<f64>().prop_map(Shape::Float), 1 => any::<u128>().prop_map(Shape::Huge), 1 => Just(Shape::Small(f32::NAN))];
    leaf.prop_recursive(3, 24, 5, |inner| {
        let inside = inner.clone().prop_map(Box::new);
        prop_oneof![
            inside.clone().prop_map(Shape::Some),
            vec(inner.clone(), 0..4).prop_map(Shape::List),
            vec((key(), inner.clone()), 0..4).prop_map(Shape::Map),
            vec((word(), inner.clone()), 0..4).prop_map(Shape::Struct),
            (word(), inside).prop_map(|(name, inside)| Shape::NewVariant(name, inside)),
            (word(), vec(inner.clone(), 0..3)).prop_map(|(name, items)| Shape::TupleVariant(name, items)),
            (word(), vec((word(), inner), 0..3)).prop_map(|(name, fields)| Shape::StructVariant(name, fields)),
        ]
    })
}

/// An object with few keys, or with more than are compared one by one.
fn object() -> impl Strategy<Value = Shape> {
    prop_oneof![
        4 => vec((word(), shape()), 0..4).prop_map(Shape::Struct),
        2 => vec((key(), shape()), 0..4).prop_map(Shape::Map),
        1 => vec((any::<u16>(), shape()), 14..20).prop_map(|entries| {
            Shape::Map(entries.into_iter().map(|(number, value)| (Key::Text(format!("key {}", number % 500)), value)).collect())
        }),
        1 => (word(), shape()).prop_map(|(name, inside)| Shape::NewVariant(name, Box::new(inside))),
        1 => (word(), vec((word(), shape()), 0..3)).prop_map(|(name, fields)| Shape::StructVariant(name, fields)),
    ]
}

/// What the phase ends as, by the value that it returned; `None` if it is refused.
fn ending(result: &Value) -> Option<PhaseStatus> {
    if !matches!(result["messages_processed"], Value::Null) && !result["messages_processed"].is_u64() {
        return None;
    }
    match &result["status"] {
        Value::Null => Some(PhaseStatus::Completed),
        Value::String(word) if word == "completed" => Some(PhaseStatus::Completed),
        Value::String(word) if word == "failed" => Some(PhaseStatus::Failed),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_phase_returns_is_kept_as_the_value_that_it_is(result in object()) {
        let file = JournalFile::new();
        let mut run = Run::builder("import").journal(file.open()).begin_dynamic().unwrap();
        run.start_phase("extract", None).unwrap();
        let ended = run.end_phase(&result);
        if !result.can_be_kept() {
            prop_assert!(matches!(ended, Err(Error::NotSerializable { .. })), "{ended:?}");
            return Ok(());
        }
        let value = serde_json::to_value(&result).unwrap();
        let Some(status) = ending(&value) else {
            prop_assert!(matches!(ended, Err(Error::InvalidStatus { .. } | Error::InvalidCount { .. })), "{ended:?}");
            return Ok(());
        };
        let report = ended.unwrap();
        prop_assert_eq!(report.status(), status);
        prop_assert_eq!(report.result().cloned().map(Value::Object), Some(value));
        drop(run);
        let record = file.record();
        prop_assert_eq!(record.phase("extract").unwrap().latest_report(), Some(&report));
    }
}
