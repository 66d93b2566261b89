//! Is this the same run? A fingerprint of its parameters, which never stores their values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::text::line::shown;

/// One fingerprint for each parameter, by name.
///
/// A fingerprint tells whether a value has changed and does not keep it; of a value that can be guessed, it can be guessed
/// which one it was, so a password is no parameter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// The fields of an object one by one; any other value as one parameter.
    pub(crate) fn of(parameters: Value) -> Self {
        let mut fingerprints = BTreeMap::new();
        match parameters {
            Value::Object(fields) => fingerprints.extend(fields.into_iter().map(|(name, value)| (name, fingerprint(value)))),
            Value::Null => {}
            other => drop(fingerprints.insert("parameters".to_owned(), fingerprint(other))),
        }
        Parameters(fingerprints)
    }

    /// What is not the same in `later` ones, each as a sentence about the run that began with these; nothing if all are the same.
    pub(crate) fn changes(&self, later: &Parameters) -> Vec<String> {
        let named = |names: &mut dyn Iterator<Item = &String>| names.map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>();
        let other = named(&mut self.0.keys().filter(|name| later.0.get(*name).is_some_and(|value| self.0[*name] != *value)));
        let new = named(&mut later.0.keys().filter(|name| !self.0.contains_key(*name)));
        let gone = named(&mut self.0.keys().filter(|name| !later.0.contains_key(*name)));
        let told = [
            ("it began with other values of parameters:", other),
            ("it began without parameters that are given now:", new),
            ("it began with parameters that are not given now:", gone),
        ];
        told.into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(said, names)| format!("{said} {}", names.join(", ")))
            .collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// FNV-1a with 64 bits: the same in every release of the library, and of Rust.
fn fingerprint(value: Value) -> String {
    let hash = in_order(value)
        .to_string()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    format!("{hash:016x}")
}

/// The value with its keys in order. Any dependency of the program can make `serde_json` leave them as they come, and those of
/// a hash map come as they like.
fn in_order(value: Value) -> Value {
    match value {
        Value::Object(entries) => {
            let mut ordered = BTreeMap::new();
            ordered.extend(entries.into_iter().map(|(key, value)| (key, in_order(value))));
            let mut object = Map::new();
            object.extend(ordered);
            Value::Object(object)
        }
        Value::Array(items) => Value::Array(items.into_iter().map(in_order).collect()),
        other => other,
    }
}
