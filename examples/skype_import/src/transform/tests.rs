use std::fs;

use tempfile::TempDir;

use super::*;
use crate::extract::extract;
use crate::staging::StagedPerson;

/// An export that was extracted.
struct Fixture {
    export: Export,
    staging: Staging,
    _directory: TempDir,
}

impl Fixture {
    fn new(json: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("messages.json");
        fs::write(&file, json).unwrap();
        let staging = Staging::new(directory.path().join("staging"));
        let export = Export::open(&file, directory.path()).unwrap();
        extract(&export, &staging, &mut |_| Ok(())).unwrap();
        Fixture { export, staging, _directory: directory }
    }

    fn with_messages(messages: &[String]) -> Self {
        Self::new(&format!(r#"{{"conversations": [{{"id": "c", "MessageList": [{}]}}]}}"#, messages.join(",")))
    }

    fn transform(&self) -> (Transformed, Vec<Seen>) {
        let mut all = Vec::new();
        let transformed = transform(&self.export, &self.staging, &mut |seen| {
            all.push(seen);
            Ok(())
        });
        (transformed.unwrap(), all)
    }

    fn rows_from(&self, cursor: Cursor) -> Vec<Row> {
        Rows::from(&self.export, &self.staging, cursor).unwrap().next_batch(1_000).unwrap()
    }

    fn rows(&self) -> Vec<Row> {
        self.transform();
        self.rows_from(Cursor::default())
    }

    fn message_rows(&self) -> Vec<MessageRow> {
        let message = |row| match row {
            Row::Message(message) => Some(message),
            _ => None,
        };
        self.rows().into_iter().filter_map(message).collect()
    }
}

fn message(id: &str, other_fields: &str) -> String {
    format!(r#"{{"id": "{id}", "originalarrivaltime": "1970-01-01T00:00:05Z" {other_fields}}}"#)
}

fn named(id: &str, name: Option<&str>) -> Named {
    Named { id: id.into(), display_name: name.map(str::to_owned) }
}

fn message_row(conversation: &str, id: &str) -> MessageRow {
    MessageRow {
        conversation_id: conversation.into(),
        id: id.to_owned(),
        sender: None,
        sent_at: "1970-01-01T00:00:05.000Z".to_owned(),
        message_type: None,
        text: None,
        content: None,
        edited_at: None,
        deleted_at: None,
        version: 5_000,
        replaces: None,
    }
}

#[test]
fn a_message_becomes_rows_for_its_sender_its_conversation_and_itself() {
    let fields = r#", "from": "https://a.example/contacts/8:live:ada", "displayName": "Ada &amp; Co",
        "messagetype": "RichText", "content": "<b>a &amp; b</b>""#;
    let json =
        format!(r#"{{"conversations": [{{"id": "c", "displayName": "Q&amp;A", "MessageList": [{}]}}]}}"#, message("1", fields));
    let fixture = Fixture::new(&json);
    let expected = [
        Row::Person(named("8:live:ada", Some("Ada & Co"))),
        Row::Conversation(named("c", Some("Q&A"))),
        Row::Message(MessageRow {
            sender: Some("8:live:ada".to_owned()),
            message_type: Some("RichText".to_owned()),
            text: Some("a & b".to_owned()),
            content: Some("<b>a &amp; b</b>".to_owned()),
            ..message_row("c", "1")
        }),
    ];
    assert_eq!(fixture.rows(), expected);
    let (transformed, seen) = fixture.transform();
    assert_eq!((transformed.conversations, transformed.people, transformed.messages), (1, 1, 1));
    assert_eq!(seen, [Seen::Message, Seen::Conversation]);
}

#[test]
fn a_message_that_cannot_be_imported_is_left_out_and_the_rest_is_there() {
    let fixture = Fixture::with_messages(&[message("1", ""), "{}".to_owned(), "\"oops\"".to_owned(), message("2", "")]);
    let (transformed, seen) = fixture.transform();
    let rejections: Vec<_> = seen
        .into_iter()
        .filter_map(|seen| match seen {
            Seen::LeftOut(rejection) => Some(rejection.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(rejections, ["message number 2 of conversation c has no id", "message number 3 of conversation c is no object"]);
    assert_eq!((transformed.messages, transformed.left_out.messages), (2, 2));
    assert_eq!(fixture.message_rows(), [message_row("c", "1"), message_row("c", "2")]);
}

#[test]
fn messages_are_found_in_all_parts() {
    let directory = tempfile::tempdir().unwrap();
    let mut archive = tar::Builder::new(Vec::new());
    for (path, conversation) in [("messages.json", "a"), ("2/messages.json", "b")] {
        let json = format!(r#"{{"conversations": [{{"id": "{conversation}", "MessageList": [{}]}}]}}"#, message("1", ""));
        let mut header = tar::Header::new_gnu();
        header.set_size(json.len() as u64);
        archive.append_data(&mut header, path, json.as_bytes()).unwrap();
    }
    let file = directory.path().join("export.tar");
    fs::write(&file, archive.into_inner().unwrap()).unwrap();
    let (export, staging) = (Export::open(&file, directory.path()).unwrap(), Staging::new(directory.path()));
    extract(&export, &staging, &mut |_| Ok(())).unwrap();
    let fixture = Fixture { export, staging, _directory: directory };
    assert_eq!(fixture.message_rows(), [message_row("a", "1"), message_row("b", "1")]);
}

#[test]
fn an_empty_content_is_kept_and_a_missing_one_stays_missing() {
    let fixture = Fixture::with_messages(&[message("1", r#", "content": """#), message("2", "")]);
    let texts: Vec<_> = fixture.message_rows().into_iter().map(|message| (message.text, message.content)).collect();
    assert_eq!(texts, [(Some(String::new()), Some(String::new())), (None, None)]);
}

#[test]
fn a_deleted_message_is_told_as_such_and_keeps_its_content() {
    let deleted = r#", "messagetype": "RichText", "content": "secret", "properties": {"deletetime": "6000"}"#;
    let emptied = r#", "messagetype": "RichText", "content": "<e_m ts_ms=\"5000\"></e_m>""#;
    let rows = Fixture::with_messages(&[message("1", deleted), message("2", emptied)]).message_rows();
    assert_eq!((rows[0].text.as_deref(), rows[0].content.as_deref()), (Some("Message deleted"), Some("secret")));
    assert_eq!((rows[0].deleted_at.as_deref(), rows[0].version), (Some("1970-01-01T00:00:06.000Z"), 6_000));
    assert_eq!(rows[1].text.as_deref(), Some("Message deleted"));
}

#[test]
fn an_edit_says_which_message_it_replaces() {
    let edit = r#", "messagetype": "RichText", "content": "Edited previous message: new<e_m ts_ms=\"4000\" t=\"61\"></e_m>""#;
    let rows = Fixture::with_messages(&[message("5000", edit), message("4000", edit)]).message_rows();
    assert_eq!((rows[0].replaces.as_deref(), rows[0].text.as_deref()), (Some("4000"), Some("new")));
    assert_eq!(rows[0].edited_at.as_deref(), Some("1970-01-01T00:00:05.000Z"));
    assert_eq!(rows[1].replaces, None, "no message replaces itself");
}

#[test]
fn a_group_is_no_person_and_whoever_made_an_event_happen_is_one() {
    let event = |initiator: &str| {
        format!(
            r#", "from": "19:tea@thread.skype", "displayName": "Tea club", "messagetype": "ThreadActivity/AddMember",
               "content": "<addmember><initiator>{initiator}</initiator><target>8:bo</target></addmember>""#
        )
    };
    let fixture = Fixture::with_messages(&[message("1", &event("8:ada")), message("2", &event(""))]);
    let senders: Vec<_> = fixture.message_rows().into_iter().map(|message| message.sender).collect();
    assert_eq!(senders, [Some("8:ada".to_owned()), None]);
    let people: Vec<StagedPerson> = std::iter::from_fn({
        let mut people = fixture.staging.read_people(0).unwrap();
        move || people.read().unwrap()
    })
    .collect();
    assert_eq!(people, [StagedPerson { id: "8:ada".to_owned(), display_name: None }]);
}

#[test]
fn rows_go_on_from_any_cursor() {
    let messages = |from: &str| [message("1", from), "3".to_owned(), message("2", from)].join(",");
    let fixture = Fixture::new(&format!(
        r#"{{"conversations": [{{"id": "a", "MessageList": [{}]}}, {{"id": "empty"}}, {{"id": "b", "MessageList": [{}]}}]}}"#,
        messages(r#", "from": "8:ada""#),
        messages(r#", "from": "8:bo""#)
    ));
    let all = fixture.rows();
    assert_eq!(all.len(), 2 + 3 + 4);
    for taken in 0..=all.len() {
        let mut rows = Rows::from(&fixture.export, &fixture.staging, Cursor::default()).unwrap();
        assert_eq!(rows.next_batch(taken).unwrap(), all[..taken]);
        assert_eq!(fixture.rows_from(rows.cursor()), all[taken..], "after {taken}");
    }
}

#[test]
fn an_export_that_has_become_shorter_is_told() {
    let fixture = Fixture::with_messages(&[message("1", ""), message("2", "")]);
    fs::write(&fixture.export.name, "{}").unwrap();
    let error = transform(&fixture.export, &fixture.staging, &mut |_| Ok(())).unwrap_err().to_string();
    assert!(error.contains("messages.json has changed since it was extracted"), "{error}");
}

#[test]
fn the_caller_can_stop_the_transformation() {
    let fixture = Fixture::new(r#"{"conversations": [{"id": "a"}, {"id": "b"}]}"#);
    let error = transform(&fixture.export, &fixture.staging, &mut |_| Err("enough".into())).unwrap_err();
    assert_eq!(error.to_string(), "enough");
}

#[test]
fn nothing_extracted_is_an_error_that_names_the_file() {
    let fixture = Fixture::new(r#"{"conversations": []}"#);
    let nowhere = tempfile::tempdir().unwrap();
    let error = transform(&fixture.export, &Staging::new(nowhere.path()), &mut |_| Ok(())).unwrap_err().to_string();
    assert!(error.contains("cannot open the staged file"), "{error}");
    assert!(error.contains("messages.spans"), "{error}");
}
