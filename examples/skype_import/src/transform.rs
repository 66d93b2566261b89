//! The second phase: turns staged messages into rows for the database.

mod attachment;
mod call;
mod markup;
mod people;
mod plain_text;
mod thread_activity;

use serde::{Deserialize, Serialize};

use crate::error::{ImportError, Stop};
use crate::json_lines::JsonLinesWriter;
use crate::staging::{MessageRow, Row, StagedConversation, StagedMessage, Staging};

use people::People;

/// How many rows were staged. People are counted once for every name they had.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Transformed {
    pub(crate) conversations: u64,
    pub(crate) people: u64,
    pub(crate) messages: u64,
}

/// Stages the rows of the database. `watch` hears of each row.
pub(crate) fn transform(staging: &Staging, watch: &mut impl FnMut(&Row) -> Result<(), Stop>) -> Result<Transformed, ImportError> {
    let mut conversations = staging.read_conversations()?;
    let mut messages = staging.read_messages()?;
    let mut transformation =
        Transformation { rows: staging.create_rows()?, people: People::default(), transformed: Transformed::default(), watch };

    // Both files are in the order of the export, so reading them side by side finds each message's conversation.
    let mut next = messages.read()?;
    while let Some(conversation) = conversations.read()? {
        transformation.conversation(&conversation)?;
        while let Some(message) = next.take_if(|next| next.conversation <= conversation.position) {
            // A lower position is that of a conversation that was left out.
            if message.conversation == conversation.position {
                transformation.message(&conversation, message)?;
            }
            next = messages.read()?;
        }
    }
    transformation.finish()
}

struct Transformation<'a, W> {
    rows: JsonLinesWriter<Row>,
    people: People,
    transformed: Transformed,
    watch: &'a mut W,
}

impl<W: FnMut(&Row) -> Result<(), Stop>> Transformation<'_, W> {
    fn conversation(&mut self, conversation: &StagedConversation) -> Result<(), ImportError> {
        self.transformed.conversations += 1;
        self.write(&Row::Conversation { id: conversation.id.clone(), display_name: conversation.display_name.clone() })
    }

    fn message(&mut self, conversation: &StagedConversation, message: StagedMessage) -> Result<(), ImportError> {
        let sender = message.from.as_deref().and_then(people::sender_id);
        if let Some(sender) = sender {
            self.person(sender, &message)?;
        }
        self.transformed.messages += 1;
        self.write(&Row::Message(MessageRow {
            conversation_id: conversation.id.clone(),
            sender: sender.map(str::to_owned),
            text: text(&message),
            id: message.id,
            sent_at: message.sent_at,
            message_type: message.message_type,
        }))
    }

    fn person(&mut self, sender: &str, message: &StagedMessage) -> Result<(), ImportError> {
        let name = message.display_name.as_deref();
        match self.people.learn(sender, name, &message.sent_at) {
            Some(person) => {
                self.transformed.people += 1;
                self.write(&person)
            }
            None => Ok(()),
        }
    }

    fn write(&mut self, row: &Row) -> Result<(), ImportError> {
        self.rows.write(row)?;
        (self.watch)(row).map_err(ImportError::Stopped)
    }

    fn finish(self) -> Result<Transformed, ImportError> {
        self.rows.finish()?;
        Ok(self.transformed)
    }
}

/// A message without content has no text, which is not the same as an empty one.
fn text(message: &StagedMessage) -> Option<String> {
    let message_type = message.message_type.as_deref().unwrap_or_default();
    let content = message.content.as_deref()?;
    Some(plain_text::plain_text(message_type, content))
}

#[cfg(test)]
mod tests;
