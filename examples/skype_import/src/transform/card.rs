//! What is on a card? Programs send them as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// For instance `Notice: New: polls`; nothing if there is no title.
pub(crate) fn described(kind: &str, json: &str) -> Option<String> {
    Some(format!("{kind}: {}", title(&serde_json::from_str(json).ok()?)?))
}

pub(crate) fn title_in_base64(card: &str) -> Option<String> {
    title(&serde_json::from_slice(&STANDARD.decode(card.trim()).ok()?).ok()?)
}

/// The first title that there is, and else the first text.
fn title(card: &Value) -> Option<String> {
    ["title", "text"].into_iter().find_map(|key| first(card, key)).map(str::to_owned)
}

/// The parser lets nothing be nested so deep that looking for it could overflow the stack.
fn first<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    match value {
        Value::Object(members) => {
            let said = members.get(key).and_then(Value::as_str).map(str::trim).filter(|said| !said.is_empty());
            said.or_else(|| members.values().find_map(|value| first(value, key)))
        }
        Value::Array(elements) => elements.iter().find_map(|value| first(value, key)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_has_the_first_title_or_text() {
        let card = r#"[{"attachments": [{"content": {"text": "below", "title": " Above "}}]}]"#;
        assert_eq!(described("Card", card).as_deref(), Some("Card: Above"));
        assert_eq!(described("Notice", r#"[{"content": {"title": "", "text": "New"}}]"#).as_deref(), Some("Notice: New"));
    }

    #[test]
    fn what_is_no_card_has_none() {
        for json in ["", "{", "[]", "3", r#"{"title": 3}"#] {
            assert_eq!(described("Card", json), None, "{json}");
        }
        assert_eq!(title_in_base64("%"), None);
    }
}
