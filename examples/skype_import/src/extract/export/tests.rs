use super::*;

struct Nobody;

impl Listener for Nobody {
    fn message(&mut self, _: &Conversation, _: Message) -> Result<(), ImportError> {
        Ok(())
    }

    fn end_of_conversation(&mut self, _: Conversation) -> Result<(), ImportError> {
        Ok(())
    }
}

fn refusal(json: &[u8]) -> String {
    walk("export.json", json, &mut Nobody).unwrap_err().to_string()
}

#[track_caller]
fn assert_refused(json: &str, problem: &str) {
    let error = refusal(json.as_bytes());
    let expected = format!("export.json is no readable Skype export: {problem}");
    assert!(error.starts_with(&expected), "{error}");
    assert!(error.ends_with("or the tar archive around it"), "{error}");
}

#[test]
fn what_is_no_json_is_refused_by_line_and_column() {
    assert_refused("", "EOF while parsing a value at line 1 column");
    assert_refused("\n\nhello", "expected value at line 3 column 1");
    assert_refused("<html></html>", "expected value at line 1 column 1");
    assert_refused("{\"conversations\": [}", "expected value at line 1 column 20");
    assert_refused("{\"conversations\": []}\n{}", "trailing characters at line 2 column 1");
}

#[test]
fn json_of_another_shape_is_refused_by_what_was_expected() {
    assert_refused("[]", "invalid type: sequence, expected an object with the list `conversations` at line 1");
    assert_refused("{\n\"users\": []\n}", "missing field `conversations` at line 3");
    assert_refused("{\"conversations\":\n {}}", "invalid type: map, expected the list `conversations` at line 2");
    assert_refused("{\"conversations\": [\n3]}", "invalid type: integer `3`, expected a conversation, an object at line 2");
    assert_refused(
        "{\"conversations\": [{\n\"MessageList\": \"none\"}]}",
        "invalid type: string \"none\", expected the list `MessageList` at line 2",
    );
    assert_refused(
        "{\"conversations\": [{\"MessageList\": [\n3]}]}",
        "invalid type: integer `3`, expected a message, an object at line 2",
    );
}

#[test]
fn an_export_that_is_cut_off_is_refused_wherever_it_ends() {
    let whole = br#"{"conversations": [{"id": "a", "MessageList": [{"id": "1"}]}]}"#;
    for length in 0..whole.len() {
        let error = refusal(&whole[..length]);
        assert!(error.contains("EOF while parsing"), "{error}");
    }
}

#[test]
fn text_that_is_not_utf_8_is_refused_by_line() {
    let error = refusal(b"{\"conversations\": [{\"id\":\n\"\xff\"}]}");
    assert!(error.contains("at line 2 column"), "{error}");
}
