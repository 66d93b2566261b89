//! Does a value keep to a JSON schema? Of the keywords those that the schemas of `OpenLineage` use; another one is a panic, so that
//! none is passed over.

use std::rc::Rc;

use etl_context::Timestamp;
use serde_json::{Map, Value};

/// Finds the document of an address.
pub(super) type Find<'a> = &'a dyn Fn(&str) -> Value;

/// A schema, the document in which its own references point, and where other documents are.
#[derive(Clone)]
pub(super) struct Schema<'a> {
    rules: Value,
    document: Rc<Value>,
    find: Find<'a>,
}

impl<'a> Schema<'a> {
    /// The schema at an address, as in `https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent`.
    pub(super) fn at(reference: &str, find: Find<'a>) -> Self {
        let nowhere = Schema { rules: Value::Null, document: Rc::new(Value::Null), find };
        nowhere.referred(reference)
    }

    fn referred(&self, reference: &str) -> Self {
        let (address, pointer) = reference.split_once('#').expect("a place in a document");
        let document = if address.is_empty() { Rc::clone(&self.document) } else { Rc::new((self.find)(address)) };
        let rules = document.pointer(pointer).unwrap_or_else(|| panic!("there is no {reference}")).clone();
        Schema { rules, document, find: self.find }
    }

    fn within(&self, rules: &Value) -> Self {
        Schema { rules: rules.clone(), ..self.clone() }
    }

    /// What is wrong with the value.
    pub(super) fn faults(&self, value: &Value) -> Vec<String> {
        match &self.rules {
            Value::Bool(true) => Vec::new(),
            Value::Bool(false) => vec![format!("{value} is not allowed")],
            Value::Object(rules) => rules.iter().flat_map(|(keyword, rule)| self.broken(keyword, rule, rules, value)).collect(),
            rules => panic!("{rules} is no schema"),
        }
    }

    fn keeps(&self, rules: &Value, value: &Value) -> bool {
        self.within(rules).faults(value).is_empty()
    }

    /// How the value breaks this rule. One that is about another type of value says nothing of this one.
    fn broken(&self, keyword: &str, rule: &Value, rules: &Map<String, Value>, value: &Value) -> Vec<String> {
        let fields = || value.as_object().into_iter().flatten();
        let is_kept = match keyword {
            "$defs" | "$id" | "$schema" | "description" | "documentation" | "example" => true,
            "$ref" => return self.referred(text(rule)).faults(value),
            "allOf" => return list(rule).iter().flat_map(|rules| self.within(rules).faults(value)).collect(),
            "properties" => {
                return fields().filter_map(|(name, value)| Some(self.within(rule.get(name)?).faults(value))).flatten().collect();
            }
            "additionalProperties" => {
                let is_named = |name: &str| rules.get("properties").is_some_and(|named| named.get(name).is_some());
                let others = fields().filter(|(name, _)| !is_named(name));
                return others.flat_map(|(_, value)| self.within(rule).faults(value)).collect();
            }
            "items" => return value.as_array().into_iter().flatten().flat_map(|item| self.within(rule).faults(item)).collect(),
            "anyOf" => list(rule).iter().any(|rules| self.keeps(rules, value)),
            "oneOf" => list(rule).iter().filter(|rules| self.keeps(rules, value)).count() == 1,
            "not" => !self.keeps(rule, value),
            "enum" => list(rule).contains(value),
            "required" => value.as_object().is_none_or(|fields| list(rule).iter().all(|name| fields.contains_key(text(name)))),
            "minimum" => value.as_f64().is_none_or(|number| number >= rule.as_f64().unwrap()),
            "type" => is_of_type(text(rule), value),
            "format" => value.as_str().is_none_or(|value| has_format(text(rule), value)),
            _ => panic!("the keyword `{keyword}` is not known to these tests"),
        };
        if is_kept { Vec::new() } else { vec![format!("{value} breaks `{keyword}`: {rule}")] }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a schema has a text here")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().expect("a schema has a list here")
}

fn is_of_type(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        _ => panic!("the type `{name}` is not known to these tests"),
    }
}

fn has_format(name: &str, text: &str) -> bool {
    match name {
        "date-time" => text.parse::<Timestamp>().is_ok(),
        "uuid" => text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit()),
        "uri" => is_uri(text),
        _ => panic!("the format `{name}` is not known to these tests"),
    }
}

/// A scheme, and behind it what RFC 3986 lets stand in a URI; brackets, which only stand around some hosts, are not expected.
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    let mut parts = rest.split('%');
    let is_part = |part: &str| part.chars().all(|c| c.is_ascii_alphanumeric() || "-._~:/?#@!$&'()*+,;=".contains(c));
    let is_escaped = |part: &str| part.get(..2).is_some_and(|code| code.chars().all(|c| c.is_ascii_hexdigit())) && is_part(part);
    is_scheme && rest.matches('#').count() <= 1 && parts.next().is_some_and(is_part) && parts.all(is_escaped)
}

#[test]
fn each_keyword_tells_a_right_value_from_a_wrong_one() {
    use serde_json::json;
    let uuid = "01a2115b-7cc3-7bf5-a2ac-7972a6772731";
    for (rules, right, wrong) in [
        (json!({ "type": "object" }), json!({}), json!([])),
        (json!({ "type": "array" }), json!([]), json!({})),
        (json!({ "type": "string" }), json!(""), json!(1)),
        (json!({ "type": "boolean" }), json!(true), json!("true")),
        (json!({ "type": "number" }), json!(1.5), json!("1.5")),
        (json!({ "type": "integer" }), json!(7), json!(7.5)),
        (json!({ "enum": ["START"] }), json!("START"), json!("start")),
        (json!({ "minimum": 1 }), json!(1), json!(0)),
        (json!({ "required": ["a", "b"] }), json!({ "a": 1, "b": 1 }), json!({ "a": 1 })),
        (json!({ "properties": { "a": { "type": "string" } } }), json!({ "b": 1 }), json!({ "a": 1 })),
        (json!({ "properties": { "a": true }, "additionalProperties": false }), json!({ "a": 1 }), json!({ "b": 1 })),
        (json!({ "additionalProperties": { "type": "string" } }), json!({ "a": "" }), json!({ "a": 1 })),
        (json!({ "items": { "type": "string" } }), json!(["", ""]), json!(["", 1])),
        (json!({ "allOf": [{ "minimum": 1 }, { "minimum": 2 }] }), json!(2), json!(1)),
        (json!({ "anyOf": [{ "minimum": 1 }, { "minimum": 2 }] }), json!(1), json!(0)),
        (json!({ "oneOf": [{ "minimum": 1 }, { "minimum": 2 }] }), json!(1), json!(2)),
        (json!({ "not": { "required": ["a"] } }), json!({}), json!({ "a": 1 })),
        (json!({ "$ref": "#/$defs/text" }), json!(""), json!(1)),
        (json!({ "$ref": "https://example.org/other.json#/positive" }), json!(1), json!(-1)),
        (json!({ "format": "uuid" }), json!(uuid), json!(&uuid[1..])),
        (json!({ "format": "date-time" }), json!("2026-11-25T06:18:58.115334Z"), json!("2026-11-25")),
        (json!({ "format": "uri" }), json!("https://example.org/a%20b#c"), json!("https://example.org/a b")),
        (json!({ "format": "uri" }), json!("urn:a"), json!("a")),
        (json!({ "format": "uri" }), json!("a:%4a"), json!("a:%4")),
    ] {
        let document = json!({ "$defs": { "text": { "type": "string" }, "rules": rules } });
        let find = |address: &str| match address {
            "https://example.org/" => document.clone(),
            "https://example.org/other.json" => json!({ "positive": { "minimum": 0 } }),
            _ => panic!("{address}"),
        };
        let schema = Schema::at("https://example.org/#/$defs/rules", &find);
        assert_eq!(schema.faults(&right), Vec::<String>::new(), "{rules}");
        assert_ne!(schema.faults(&wrong), Vec::<String>::new(), "{rules}: {wrong}");
    }
}
