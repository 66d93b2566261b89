//! Walks the JSON of an export and holds one message of it at a time.

mod visitors;

use std::io::Read;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error};
use serde_json::Value;

use crate::error::ImportError;

/// Hears what the export holds, in the order of the file.
pub(crate) trait Listener {
    /// What `conversation` does not know yet, the file may still tell.
    fn message(&mut self, conversation: &Conversation, message: Message) -> Result<(), ImportError>;

    fn end_of_conversation(&mut self, conversation: Conversation) -> Result<(), ImportError>;
}

/// What is known of a conversation so far.
#[derive(Debug, Default)]
pub(crate) struct Conversation {
    /// Its place in the export, from 1.
    pub(crate) position: u64,
    pub(crate) id: Option<String>,
    pub(crate) display_name: Option<String>,
    /// How many of its messages have been read.
    pub(crate) messages: u64,
}

#[derive(Debug, Default, Deserialize)]
#[allow(clippy::struct_field_names, reason = "the export calls it the type of the message")]
#[serde(default, expecting = "a message, an object")]
pub(crate) struct Message {
    #[serde(deserialize_with = "text")]
    pub(crate) id: Option<String>,
    #[serde(rename = "displayName", deserialize_with = "text")]
    pub(crate) display_name: Option<String>,
    #[serde(rename = "originalarrivaltime", deserialize_with = "text")]
    pub(crate) sent_at: Option<String>,
    #[serde(rename = "messagetype", deserialize_with = "text")]
    pub(crate) message_type: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) content: Option<String>,
    #[serde(rename = "conversationid", deserialize_with = "text")]
    pub(crate) conversation_id: Option<String>,
    #[serde(deserialize_with = "text")]
    pub(crate) from: Option<String>,
}

impl Conversation {
    /// A name for messages to people, even while the id is unknown.
    pub(crate) fn name(&self, id_by_message: Option<&str>) -> String {
        let ids = [self.id.as_deref(), id_by_message];
        match ids.into_iter().flatten().find(|id| !id.trim().is_empty()) {
            Some(id) => id.to_owned(),
            None => format!("number {}", self.position),
        }
    }
}

/// Reads the export in `json` to its end. `file` is its name for messages.
pub(crate) fn walk(file: &str, json: impl Read, listener: &mut dyn Listener) -> Result<(), ImportError> {
    let mut walk = Walk { listener, conversations: 0, failure: None };
    let mut deserializer = serde_json::Deserializer::from_reader(json);
    let outcome = visitors::Export(&mut walk).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match (walk.failure, outcome) {
        (Some(failure), _) => Err(failure),
        (None, Ok(())) => Ok(()),
        (None, Err(problem)) => Err(ImportError::NotAnExport { file: file.to_owned(), problem }),
    }
}

struct Walk<'a> {
    listener: &'a mut dyn Listener,
    conversations: u64,
    /// Why the listener ended the walk. It is kept here because serde carries only errors of its own kind.
    failure: Option<ImportError>,
}

impl Walk<'_> {
    fn begin_conversation(&mut self) -> Conversation {
        self.conversations += 1;
        Conversation { position: self.conversations, ..Conversation::default() }
    }

    fn message<E: Error>(&mut self, conversation: &Conversation, message: Message) -> Result<(), E> {
        let outcome = self.listener.message(conversation, message);
        self.keep_failure(outcome)
    }

    fn end_of_conversation<E: Error>(&mut self, conversation: Conversation) -> Result<(), E> {
        let outcome = self.listener.end_of_conversation(conversation);
        self.keep_failure(outcome)
    }

    fn keep_failure<E: Error>(&mut self, outcome: Result<(), ImportError>) -> Result<(), E> {
        outcome.map_err(|failure| {
            self.failure = Some(failure);
            E::custom("the walk was ended")
        })
    }
}

/// Skype writes ids as texts or as numbers, and any field may be null.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    })
}

#[cfg(test)]
mod tests;
