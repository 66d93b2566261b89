//! Why a part of an export is left out.

use thiserror::Error;

#[derive(Debug, Clone, PartialEq, Error)]
pub(crate) enum Rejection {
    #[error("message number {position} of conversation {conversation} has no id")]
    MessageWithoutId {
        /// The conversation's id; where the export has not told it yet, the one that the message gives, or else its number in
        /// the export.
        conversation: String,
        /// The message's place in its conversation, from 1.
        position: u64,
    },

    #[error(
        "message {message} of conversation {conversation} has no readable time: {}",
        shown(time.as_deref())
    )]
    UnreadableTime { conversation: String, message: String, time: Option<String> },

    #[error(
        "conversation number {position} of the export has no id: \
         it is left out with the {messages} messages that were staged for it"
    )]
    ConversationWithoutId { position: u64, messages: u64 },
}

fn shown(time: Option<&str>) -> String {
    match time {
        Some(time) => format!("{time:?} is not RFC 3339"),
        None => "it is absent".to_owned(),
    }
}
