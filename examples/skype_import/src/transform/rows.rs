//! What rows does an export become? One after the other, from any of them on.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::messages::Messages;
use super::{markup, plain_text, sender};
use crate::error::ImportError;
use crate::export::Export;
use crate::json_lines::JsonLinesReader;
use crate::message::{Message, Moment};
use crate::staging::{StagedConversation, StagedPerson, Staging};

/// What is told of a message that somebody deleted.
const DELETED: &str = "Message deleted";

/// A row for the database.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Row {
    Conversation(Named),
    Person(Named),
    Message(MessageRow),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Named {
    pub(crate) id: Arc<str>,
    pub(crate) display_name: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MessageRow {
    pub(crate) conversation_id: Arc<str>,
    pub(crate) id: String,
    pub(crate) sender: Option<String>,
    pub(crate) sent_at: String,
    pub(crate) message_type: Option<String>,
    pub(crate) text: Option<String>,
    /// As the export has it.
    pub(crate) content: Option<String>,
    pub(crate) edited_at: Option<String>,
    pub(crate) deleted_at: Option<String>,
    /// Of two rows with one key the later one counts.
    pub(crate) version: i64,
    /// The id of the message that this one replaces.
    pub(crate) replaces: Option<String>,
}

/// Which rows come next: places in what is staged.
#[derive(Debug, Default, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// The byte at which the next person stands; the people come first.
    people: u64,
    /// The byte at which the conversation stands that is under way.
    conversation: u64,
    /// How many rows of it were given: itself, then its messages.
    given: u64,
}

pub(crate) struct Rows<'a> {
    /// None once all were given.
    people: Option<JsonLinesReader<StagedPerson>>,
    conversations: JsonLinesReader<StagedConversation>,
    messages: Messages<'a>,
    current: Option<(Arc<str>, StagedConversation)>,
    cursor: Cursor,
}

impl<'a> Rows<'a> {
    /// The rows that come at the cursor, which is the default or one that was given for the same export.
    pub(crate) fn from(export: &'a Export, staging: &Staging, cursor: Cursor) -> Result<Self, ImportError> {
        let people = Some(staging.read_people(cursor.people)?);
        let conversations = staging.read_conversations(cursor.conversation)?;
        Ok(Rows { people, conversations, messages: Messages::of(export, staging)?, current: None, cursor })
    }

    /// The rows that come behind those which were given.
    pub(crate) fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// At most so many rows; none at the end.
    pub(crate) fn next_batch(&mut self, most: usize) -> Result<Vec<Row>, ImportError> {
        let mut batch = Vec::with_capacity(most);
        while batch.len() < most {
            match self.next()? {
                Some(row) => batch.push(row),
                None => break,
            }
        }
        Ok(batch)
    }

    fn next_person(&mut self) -> Result<Option<Named>, ImportError> {
        let Some(people) = &mut self.people else { return Ok(None) };
        let person = people.read()?;
        self.cursor.people = people.offset();
        if person.is_none() {
            self.people = None;
        }
        Ok(person.map(|StagedPerson { id, display_name }| Named { id: id.into(), display_name }))
    }

    fn next(&mut self) -> Result<Option<Row>, ImportError> {
        if let Some(person) = self.next_person()? {
            return Ok(Some(Row::Person(person)));
        }
        loop {
            let Some((id, conversation)) = &self.current else {
                let Some(conversation) = self.conversations.read()? else { return Ok(None) };
                self.current = Some((conversation.id.as_str().into(), conversation));
                continue;
            };
            let given = self.cursor.given;
            if given > conversation.messages {
                self.current = None;
                self.cursor.conversation = self.conversations.offset();
                self.cursor.given = 0;
                continue;
            }
            self.cursor.given += 1;
            let Some(number) = given.checked_sub(1) else {
                let display_name = conversation.display_name.as_deref().map(|name| markup::name(name).into_owned());
                return Ok(Some(Row::Conversation(Named { id: Arc::clone(id), display_name })));
            };
            // One that cannot be imported was left out in the phase before, which has told so.
            if let Ok(message) = Message::read(self.messages.read(conversation, number)?, id, number + 1) {
                return Ok(Some(Row::Message(row(Arc::clone(id), message))));
            }
        }
    }
}

fn row(conversation_id: Arc<str>, message: Message<'_>) -> MessageRow {
    let content = message.content();
    let replaces = content.as_deref().and_then(plain_text::replaced).filter(|original| *original != message.id);
    let edited_at = message.edited_at.or(replaces.as_ref().map(|_| message.sent_at));
    MessageRow {
        conversation_id,
        sender: sender::sender(&message).map(Cow::into_owned),
        text: text(&message, content.as_deref()),
        sent_at: message.sent_at.text(),
        edited_at: edited_at.map(Moment::text),
        deleted_at: message.deleted_at.map(Moment::text),
        version: message.version,
        replaces,
        id: message.id.into_owned(),
        message_type: message.message_type.map(Cow::into_owned),
        content: content.map(Cow::into_owned),
    }
}

/// A message without content has no text, which is not the same as an empty one.
fn text(message: &Message<'_>, content: Option<&str>) -> Option<String> {
    let content = match content {
        _ if message.deleted_at.is_some() => return Some(DELETED.to_owned()),
        Some(content) if plain_text::is_emptied(content) => return Some(DELETED.to_owned()),
        content => content?,
    };
    let message_type = message.message_type.as_deref().unwrap_or_default();
    Some(plain_text::plain_text(message_type, content).into_owned())
}
