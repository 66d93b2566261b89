//! What does a message say of itself? Reads one, and tells what is wrong with one that cannot be imported.

mod moment;
mod properties;

use std::borrow::Cow;

use crate::extract::Rejection;
use crate::json;

pub(crate) use moment::Moment;
use properties::Properties;

type Text<'a> = Option<Cow<'a, str>>;

/// A message that can be told apart in its conversation, and has its place in time.
#[derive(Debug, PartialEq)]
#[allow(clippy::struct_field_names, reason = "the export calls it the type of the message")]
pub(crate) struct Message<'a> {
    pub(crate) id: Cow<'a, str>,
    pub(crate) from: Text<'a>,
    pub(crate) display_name: Text<'a>,
    pub(crate) sent_at: Moment,
    pub(crate) message_type: Text<'a>,
    /// As it is written, in JSON.
    content: &'a [u8],
    pub(crate) edited_at: Option<Moment>,
    pub(crate) deleted_at: Option<Moment>,
    /// When it became what it is here, in milliseconds since 1970. Of two with one id, the later one counts.
    pub(crate) version: i64,
}

/// As they are written; of a key that is there twice, the last one.
#[derive(Default)]
struct Fields<'a> {
    id: &'a [u8],
    from: &'a [u8],
    display_name: &'a [u8],
    sent_at: &'a [u8],
    message_type: &'a [u8],
    content: &'a [u8],
    version: &'a [u8],
    properties: &'a [u8],
}

impl<'a> Message<'a> {
    /// `written` is an element of a list of messages. The message is named for people by its conversation and its place in that, from 1.
    pub(crate) fn read(written: &'a [u8], conversation: &str, position: u64) -> Result<Self, Rejection> {
        let named = || conversation.to_owned();
        if written.first() != Some(&b'{') {
            return Err(Rejection::NoMessage { conversation: named(), position });
        }
        let fields =
            Fields::of(written).map_err(|problem| Rejection::UnreadableMessage { conversation: named(), position, problem })?;
        let Some(id) = text(fields.id) else {
            return Err(Rejection::MessageWithoutId { conversation: named(), position });
        };
        let told = json::text(fields.sent_at).filter(|_| !fields.sent_at.is_empty());
        let Some(sent_at) = told.as_deref().and_then(Moment::read) else {
            let time = told.map(Cow::into_owned);
            return Err(Rejection::UnreadableTime { conversation: named(), message: id.into_owned(), time });
        };
        Ok(Self::of(&fields, id, sent_at))
    }

    fn of(fields: &Fields<'a>, id: Cow<'a, str>, sent_at: Moment) -> Self {
        let Properties { edited_at, deleted_at } = Properties::read(fields.properties);
        let given = json::text(fields.version).and_then(|version| milliseconds(&version));
        let moments = [edited_at, deleted_at].into_iter().flatten().map(Moment::milliseconds);
        let version = moments.chain(given).fold(sent_at.milliseconds(), i64::max);
        Message {
            id,
            from: text(fields.from),
            display_name: text(fields.display_name),
            sent_at,
            message_type: anything(fields.message_type),
            content: fields.content,
            edited_at,
            deleted_at,
            version,
        }
    }
}

impl<'a> Message<'a> {
    /// In Skype's markup. Most of a message, so it is read when it is asked for.
    pub(crate) fn content(&self) -> Text<'a> {
        anything(self.content)
    }
}

impl<'a> Fields<'a> {
    fn of(written: &'a [u8]) -> Result<Self, json::Malformed> {
        let mut fields = Fields::default();
        json::members(written, |key, value| {
            let field = match key {
                br#""id""# => &mut fields.id,
                br#""from""# => &mut fields.from,
                br#""displayName""# => &mut fields.display_name,
                br#""originalarrivaltime""# => &mut fields.sent_at,
                br#""messagetype""# => &mut fields.message_type,
                br#""content""# => &mut fields.content,
                br#""version""# => &mut fields.version,
                br#""properties""# => &mut fields.properties,
                _ => return,
            };
            *field = value;
        })?;
        Ok(fields)
    }
}

/// Whatever is written there, even if it is blank.
fn anything(value: &[u8]) -> Text<'_> {
    if value.is_empty() { None } else { json::text(value) }
}

fn text(value: &[u8]) -> Text<'_> {
    anything(value).filter(|text| !text.trim().is_empty())
}

/// Skype writes times as texts or as numbers, some of them with a point.
fn milliseconds(number: &str) -> Option<i64> {
    let (whole, _) = number.trim().split_once('.').unwrap_or((number.trim(), ""));
    whole.parse().ok().filter(|milliseconds| *milliseconds > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Message<'_> {
        Message::read(json.as_bytes(), "c", 1).unwrap()
    }

    fn refusal(json: &str) -> String {
        Message::read(json.as_bytes(), "c", 7).unwrap_err().to_string()
    }

    #[test]
    fn what_a_message_says_is_read() {
        let message = read(
            r#"{"id": "17", "displayName": "Ada L.", "originalarrivaltime": "2021-03-04T05:06:07.5+01:00",
                "messagetype": "RichText", "version": 17, "content": "<b>hi</b>\n", "conversationid": "c",
                "from": "8:live:ada", "properties": null, "amsreferences": ["x"], "unknown": {"id": 3}}"#,
        );
        let sent_at = Moment::read("2021-03-04T04:06:07.5Z").unwrap();
        let expected = Message {
            id: "17".into(),
            from: Some("8:live:ada".into()),
            display_name: Some("Ada L.".into()),
            sent_at,
            message_type: Some("RichText".into()),
            content: br#""<b>hi</b>\n""#,
            edited_at: None,
            deleted_at: None,
            version: sent_at.milliseconds(),
        };
        assert_eq!(message, expected);
        assert_eq!(message.content().as_deref(), Some("<b>hi</b>\n"));
    }

    #[test]
    fn everything_but_the_id_and_the_time_may_be_null_absent_or_odd() {
        for fields in ["", r#""from": null, "content": null, "properties": 3,"#, r#""version": "x", "properties": [{}],"#] {
            let json = format!(r#"{{{fields} "id": 5, "originalarrivaltime": "2021-03-04T05:06:07Z"}}"#);
            let message = read(&json);
            assert_eq!((message.id.as_ref(), message.from.as_deref(), message.content()), ("5", None, None));
        }
    }

    #[test]
    fn ids_are_kept_as_they_are_written_whatever_their_size() {
        for id in ["100000000000000000001", "100000000000000000002", "1.50", "-1"] {
            let json = format!(r#"{{"id": {id}, "originalarrivaltime": "2021-03-04T05:06:07Z"}}"#);
            assert_eq!(read(&json).id, id);
        }
    }

    #[test]
    fn of_a_key_that_is_there_twice_the_last_one_counts() {
        let json = r#"{"id": "1", "content": "old", "id": "2", "originalarrivaltime": "2021-03-04T05:06:07Z", "content": "new"}"#;
        let message = read(json);
        assert_eq!((message.id.as_ref(), message.content().as_deref()), ("2", Some("new")));
    }

    #[test]
    fn the_latest_of_its_times_is_its_version() {
        let version = |fields: &str| {
            let json = format!(r#"{{"id": "1", "originalarrivaltime": "1970-01-01T00:00:05Z", {fields}}}"#);
            Message::read(json.as_bytes(), "c", 1).unwrap().version
        };
        assert_eq!(version(r#""version": 3"#), 5_000);
        assert_eq!(version(r#""version": 6000.0"#), 6_000);
        assert_eq!(version(r#""version": "6000""#), 6_000);
        assert_eq!(version(r#""version": 6000, "properties": {"edittime": "7000"}"#), 7_000);
        assert_eq!(version(r#""properties": {"deletetime": 8000, "edittime": "7000"}"#), 8_000);
    }

    #[test]
    fn a_message_without_an_id_is_refused() {
        for id in [r#""id": null,"#, r#""id": "","#, r#""id": "  ","#, ""] {
            let json = format!(r#"{{{id} "originalarrivaltime": "2021-03-04T05:06:07Z"}}"#);
            assert_eq!(refusal(&json), "message number 7 of conversation c has no id");
        }
    }

    #[test]
    fn a_message_without_a_readable_time_is_refused() {
        for (time, problem) in [
            (r#", "originalarrivaltime": "today""#, "\"today\" is not RFC 3339"),
            (r#", "originalarrivaltime": 16148343"#, "\"16148343\" is not RFC 3339"),
            (r#", "originalarrivaltime": null"#, "it is absent"),
            ("", "it is absent"),
        ] {
            let said = refusal(&format!(r#"{{"id": "9"{time}}}"#));
            assert_eq!(said, format!("message 9 of conversation c has no readable time: {problem}"));
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for element in ["null", "3", "[]", "\"text\""] {
            assert_eq!(refusal(element), "message number 7 of conversation c is no object");
        }
    }

    #[test]
    fn what_is_no_json_is_refused_by_its_place() {
        assert_eq!(refusal(r#"{"id" 1}"#), "message number 7 of conversation c is no JSON: `:` expected at byte 7");
    }
}
