//! The second phase: finds out which messages can be imported and who wrote them; and, for the third one, what rows they become.

mod attachment;
mod call;
mod card;
mod listed;
mod markup;
mod messages;
mod people;
mod plain_text;
mod rows;
mod sender;
mod thread_activity;

use serde::{Deserialize, Serialize};

use crate::error::{ImportError, Stop};
use crate::export::Export;
use crate::extract::{LeftOut, Rejection};
use crate::message::Message;
use crate::staging::Staging;

use messages::Messages;
use people::People;

pub(crate) use rows::{Cursor, MessageRow, Named, Row, Rows};

/// One step of the transformation, told to its caller.
#[derive(Debug, PartialEq)]
pub(crate) enum Seen {
    Conversation,
    /// A message that can be imported.
    Message,
    LeftOut(Rejection),
}

/// What can be imported.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Transformed {
    pub(crate) conversations: u64,
    pub(crate) people: u64,
    pub(crate) messages: u64,
    pub(crate) left_out: LeftOut,
}

/// Stages the people, each with the latest name. A message without an id or without a readable time is left out: `watch` hears
/// of each, and the rest goes on.
pub(crate) fn transform(
    export: &Export,
    staging: &Staging,
    watch: &mut impl FnMut(Seen) -> Result<(), Stop>,
) -> Result<Transformed, ImportError> {
    let mut watch = |seen| watch(seen).map_err(ImportError::Stopped);
    let (mut transformed, mut people) = (Transformed::default(), People::default());
    let mut messages = Messages::of(export, staging)?;
    let mut conversations = staging.read_conversations(0)?;
    while let Some(conversation) = conversations.read()? {
        for number in 0..conversation.messages {
            let written = messages.read(&conversation, number)?;
            match Message::read(written, &conversation.id, number + 1) {
                Ok(message) => {
                    people.learn_of(&message);
                    transformed.messages += 1;
                    watch(Seen::Message)?;
                }
                Err(rejection) => {
                    transformed.left_out.add(&rejection);
                    watch(Seen::LeftOut(rejection))?;
                }
            }
        }
        transformed.conversations += 1;
        watch(Seen::Conversation)?;
    }
    let mut staged = staging.create_people()?;
    for person in people.in_order() {
        staged.write(&person)?;
        transformed.people += 1;
    }
    staged.finish()?;
    Ok(transformed)
}

#[cfg(test)]
mod tests;
