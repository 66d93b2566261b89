use std::fs;

use tempfile::TempDir;

use super::*;
use crate::extract::extract;

/// Extracts and transforms an export; gives the staged rows.
fn rows_of(export: &str) -> (Transformed, Vec<Row>) {
    let directory = tempfile::tempdir().unwrap();
    let staging = extracted(&directory, export);
    let mut watched = Vec::new();
    let transformed = transform(&staging, &mut |row| {
        watched.push(row.clone());
        Ok(())
    })
    .unwrap();

    let mut reader = staging.read_rows(0).unwrap();
    let rows: Vec<Row> = std::iter::from_fn(|| reader.read().unwrap()).collect();
    assert_eq!(rows, watched);
    (transformed, rows)
}

fn extracted(directory: &TempDir, export: &str) -> Staging {
    let file = directory.path().join("messages.json");
    fs::write(&file, export).unwrap();
    let staging = Staging::new(directory.path());
    extract(&file, &staging, &mut |_| Ok(())).unwrap();
    staging
}

fn message(id: &str, other_fields: &str) -> String {
    format!(r#"{{"id": "{id}", "originalarrivaltime": "2021-03-04T05:06:07Z" {other_fields}}}"#)
}

fn conversation_row(id: &str, name: Option<&str>) -> Row {
    Row::Conversation { id: id.to_owned(), display_name: name.map(str::to_owned) }
}

fn message_row(conversation: &str, id: &str) -> MessageRow {
    MessageRow {
        conversation_id: conversation.to_owned(),
        id: id.to_owned(),
        sender: None,
        sent_at: "2021-03-04T05:06:07.000Z".to_owned(),
        message_type: None,
        text: None,
    }
}

#[test]
fn a_message_becomes_rows_for_its_conversation_its_sender_and_itself() {
    let fields = r#", "from": "https://a.example/contacts/8:live:ada", "displayName": "Ada",
        "messagetype": "RichText", "content": "<b>a &amp; b</b>""#;
    let (transformed, rows) = rows_of(&format!(
        r#"{{"conversations": [{{"id": "c", "displayName": "Chat", "MessageList": [{}]}}]}}"#,
        message("1", fields)
    ));

    let expected = [
        conversation_row("c", Some("Chat")),
        Row::Person { id: "8:live:ada".to_owned(), display_name: Some("Ada".to_owned()) },
        Row::Message(MessageRow {
            sender: Some("8:live:ada".to_owned()),
            message_type: Some("RichText".to_owned()),
            text: Some("a & b".to_owned()),
            ..message_row("c", "1")
        }),
    ];
    assert_eq!(rows, expected);
    let counts = (transformed.conversations, transformed.people, transformed.messages);
    assert_eq!(counts, (1, 1, 1));
}

#[test]
fn messages_find_their_conversation_wherever_its_id_was() {
    let message = message("1", "");
    let (_, rows) = rows_of(&format!(
        r#"{{"conversations": [
            {{"MessageList": [{message}], "id": "late"}},
            {{"id": "empty"}},
            {{"MessageList": [{message}]}},
            {{"id": "early", "MessageList": [{message}]}},
            {{"MessageList": [{message}]}}]}}"#
    ));

    let expected = [
        conversation_row("late", None),
        Row::Message(message_row("late", "1")),
        conversation_row("empty", None),
        conversation_row("early", None),
        Row::Message(message_row("early", "1")),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn an_empty_content_is_kept_and_a_missing_one_stays_missing() {
    let messages = [message("1", r#", "content": """#), message("2", "")].join(",");
    let (_, rows) = rows_of(&format!(r#"{{"conversations": [{{"id": "c", "MessageList": [{messages}]}}]}}"#));
    let texts: Vec<_> = rows
        .into_iter()
        .filter_map(|row| match row {
            Row::Message(message) => Some(message.text),
            _ => None,
        })
        .collect();
    assert_eq!(texts, [Some(String::new()), None]);
}

#[test]
fn the_caller_can_stop_the_transformation() {
    let directory = tempfile::tempdir().unwrap();
    let staging = extracted(&directory, r#"{"conversations": [{"id": "a"}, {"id": "b"}]}"#);
    let error = transform(&staging, &mut |_| Err("enough".into())).unwrap_err();
    assert_eq!(error.to_string(), "enough");
}

#[test]
fn nothing_extracted_is_an_error_that_names_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let staging = Staging::new(directory.path());
    let error = transform(&staging, &mut |_| Ok(())).unwrap_err().to_string();
    assert!(error.contains("cannot open the staged file"), "{error}");
    assert!(error.contains("extracted_conversations.jsonl"), "{error}");
}
