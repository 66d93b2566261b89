//! The shape of an export's JSON, as serde visits it.
//!
//! Each level passes its values on as they are read, instead of collecting them, so that no level holds more than the one
//! value it is at.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Conversation, Message, Walk, text};

/// The object that is the whole export.
pub(crate) struct Export<'a, 'b>(pub &'a mut Walk<'b>);

impl<'de> DeserializeSeed<'de> for Export<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Export<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with the list `conversations`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut has_conversations = false;
        while let Some(name) = fields.next_key::<String>()? {
            if name == "conversations" {
                has_conversations = true;
                fields.next_value_seed(Conversations(self.0))?;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        if has_conversations { Ok(()) } else { Err(A::Error::missing_field("conversations")) }
    }
}

/// The list of conversations, or null.
struct Conversations<'a, 'b>(&'a mut Walk<'b>);

impl<'de> DeserializeSeed<'de> for Conversations<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Conversations<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the list `conversations`")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut conversations: A) -> Result<(), A::Error> {
        while conversations.next_element_seed(OneConversation(self.0))?.is_some() {}
        Ok(())
    }
}

/// One conversation, or null.
struct OneConversation<'a, 'b>(&'a mut Walk<'b>);

impl<'de> DeserializeSeed<'de> for OneConversation<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for OneConversation<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a conversation, an object")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        let conversation = self.0.begin_conversation();
        self.0.end_of_conversation(conversation)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let mut conversation = self.0.begin_conversation();
        while let Some(name) = fields.next_key::<String>()? {
            match name.as_str() {
                "id" => conversation.id = fields.next_value_seed(Text)?,
                "displayName" => conversation.display_name = fields.next_value_seed(Text)?,
                "MessageList" => fields.next_value_seed(Messages { walk: self.0, conversation: &mut conversation })?,
                _ => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        self.0.end_of_conversation(conversation)
    }
}

/// The list of a conversation's messages, or null.
struct Messages<'a, 'b> {
    walk: &'a mut Walk<'b>,
    conversation: &'a mut Conversation,
}

impl<'de> DeserializeSeed<'de> for Messages<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Messages<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the list `MessageList`")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut messages: A) -> Result<(), A::Error> {
        // A null in the list is a message of which nothing is known.
        while let Some(message) = messages.next_element::<Option<Message>>()? {
            self.conversation.messages += 1;
            self.walk.message(self.conversation, message.unwrap_or_default())?;
        }
        Ok(())
    }
}

/// A text of a conversation, read as the texts of a message are.
struct Text;

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        text(deserializer)
    }
}
