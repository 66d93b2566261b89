use std::fs;

use tempfile::TempDir;

use super::*;

/// An export on disk, and the staging of its extraction.
struct Fixture {
    export: Export,
    staging: Staging,
    _directory: TempDir,
}

impl Fixture {
    fn new(json: impl AsRef<[u8]>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("messages.json");
        fs::write(&file, json).unwrap();
        let staging = Staging::new(directory.path().join("staging"));
        let export = Export::open(&file, directory.path()).unwrap();
        Self { export, staging, _directory: directory }
    }

    fn try_extract(&self) -> (Result<Extracted, ImportError>, Vec<Found>) {
        let mut found = Vec::new();
        let extracted = extract(&self.export, &self.staging, &mut |step| {
            match step {
                Found::Bytes(_) => {}
                step => found.push(step),
            }
            Ok(())
        });
        (extracted, found)
    }

    fn extract(&self) -> (Extracted, Vec<Found>) {
        let (extracted, found) = self.try_extract();
        (extracted.unwrap(), found)
    }

    fn rejections(&self) -> Vec<String> {
        let rejection = |step| match step {
            Found::LeftOut(rejection) => Some(rejection.to_string()),
            Found::Conversation | Found::Message | Found::Bytes(_) => None,
        };
        self.extract().1.into_iter().filter_map(rejection).collect()
    }

    fn conversations(&self) -> Vec<StagedConversation> {
        let mut reader = self.staging.read_conversations(0).unwrap();
        std::iter::from_fn(|| reader.read().unwrap()).collect()
    }

    /// The messages of each conversation, as they are written.
    fn messages(&self) -> Vec<(String, Vec<String>)> {
        let mut spans = self.staging.read_spans().unwrap();
        let json = fs::read_to_string(&self.export.name).unwrap();
        let mut message = |number| {
            let Span { offset, length } = spans.read(number).unwrap();
            json[usize::try_from(offset).unwrap()..][..usize::try_from(length).unwrap()].to_owned()
        };
        let conversations = self.conversations().into_iter();
        let of = |c: StagedConversation| (c.id, (c.first..c.first + c.messages).map(&mut message).collect());
        conversations.map(of).collect()
    }

    fn refusal(&self) -> String {
        self.try_extract().0.unwrap_err().to_string()
    }
}

fn pairs(expected: &[(&str, &[&str])]) -> Vec<(String, Vec<String>)> {
    let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    expected.iter().map(|(id, messages)| ((*id).to_owned(), owned(messages))).collect()
}

#[test]
fn conversations_and_the_places_of_their_messages_are_staged() {
    let fixture = Fixture::new(
        r#"{"userId": "8:live:me", "conversations": [
            {"id": "8:live:ada", "displayName": "Ada", "version": 1.5, "properties": {"a": [1]}, "threadProperties": null,
             "MessageList": [{"id": "17", "content": "<b>}]hi</b>\n\""} , {"id": {}}]},
            {"id": "empty", "MessageList": []}]} "#,
    );
    let (extracted, found) = fixture.extract();
    assert_eq!((extracted.conversations, extracted.messages), (2, 2));
    assert_eq!(found, [Found::Message, Found::Message, Found::Conversation, Found::Conversation]);
    let first =
        StagedConversation { part: 0, id: "8:live:ada".to_owned(), display_name: Some("Ada".to_owned()), first: 0, messages: 2 };
    assert_eq!(fixture.conversations()[0], first);
    let messages = [r#"{"id": "17", "content": "<b>}]hi</b>\n\""}"#, r#"{"id": {}}"#];
    assert_eq!(fixture.messages(), pairs(&[("8:live:ada", &messages), ("empty", &[])]));
}

#[test]
fn everything_but_the_id_may_be_null_absent_or_odd() {
    let fixture = Fixture::new(
        r#"{"userId": null, "conversations": [{"id": 42}, {"id": "b", "displayName": null, "MessageList": null},
            {"id": "c", "displayName": " ", "threadProperties": [1], "properties": NaN, "x\ud83d": "\ud83d", "version": -1e999}]}"#,
    );
    fixture.extract();
    assert_eq!(fixture.messages(), pairs(&[("42", &[]), ("b", &[]), ("c", &[])]));
    assert!(fixture.conversations().iter().all(|conversation| conversation.display_name.is_none()));
}

#[test]
fn what_no_character_can_be_read_from_is_marked_in_ids_and_names() {
    let fixture = Fixture::new(b"{\"conversations\": [{\"id\": \"caf\xe9\", \"displayName\": \"\\ude42 Bo\"}]}");
    fixture.extract();
    let conversation = fixture.conversations().remove(0);
    assert_eq!((conversation.id.as_str(), conversation.display_name.as_deref()), ("caf\u{FFFD}", Some("\u{FFFD} Bo")));
}

#[test]
fn a_group_without_a_name_has_its_topic() {
    let fixture = Fixture::new(
        r#"{"conversations": [
            {"id": "a", "displayName": null, "threadProperties": {"membercount": 2, "topic": "Tea club"}},
            {"id": "b", "threadProperties": {"topic": "Tea"}, "displayName": "Name"}]}"#,
    );
    fixture.extract();
    let names: Vec<_> = fixture.conversations().into_iter().map(|conversation| conversation.display_name.unwrap()).collect();
    assert_eq!(names, ["Tea club", "Name"]);
}

#[test]
fn an_export_without_conversations_is_empty() {
    for conversations in ["[]", "null"] {
        let (extracted, found) = Fixture::new(format!("{{\"conversations\": {conversations}}}")).extract();
        assert_eq!((extracted.conversations, extracted.messages, found), (0, 0, vec![]));
    }
}

#[test]
fn the_id_of_a_conversation_may_follow_its_messages() {
    let fixture =
        Fixture::new(r#"{"conversations": [{"id": "first", "MessageList": [1]}, {"MessageList": [2, 3], "id": "second"}]}"#);
    fixture.extract();
    assert_eq!(fixture.messages(), pairs(&[("first", &["1"]), ("second", &["2", "3"])]));
}

#[test]
fn what_is_no_conversation_is_left_out() {
    let fixture = Fixture::new(r#"{"conversations": ["oops", {"id": "a"}, null, [3], {"id": " ", "MessageList": [{}, {}]}]}"#);
    let expected = [
        "conversation number 1 of the export is no object",
        "conversation number 3 of the export is no object",
        "conversation number 4 of the export is no object",
        "conversation number 5 of the export has no id: it is left out with its 2 messages",
    ];
    assert_eq!(fixture.rejections(), expected);
    let (extracted, _) = fixture.extract();
    assert_eq!((extracted.left_out.conversations, extracted.left_out.messages), (4, 2));
    assert_eq!(fixture.messages(), pairs(&[("a", &[])]));
}

#[test]
fn a_conversation_whose_messages_are_no_list_is_there_without_them() {
    let fixture =
        Fixture::new(r#"{"conversations": [{"id": "a", "MessageList": {"1": {}}}, {"MessageList": "none", "id": "b"}]}"#);
    let expected = ["the MessageList of conversation a is no list", "the MessageList of conversation number 2 is no list"];
    assert_eq!(fixture.rejections(), expected);
    assert_eq!(fixture.messages(), pairs(&[("a", &[]), ("b", &[])]));
}

#[test]
fn of_a_list_that_is_there_twice_the_last_one_counts() {
    let fixture = Fixture::new(r#"{"conversations": [{"id": "a", "MessageList": [1, 2], "MessageList": [3], "id": "b"}]}"#);
    assert_eq!(
        fixture.rejections(),
        ["the MessageList of conversation a is there twice: the first one is left out, with 2 messages"]
    );
    assert_eq!(fixture.messages(), pairs(&[("b", &["3"])]));

    let fixture = Fixture::new(
        r#"{"conversations": [{"id": "a", "MessageList": [1, 2]}], "conversations": [{"id": "b", "MessageList": [3]}]}"#,
    );
    let (extracted, _) = fixture.extract();
    assert_eq!((extracted.conversations, extracted.messages), (1, 1));
    assert_eq!((extracted.left_out.conversations, extracted.left_out.messages), (1, 2));
    assert_eq!(fixture.messages(), pairs(&[("b", &["3"])]));
}

#[test]
fn elements_that_do_not_fit_into_a_block_are_found() {
    let long = format!("\"{}\"", "x\\\"]}".repeat(200_000));
    let fixture =
        Fixture::new(format!(r#"{{"other": [{long}], "conversations": [{{"id": "a", "MessageList": [1, {long}, 2]}}]}}"#));
    fixture.extract();
    assert_eq!(fixture.messages(), pairs(&[("a", &["1", &long, "2"])]));
}

#[track_caller]
fn assert_refused(json: &str, problem: &str) {
    let error = Fixture::new(json).refusal();
    assert!(error.contains(&format!("messages.json is no readable Skype export: {problem}")), "{error}");
    assert!(error.ends_with("or the archive around it (.tar, .tar.gz, .zip)"), "{error}");
}

#[test]
fn what_is_no_json_is_refused_by_line_and_column() {
    assert_refused("", "EOF while parsing at line 1 column 1;");
    assert_refused("\n\nhello", "expected value at line 3 column 1;");
    assert_refused("<html></html>", "expected value at line 1 column 1;");
    assert_refused("{\"conversations\": [}", "expected value at line 1 column 20;");
    assert_refused("{\"conversations\": [1,]}", "expected value at line 1 column 22;");
    assert_refused("{\"conversations\": [1 2]}", "expected `,` or `]` at line 1 column 22;");
    assert_refused("{\"conversations\" []}", "expected `:` at line 1 column 18;");
    assert_refused("{conversations: []}", "expected a key at line 1 column 2;");
    assert_refused("{\"conversations\": []}\n{}", "trailing characters at line 2 column 1;");
}

#[test]
fn json_of_another_shape_is_refused_by_what_was_expected() {
    assert_refused("[]", "expected an object with the list `conversations` at line 1 column");
    assert_refused("{\n\"users\": []\n}", "missing field `conversations` at line 3 column");
    assert_refused("{\"conversations\":\n {}}", "expected the list `conversations` at line 2 column 2;");
}

#[test]
fn an_export_that_is_cut_off_is_refused_wherever_it_ends() {
    let whole = "{\"conversations\": [\n{\"id\": \"a\", \"MessageList\": [{\"id\": \"1\", \"n\": 12}]}]}";
    for length in 0..whole.len() {
        let error = Fixture::new(&whole[..length]).refusal();
        let line = 1 + usize::from(length > 19);
        assert!(error.contains(&format!("EOF while parsing at line {line} column")), "{length}: {error}");
    }
}

#[test]
fn all_bytes_of_the_export_are_told_as_they_are_passed() {
    let json = "\u{FEFF}{\"conversations\": [{\"id\": \"a\", \"MessageList\": [1, {\"b\": 2}]}, 3],\n \"conversations\": [] } \n";
    let fixture = Fixture::new(json);
    let mut told = Vec::new();
    let mut tell = |found| {
        if let Found::Bytes(bytes) = found {
            told.push(bytes);
        }
        Ok(())
    };
    extract(&fixture.export, &fixture.staging, &mut tell).unwrap();
    assert_eq!(told.len(), 3, "behind each message, and at the end: {told:?}");
    assert_eq!(told.iter().sum::<u64>(), fixture.export.length());
}

#[test]
fn the_caller_can_stop_the_extraction() {
    let fixture = Fixture::new(r#"{"conversations": [{"id": "a", "MessageList": [1, 2]}]}"#);
    let error = extract(&fixture.export, &fixture.staging, &mut |_| Err("enough".into())).unwrap_err();
    assert_eq!(error.to_string(), "enough");
}

#[test]
fn extracting_again_stages_anew() {
    let fixture = Fixture::new(r#"{"conversations": [{"id": "a", "MessageList": [1]}]}"#);
    fixture.extract();
    fixture.extract();
    assert_eq!(fixture.messages(), pairs(&[("a", &["1"])]));
}
