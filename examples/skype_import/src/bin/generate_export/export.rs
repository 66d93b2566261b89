//! Writes the JSON of an export, conversation by conversation.

use std::io::{self, BufWriter, Write};

use serde::Serialize;

use crate::chat::Chat;
use crate::command_line::Order;
use crate::phrases;

/// With the fields and in the order of a real export.
#[derive(Serialize)]
#[allow(clippy::struct_field_names, reason = "the export calls it the type of the message")]
pub(crate) struct Message {
    pub(crate) id: Option<String>,
    #[serde(rename = "displayName")]
    pub(crate) display_name: Option<String>,
    #[serde(rename = "originalarrivaltime")]
    pub(crate) sent_at: String,
    #[serde(rename = "messagetype")]
    pub(crate) message_type: &'static str,
    pub(crate) version: i64,
    pub(crate) content: String,
    #[serde(rename = "conversationid")]
    pub(crate) conversation_id: String,
    pub(crate) from: String,
    pub(crate) properties: Option<()>,
    #[serde(rename = "amsreferences")]
    pub(crate) media: Option<Vec<String>>,
}

pub(crate) fn write(order: &Order, output: impl Write) -> io::Result<()> {
    let mut output = BufWriter::new(output);
    let scripts = phrases::scripts();
    let mut written = 0;

    writeln!(output, "{{\n  \"userId\": \"{}\",", phrases::PEOPLE[0].0)?;
    writeln!(output, "  \"exportDate\": \"2024-03-01T10:00\",")?;
    write!(output, "  \"conversations\": [")?;
    for (number, messages) in shares(order).enumerate() {
        let mut chat = Chat::new(order.seed, number as u64, messages, &scripts);
        write_comma(&mut output, number == 0)?;
        write_head(&mut output, &chat)?;
        for (number, message) in newest_first(&mut chat, messages).enumerate() {
            write_comma(&mut output, number == 0)?;
            write!(output, "\n        ")?;
            serde_json::to_writer(&mut output, &spoiled(message, written, order))?;
            written += 1;
        }
        write!(output, "\n      ]\n    }}")?;
    }
    writeln!(output, "\n  ]\n}}")?;
    output.flush()
}

/// In the order of a real export.
fn newest_first(chat: &mut Chat<'_>, messages: u64) -> impl Iterator<Item = Message> {
    let mut said: Vec<_> = (0..messages).map(|_| chat.next_message()).collect();
    said.reverse();
    said.into_iter()
}

fn write_comma(output: &mut impl Write, is_first: bool) -> io::Result<()> {
    output.write_all(if is_first { b"" } else { b"," })
}

fn write_head(output: &mut impl Write, chat: &Chat<'_>) -> io::Result<()> {
    let id = serde_json::to_string(&chat.id)?;
    let display_name = serde_json::to_string(&chat.display_name)?;
    writeln!(output, "\n    {{\n      \"id\": {id},")?;
    writeln!(output, "      \"displayName\": {display_name},")?;
    writeln!(output, "      \"version\": {},", chat.now)?;
    writeln!(output, "      \"properties\": {{\"conversationblocked\": false}},")?;
    writeln!(output, "      \"threadProperties\": null,")?;
    write!(output, "      \"MessageList\": [")
}

/// How many messages each conversation gets: a few get many, most get few.
#[allow(clippy::cast_possible_truncation, reason = "no conversation gets more than all messages")]
fn shares(order: &Order) -> impl Iterator<Item = u64> {
    let messages = u128::from(order.messages);
    let weight = |number: u64| u128::from(1_000_000 / (number + 1) + 1);
    let all: u128 = (0..order.conversations).map(weight).sum();
    let (mut reached, mut given) = (0, 0);
    (0..order.conversations).map(move |number| {
        reached += weight(number);
        let due = (messages * reached / all) as u64;
        let share = due - given;
        given = due;
        share
    })
}

/// Spoils as many messages as ordered, evenly spread over the export.
fn spoiled(mut message: Message, number: u64, order: &Order) -> Message {
    let bad_below = |number| u128::from(number) * u128::from(order.bad) / u128::from(order.messages);
    if bad_below(number) == bad_below(number + 1) {
        return message;
    }
    if bad_below(number).is_multiple_of(2) {
        message.id = None;
    } else {
        "not a time".clone_into(&mut message.sent_at);
    }
    message
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn export(conversations: u64, messages: u64, seed: u64, bad: u64) -> Value {
        let order = Order { conversations, messages, seed, bad, output: None };
        let mut output = Vec::new();
        write(&order, &mut output).unwrap();
        serde_json::from_slice(&output).unwrap()
    }

    fn messages(export: &Value) -> Vec<&Value> {
        let conversations = export["conversations"].as_array().unwrap();
        let lists = conversations.iter().map(|chat| &chat["MessageList"]);
        lists.flat_map(|list| list.as_array().unwrap()).collect()
    }

    #[test]
    fn the_same_seed_gives_the_same_export() {
        assert_eq!(export(5, 300, 7, 0), export(5, 300, 7, 0));
        assert_ne!(export(5, 300, 7, 0), export(5, 300, 8, 0));
    }

    #[test]
    fn there_is_as_much_as_ordered() {
        for (conversations, count) in [(0, 0), (1, 50), (7, 3), (30, 1_001)] {
            let export = export(conversations, count, 1, 0);
            let chats = export["conversations"].as_array().unwrap();
            assert_eq!(chats.len() as u64, conversations);
            assert_eq!(messages(&export).len() as u64, count);
        }
    }

    #[test]
    fn the_ids_of_a_conversation_are_unique_and_the_newest_comes_first() {
        let export = export(1, 2_000, 3, 0);
        let ids: Vec<&str> = messages(&export).iter().map(|message| message["id"].as_str().unwrap()).collect();
        assert!(ids.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn every_kind_of_message_occurs() {
        let export = export(6, 3_000, 3, 0);
        let messages = messages(&export);
        for kind in [
            "\"RichText\"",
            "\"Text\"",
            "UriObject",
            "Media_GenericFile",
            "Media_Video",
            "Media_AudioMsg",
            "Media_Card",
            "Event/Call",
            "AddMember",
            "DeleteMember",
            "TopicUpdate",
        ] {
            let is_kind = |message: &&Value| message["messagetype"].to_string().contains(kind);
            assert!(messages.iter().any(is_kind), "{kind}");
        }
    }

    #[test]
    fn as_many_messages_are_bad_as_ordered() {
        let export = export(4, 100, 3, 5);
        let is_bad = |message: &&&Value| message["id"].is_null() || message["originalarrivaltime"] == "not a time";
        assert_eq!(messages(&export).iter().filter(is_bad).count(), 5);
    }
}
