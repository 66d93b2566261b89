//! Why a part of an export is left out, in the extraction or later.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::json::Malformed;

/// How many of a kind are told one by one: enough to see what is wrong.
const EXAMPLES: u64 = 3;

#[derive(Debug, Clone, PartialEq, Error)]
pub(crate) enum Rejection {
    #[error("conversation number {position} of the export is no object")]
    NoConversation { position: u64 },

    #[error("conversation number {position} of the export has no id: it is left out with its {messages} messages")]
    ConversationWithoutId { position: u64, messages: u64 },

    #[error("the MessageList of conversation {conversation} is no list")]
    NoList { conversation: String },

    #[error("the list `conversations` is there twice: the first one is left out, with {conversations} conversations")]
    RepeatedConversations { conversations: u64, messages: u64 },

    #[error("the MessageList of conversation {conversation} is there twice: the first one is left out, with {messages} messages")]
    RepeatedMessages { conversation: String, messages: u64 },

    #[error("message number {position} of conversation {conversation} is no object")]
    NoMessage { conversation: String, position: u64 },

    #[error("message number {position} of conversation {conversation} is no JSON: {} expected at byte {}", problem.expected, problem.at + 1)]
    UnreadableMessage { conversation: String, position: u64, problem: Malformed },

    #[error("message number {position} of conversation {conversation} has no id")]
    MessageWithoutId { conversation: String, position: u64 },

    #[error("message {message} of conversation {conversation} has no readable time: {}", shown(time.as_deref()))]
    UnreadableTime { conversation: String, message: String, time: Option<String> },
}

fn shown(time: Option<&str>) -> String {
    match time {
        Some(time) => format!("{time:?} is not RFC 3339"),
        None => "it is absent".to_owned(),
    }
}

impl Rejection {
    /// What all of its kind have in common, in words for the summary.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Rejection::NoConversation { .. } => "conversations that are no object",
            Rejection::ConversationWithoutId { .. } => "conversations without an id",
            Rejection::NoList { .. } => "lists of messages that are no list",
            Rejection::RepeatedConversations { .. } | Rejection::RepeatedMessages { .. } => "lists that are there twice",
            Rejection::NoMessage { .. } => "messages that are no object",
            Rejection::UnreadableMessage { .. } => "messages that are no JSON",
            Rejection::MessageWithoutId { .. } => "messages without an id",
            Rejection::UnreadableTime { .. } => "messages without a readable time",
        }
    }

    /// How many conversations and messages are left out.
    pub(crate) fn size(&self) -> (u64, u64) {
        match self {
            Rejection::NoConversation { .. } => (1, 0),
            Rejection::ConversationWithoutId { messages, .. } => (1, *messages),
            Rejection::NoList { .. } => (0, 0),
            Rejection::RepeatedConversations { conversations, messages } => (*conversations, *messages),
            Rejection::RepeatedMessages { messages, .. } => (0, *messages),
            _ => (0, 1),
        }
    }
}

/// What a phase left out.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct LeftOut {
    pub(crate) conversations: u64,
    pub(crate) messages: u64,
    pub(crate) by_reason: BTreeMap<String, u64>,
}

impl LeftOut {
    /// True for one of the first of its kind.
    pub(crate) fn add(&mut self, rejection: &Rejection) -> bool {
        let (conversations, messages) = rejection.size();
        self.conversations += conversations;
        self.messages += messages;
        let reason = rejection.reason();
        match self.by_reason.get_mut(reason) {
            Some(count) => *count += 1,
            None => drop(self.by_reason.insert(reason.to_owned(), 1)),
        }
        self.by_reason[reason] <= EXAMPLES
    }

    pub(crate) fn and(mut self, other: &LeftOut) -> Self {
        self.conversations += other.conversations;
        self.messages += other.messages;
        for (reason, count) in &other.by_reason {
            *self.by_reason.entry(reason.clone()).or_default() += count;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_counted_by_their_reason_and_the_first_are_examples() {
        let mut left_out = LeftOut::default();
        let without_id = |position| Rejection::MessageWithoutId { conversation: "c".to_owned(), position };
        let examples: Vec<_> = (1..=5).map(|position| left_out.add(&without_id(position))).collect();
        assert_eq!(examples, [true, true, true, false, false]);
        assert!(left_out.add(&Rejection::ConversationWithoutId { position: 1, messages: 7 }));

        assert_eq!((left_out.conversations, left_out.messages), (1, 12));
        let reasons: Vec<_> = left_out.clone().and(&left_out).by_reason.into_iter().collect();
        let expected = [("conversations without an id".to_owned(), 2), ("messages without an id".to_owned(), 10)];
        assert_eq!(reasons, expected);
    }
}
