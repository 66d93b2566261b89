//! The first phase: copies an export's conversations and messages to staging.

mod export;
mod export_file;
mod rejection;
mod sent_at;

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{ImportError, Stop};
use crate::json_lines::JsonLinesWriter;
use crate::staging::{StagedConversation, StagedMessage, Staging};

pub(crate) use rejection::Rejection;

/// One step of the extraction, told to its caller.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// A conversation, told after its messages, was staged.
    Conversation,
    /// A message was staged.
    Message,
    LeftOut(Rejection),
}

/// What was extracted. `messages` and `messages_left_out` together are all messages of the export.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Extracted {
    /// The export.
    pub(crate) file: String,
    pub(crate) conversations: u64,
    pub(crate) conversations_left_out: u64,
    pub(crate) messages: u64,
    pub(crate) messages_left_out: u64,
}

/// Reads `export`, a messages.json or the tar archive around it.
///
/// A message without an id or without a readable time is left out, and so is a conversation without an id, with its messages:
/// nothing else would tell them apart in the database. `watch` hears of each, and the rest goes on.
pub(crate) fn extract(
    export: &Path,
    staging: &Staging,
    watch: &mut impl FnMut(Found) -> Result<(), Stop>,
) -> Result<Extracted, ImportError> {
    let mut extraction = Extraction {
        conversations: staging.create_conversations()?,
        messages: staging.create_messages()?,
        kept_of_conversation: 0,
        extracted: Extracted { file: export.display().to_string(), ..Extracted::default() },
        watch,
    };
    export_file::read_json(export, |file, json| export::walk(file, json, &mut extraction))?;
    extraction.finish()
}

struct Extraction<'a, W> {
    conversations: JsonLinesWriter<StagedConversation>,
    messages: JsonLinesWriter<StagedMessage>,
    /// Messages staged for the conversation that is being read.
    kept_of_conversation: u64,
    extracted: Extracted,
    watch: &'a mut W,
}

impl<W: FnMut(Found) -> Result<(), Stop>> export::Listener for Extraction<'_, W> {
    fn message(&mut self, conversation: &export::Conversation, message: export::Message) -> Result<(), ImportError> {
        match staged_message(conversation, message) {
            Ok(message) => {
                self.messages.write(&message)?;
                self.kept_of_conversation += 1;
                self.tell(Found::Message)
            }
            Err(rejection) => {
                self.extracted.messages_left_out += 1;
                self.tell(Found::LeftOut(rejection))
            }
        }
    }

    fn end_of_conversation(&mut self, conversation: export::Conversation) -> Result<(), ImportError> {
        let messages = std::mem::take(&mut self.kept_of_conversation);
        match staged_conversation(conversation, messages) {
            Ok(conversation) => {
                self.conversations.write(&conversation)?;
                self.extracted.conversations += 1;
                self.extracted.messages += messages;
                self.tell(Found::Conversation)
            }
            // Its messages stay in the staged file, where they belong to no staged conversation: the next phase passes them
            // by.
            Err(rejection) => {
                self.extracted.conversations_left_out += 1;
                self.extracted.messages_left_out += messages;
                self.tell(Found::LeftOut(rejection))
            }
        }
    }
}

impl<W: FnMut(Found) -> Result<(), Stop>> Extraction<'_, W> {
    fn tell(&mut self, found: Found) -> Result<(), ImportError> {
        (self.watch)(found).map_err(ImportError::Stopped)
    }

    fn finish(self) -> Result<Extracted, ImportError> {
        self.conversations.finish()?;
        self.messages.finish()?;
        Ok(self.extracted)
    }
}

fn staged_message(conversation: &export::Conversation, message: export::Message) -> Result<StagedMessage, Rejection> {
    let named_conversation = || conversation.name(message.conversation_id.as_deref());
    let Some(id) = message.id.and_then(not_blank) else {
        return Err(Rejection::MessageWithoutId { conversation: named_conversation(), position: conversation.messages });
    };
    let Some(sent_at) = message.sent_at.as_deref().and_then(sent_at::in_utc) else {
        return Err(Rejection::UnreadableTime { conversation: named_conversation(), message: id, time: message.sent_at });
    };
    Ok(StagedMessage {
        conversation: conversation.position,
        id,
        from: message.from.and_then(not_blank),
        display_name: message.display_name.and_then(not_blank),
        sent_at,
        message_type: message.message_type,
        content: message.content,
    })
}

fn staged_conversation(conversation: export::Conversation, messages: u64) -> Result<StagedConversation, Rejection> {
    let position = conversation.position;
    let Some(id) = conversation.id.and_then(not_blank) else {
        return Err(Rejection::ConversationWithoutId { position, messages });
    };
    Ok(StagedConversation { position, id, display_name: conversation.display_name.and_then(not_blank) })
}

fn not_blank(text: String) -> Option<String> {
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests;
