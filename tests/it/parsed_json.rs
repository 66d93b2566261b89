//! JSON as it was written: keys in their order, and none lost because it occurs twice.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// Asserts that no object anywhere in the value writes a key twice, and returns the keys of the outermost one, in order.
#[track_caller]
pub(crate) fn keys(value: &impl serde::Serialize) -> Vec<String> {
    let text = serde_json::to_string(value).unwrap();
    let entries: Entries = serde_json::from_str(&text).unwrap();
    entries.check();
    entries.0.into_iter().map(|(key, _)| key).collect()
}

/// The value without what differs between two runs of the same steps: identities, times, durations and rates.
pub(crate) fn comparable(value: &impl serde::Serialize) -> Value {
    let mut value = serde_json::to_value(value).unwrap();
    remove_measurements(&mut value);
    value
}

fn remove_measurements(value: &mut Value) {
    match value {
        Value::Object(entries) => {
            entries.retain(|key, _| !is_measured(key));
            entries.values_mut().for_each(remove_measurements);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_measurements),
        _ => {}
    }
}

fn is_measured(key: &str) -> bool {
    matches!(key, "run_id" | "time" | "start_time" | "end_time" | "duration_seconds" | "total_duration_seconds")
        || key.ends_with("_per_second")
}

/// An object as it stands in the text.
struct Entries(Vec<(String, Node)>);

enum Node {
    Object(Entries),
    List(Vec<Node>),
    Other,
}

impl Entries {
    #[track_caller]
    fn check(&self) {
        for (index, (key, node)) in self.0.iter().enumerate() {
            let earlier = self.0[..index].iter().any(|(earlier, _)| earlier == key);
            assert!(!earlier, "the key `{key}` is written twice");
            node.check();
        }
    }
}

impl Node {
    #[track_caller]
    fn check(&self) {
        match self {
            Node::Object(entries) => entries.check(),
            Node::List(nodes) => nodes.iter().for_each(Node::check),
            Node::Other => {}
        }
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Node::deserialize(deserializer)? {
            Node::Object(entries) => Ok(entries),
            _ => Err(serde::de::Error::custom("an object is expected")),
        }
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Object(Entries(entries)))
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = items.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Other)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Other)
    }
}
