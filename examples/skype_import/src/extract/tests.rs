use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// An export on disk, and the staging of its extraction.
struct Fixture {
    export: PathBuf,
    staging: Staging,
    _directory: TempDir,
}

impl Fixture {
    fn new(json: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let export = directory.path().join("messages.json");
        fs::write(&export, json).unwrap();
        let staging = Staging::new(directory.path().join("staging"));
        Self { export, staging, _directory: directory }
    }

    fn extract(&self) -> (Extracted, Vec<Found>) {
        let mut found = Vec::new();
        let extracted = extract(&self.export, &self.staging, &mut |step| {
            found.push(step);
            Ok(())
        });
        (extracted.unwrap(), found)
    }

    fn file(&self) -> String {
        self.export.display().to_string()
    }

    fn rejections(&self) -> Vec<String> {
        let rejection = |step| match step {
            Found::LeftOut(rejection) => Some(rejection.to_string()),
            Found::Conversation | Found::Message => None,
        };
        self.extract().1.into_iter().filter_map(rejection).collect()
    }

    fn staged_messages(&self) -> Vec<StagedMessage> {
        let mut reader = self.staging.read_messages().unwrap();
        std::iter::from_fn(|| reader.read().unwrap()).collect()
    }

    fn staged_conversations(&self) -> Vec<StagedConversation> {
        let mut reader = self.staging.read_conversations().unwrap();
        std::iter::from_fn(|| reader.read().unwrap()).collect()
    }
}

const GOOD: &str = r#"{"id": "1", "originalarrivaltime": "2021-03-04T05:06:07Z"}"#;

/// An export with one conversation that has these messages.
fn with_messages(messages: &str) -> Fixture {
    Fixture::new(&format!(r#"{{"conversations": [{{"id": "8:live:ada", "MessageList": [{messages}]}}]}}"#))
}

#[test]
fn conversations_and_messages_are_staged() {
    let fixture = Fixture::new(
        r#"{"userId": "8:live:me", "exportDate": "2022-01-01T00:00", "conversations": [
            {"id": "8:live:ada", "displayName": "Ada", "version": 1.5, "properties": {"a": [1]},
             "threadProperties": null, "MessageList": [
                {"id": "17", "displayName": "Ada L.", "originalarrivaltime": "2021-03-04T05:06:07.5+01:00",
                 "messagetype": "RichText", "version": 17, "content": "<b>hi</b>\n",
                 "conversationid": "8:live:ada", "from": "8:live:ada", "properties": null,
                 "amsreferences": ["x"], "unknown": {"id": 3}}]}]}"#,
    );
    let (extracted, found) = fixture.extract();
    assert_eq!((extracted.conversations, extracted.messages), (1, 1));
    assert_eq!(found, [Found::Message, Found::Conversation]);
    let conversation = StagedConversation { position: 1, id: "8:live:ada".to_owned(), display_name: Some("Ada".to_owned()) };
    assert_eq!(fixture.staged_conversations(), [conversation]);
    let message = StagedMessage {
        conversation: 1,
        id: "17".to_owned(),
        from: Some("8:live:ada".to_owned()),
        display_name: Some("Ada L.".to_owned()),
        sent_at: "2021-03-04T04:06:07.500Z".to_owned(),
        message_type: Some("RichText".to_owned()),
        content: Some("<b>hi</b>\n".to_owned()),
    };
    assert_eq!(fixture.staged_messages(), [message]);
}

#[test]
fn everything_but_ids_and_times_may_be_null_or_absent() {
    let fixture = Fixture::new(&format!(
        r#"{{"userId": null, "conversations": [
            {{"id": "a"}},
            {{"id": "b", "displayName": null, "MessageList": null}},
            {{"id": "c", "MessageList": [{GOOD}, {{"id": "2", "displayName": null,
              "originalarrivaltime": "2021-03-04T05:06:07Z", "messagetype": null, "version": null,
              "content": null, "conversationid": null, "from": null, "properties": null}}]}}]}}"#
    ));
    let (extracted, _) = fixture.extract();
    assert_eq!((extracted.conversations, extracted.messages), (3, 2));
    for message in fixture.staged_messages() {
        assert_eq!((message.from, message.content), (None, None));
    }
}

#[test]
fn an_export_without_conversations_is_empty() {
    for conversations in ["[]", "null"] {
        let fixture = Fixture::new(&format!("{{\"conversations\": {conversations}}}"));
        assert_eq!(fixture.extract(), (Extracted { file: fixture.file(), ..Extracted::default() }, vec![]));
    }
}

#[test]
fn ids_may_be_numbers() {
    let fixture = Fixture::new(
        r#"{"conversations": [{"id": 42, "MessageList": [
            {"id": 1614834367000, "originalarrivaltime": "2021-03-04T05:06:07Z", "from": 7}]}]}"#,
    );
    fixture.extract();

    assert_eq!(fixture.staged_conversations()[0].id, "42");
    assert_eq!(fixture.staged_messages()[0].id, "1614834367000");
    assert_eq!(fixture.staged_messages()[0].from.as_deref(), Some("7"));
}

#[test]
fn the_id_of_a_conversation_may_follow_its_messages() {
    let fixture = Fixture::new(&format!(
        r#"{{"conversations": [
            {{"id": "first", "MessageList": [{GOOD}]}},
            {{"MessageList": [{GOOD}], "displayName": "Second", "id": "second"}}]}}"#
    ));
    fixture.extract();

    let conversations = fixture.staged_conversations();
    let messages = fixture.staged_messages();
    assert_eq!(conversations[1].id, "second");
    assert_eq!(messages[0].conversation, conversations[0].position);
    assert_eq!(messages[1].conversation, conversations[1].position);
}

#[test]
fn a_message_without_an_id_is_left_out() {
    for id in [r#""id": null,"#, r#""id": "","#, r#""id": "  ","#, ""] {
        let fixture = with_messages(&format!(r#"{GOOD}, {{{id} "originalarrivaltime": "2021-03-04T05:06:07Z"}}, {GOOD}"#));
        assert_eq!(fixture.rejections(), ["message number 2 of conversation 8:live:ada has no id"]);
        assert_eq!(fixture.staged_messages().len(), 2);
    }
}

#[test]
fn a_message_without_a_readable_time_is_left_out() {
    for (time, problem) in [
        (r#", "originalarrivaltime": "today""#, "\"today\" is not RFC 3339"),
        (r#", "originalarrivaltime": 16148343"#, "\"16148343\" is not RFC 3339"),
        (r#", "originalarrivaltime": null"#, "it is absent"),
        ("", "it is absent"),
    ] {
        let fixture = with_messages(&format!(r#"{{"id": "9"{time}}}, {GOOD}"#));
        let expected = format!("message 9 of conversation 8:live:ada has no readable time: {problem}");
        assert_eq!(fixture.rejections(), [expected]);
        assert_eq!(fixture.staged_messages().len(), 1);
    }
}

#[test]
fn a_null_in_the_list_is_a_message_without_an_id() {
    let (extracted, _) = with_messages(&format!("null, {GOOD}")).extract();
    assert_eq!((extracted.messages, extracted.messages_left_out), (1, 1));
}

#[test]
fn a_rejection_names_the_conversation_as_well_as_it_can() {
    let fixture = Fixture::new(
        r#"{"conversations": [
            {"MessageList": [{"conversationid": "8:live:ada"}], "id": "8:live:ada"},
            {"id": "", "MessageList": [{}]}]}"#,
    );
    assert_eq!(
        fixture.rejections(),
        [
            "message number 1 of conversation 8:live:ada has no id",
            "message number 1 of conversation number 2 has no id",
            "conversation number 2 of the export has no id: \
             it is left out with the 0 messages that were staged for it",
        ]
    );
}

#[test]
fn a_conversation_without_an_id_is_left_out_with_its_messages() {
    for id in [r#""id": null,"#, r#""id": "","#, ""] {
        let fixture = Fixture::new(&format!(
            r#"{{"conversations": [
                {{{id} "MessageList": [{GOOD}, {{}}, {GOOD}]}},
                {{"id": "kept", "MessageList": [{GOOD}]}}, null]}}"#
        ));
        let (extracted, _) = fixture.extract();

        let expected =
            Extracted { file: fixture.file(), conversations: 1, conversations_left_out: 2, messages: 1, messages_left_out: 3 };
        assert_eq!(extracted, expected);
        assert!(fixture.rejections()[1].starts_with("conversation number 1 of the export has no id"));
        assert_eq!(fixture.staged_conversations()[0].position, 2);
    }
}

#[test]
fn the_caller_can_stop_the_extraction() {
    let fixture = with_messages(&[GOOD; 3].join(","));
    let stop = &mut |_| Err("enough".into());
    let error = extract(&fixture.export, &fixture.staging, stop).unwrap_err();
    assert_eq!(error.to_string(), "enough");
}

#[test]
fn extracting_again_stages_anew() {
    let fixture = with_messages(GOOD);
    fixture.extract();
    fixture.extract();
    assert_eq!(fixture.staged_messages().len(), 1);
}
