//! Any JSON value, as deep as one likes to look.

use arbitrary::Arbitrary;
use serde_json::Value;

#[derive(Debug, Clone, Arbitrary)]
pub enum Json {
    Null,
    Bool(bool),
    Whole(u64),
    Negative(i64),
    Real(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Infinity and what is no number become `null`, for JSON has neither.
    pub fn value(self) -> Value {
        match self {
            Json::Null => Value::Null,
            Json::Bool(value) => value.into(),
            Json::Whole(value) => value.into(),
            Json::Negative(value) => value.into(),
            Json::Real(value) => value.into(),
            Json::Text(text) => text.into(),
            Json::List(items) => items.into_iter().map(Json::value).collect(),
            Json::Object(entries) => Value::Object(entries.into_iter().map(|(key, value)| (key, value.value())).collect()),
        }
    }
}

/// How many lists and objects are around the innermost value.
pub fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(entries) => 1 + entries.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
