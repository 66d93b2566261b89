//! The first phase: finds out what an export has, and where.
//!
//! It leaves no copy of the messages, but the place of each: the later phases read them where they are.

mod rejection;
mod walk;

use serde::{Deserialize, Serialize};

use crate::error::{ImportError, Stop};
use crate::export::{Export, Part};
use crate::json;
use crate::staging::{ConversationsWriter, SpansWriter, StagedConversation, Staging};

use self::walk::{Fault, Walk};

pub(crate) use rejection::{LeftOut, Rejection};
pub(crate) use walk::Span;

/// One step of the extraction, told to its caller.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// A conversation, told after its messages, is ready for the next phase.
    Conversation,
    /// A message, whatever is in it.
    Message,
    /// So many bytes of the export lie behind, beside those that were told before; together they are all of it.
    Bytes(u64),
    LeftOut(Rejection),
}

/// What was found.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Extracted {
    /// The export.
    pub(crate) file: String,
    pub(crate) conversations: u64,
    /// All that may be messages; whether they are, the next phase finds out.
    pub(crate) messages: u64,
    pub(crate) left_out: LeftOut,
}

/// Finds the conversations and the messages of `export`.
///
/// What is no conversation or no message is left out, and so is a conversation without an id, with its messages: nothing else
/// would tell it apart in the database. `watch` hears of each, and the rest goes on.
pub(crate) fn extract(
    export: &Export,
    staging: &Staging,
    watch: &mut impl FnMut(Found) -> Result<(), Stop>,
) -> Result<Extracted, ImportError> {
    let extracted = Extracted { file: export.name.display().to_string(), ..Extracted::default() };
    let (conversations, spans) = (staging.create_conversations()?, staging.create_spans()?);
    let mut extraction = Extraction { conversations, spans, found: 0, part: 0, told: 0, extracted, watch };
    for (number, part) in export.parts.iter().enumerate() {
        extraction.part = number;
        extraction.read(part)?;
    }
    extraction.finish()
}

struct Extraction<'a, W> {
    conversations: ConversationsWriter,
    spans: SpansWriter,
    /// How many conversations there were so far, whatever became of them.
    found: u64,
    /// The number of the part that is read.
    part: usize,
    /// The place in that part up to which its bytes were told.
    told: u64,
    extracted: Extracted,
    watch: &'a mut W,
}

/// How much there was at some place.
struct Mark {
    offset: u64,
    spans: u64,
    conversations: u64,
    messages: u64,
}

/// What is known of a conversation so far.
#[derive(Default)]
struct Conversation {
    position: u64,
    id: Option<String>,
    display_name: Option<String>,
    topic: Option<String>,
    /// The number of its first message among all that are staged.
    first: u64,
    has_list: bool,
}

impl Conversation {
    /// A name for people, even while the id is unknown.
    fn name(&self) -> String {
        self.id.clone().unwrap_or_else(|| format!("number {}", self.position))
    }
}

impl<W: FnMut(Found) -> Result<(), Stop>> Extraction<'_, W> {
    fn read(&mut self, part: &Part) -> Result<(), ImportError> {
        let mut walk = Walk::over(part)?;
        self.told = 0;
        self.export(&mut walk).map_err(|fault| fault.told(part))
    }

    fn export(&mut self, walk: &mut Walk) -> Result<(), Fault> {
        if walk.peek()? != b'{' {
            walk.skip()?;
            return Err(walk.malformed("expected an object with the list `conversations`"));
        }
        let before = self.mark()?;
        let mut has_conversations = false;
        walk.object(|walk, key| match key {
            "conversations" => {
                if std::mem::replace(&mut has_conversations, true) {
                    self.go_back_to(&before)?;
                }
                self.conversations(walk)
            }
            _ => walk.skip(),
        })?;
        if !has_conversations {
            return Err(walk.malformed("missing field `conversations`"));
        }
        walk.end()?;
        Ok(self.tell_bytes(walk)?)
    }

    fn mark(&mut self) -> Result<Mark, ImportError> {
        let Extracted { conversations, messages, .. } = self.extracted;
        Ok(Mark { offset: self.conversations.offset()?, spans: self.spans.count(), conversations, messages })
    }

    /// Of a list that is there twice the last one counts, as to any JSON parser.
    fn go_back_to(&mut self, mark: &Mark) -> Result<(), ImportError> {
        let messages = self.spans.count() - mark.spans;
        self.conversations.cut_to(mark.offset)?;
        self.spans.cut_to(mark.spans)?;
        let conversations = self.extracted.conversations - mark.conversations;
        (self.extracted.conversations, self.extracted.messages) = (mark.conversations, mark.messages);
        self.leave_out(Rejection::RepeatedConversations { conversations, messages })
    }

    fn conversations(&mut self, walk: &mut Walk) -> Result<(), Fault> {
        match walk.peek()? {
            b'[' => walk.list(|walk| self.conversation(walk)),
            b'n' => walk.skip(),
            _ => Err(walk.malformed("expected the list `conversations`")),
        }
    }

    fn conversation(&mut self, walk: &mut Walk) -> Result<(), Fault> {
        self.found += 1;
        let position = self.found;
        if walk.peek()? != b'{' {
            walk.skip()?;
            return Ok(self.leave_out(Rejection::NoConversation { position })?);
        }
        let mut conversation = Conversation { position, first: self.spans.count(), ..Conversation::default() };
        walk.object(|walk, key| self.member(walk, key, &mut conversation))?;
        Ok(self.end_of(conversation)?)
    }

    fn member(&mut self, walk: &mut Walk, key: &str, conversation: &mut Conversation) -> Result<(), Fault> {
        let mut told = |told: &mut Option<String>| walk.value(|value| *told = not_blank(value)).map(drop);
        match key {
            "id" => told(&mut conversation.id),
            "displayName" => told(&mut conversation.display_name),
            "threadProperties" => walk.value(|value| conversation.topic = topic(value)).map(drop),
            "MessageList" => self.messages(walk, conversation),
            _ => walk.skip(),
        }
    }

    fn messages(&mut self, walk: &mut Walk, conversation: &mut Conversation) -> Result<(), Fault> {
        if conversation.has_list {
            let messages = self.spans.count() - conversation.first;
            self.spans.cut_to(conversation.first)?;
            self.leave_out(Rejection::RepeatedMessages { conversation: conversation.name(), messages })?;
        }
        conversation.has_list = true;
        match walk.peek()? {
            b'[' => walk.list(|walk| self.message(walk)),
            b'n' => walk.skip(),
            _ => {
                walk.skip()?;
                Ok(self.leave_out(Rejection::NoList { conversation: conversation.name() })?)
            }
        }
    }

    fn message(&mut self, walk: &mut Walk) -> Result<(), Fault> {
        let (span, ()) = walk.value(|_| ())?;
        self.spans.write(span)?;
        self.tell(Found::Message)?;
        Ok(self.tell_bytes(walk)?)
    }

    fn end_of(&mut self, conversation: Conversation) -> Result<(), ImportError> {
        let Conversation { position, id, display_name, topic, first, .. } = conversation;
        let messages = self.spans.count() - first;
        let Some(id) = id else {
            return self.leave_out(Rejection::ConversationWithoutId { position, messages });
        };
        let display_name = display_name.or(topic);
        self.conversations.write(&StagedConversation { part: self.part, id, display_name, first, messages })?;
        self.extracted.conversations += 1;
        self.extracted.messages += messages;
        self.tell(Found::Conversation)
    }

    fn leave_out(&mut self, rejection: Rejection) -> Result<(), ImportError> {
        self.extracted.left_out.add(&rejection);
        self.tell(Found::LeftOut(rejection))
    }

    fn tell_bytes(&mut self, walk: &Walk) -> Result<(), ImportError> {
        let before = std::mem::replace(&mut self.told, walk.offset());
        self.tell(Found::Bytes(self.told - before))
    }

    fn tell(&mut self, found: Found) -> Result<(), ImportError> {
        (self.watch)(found).map_err(ImportError::Stopped)
    }

    fn finish(self) -> Result<Extracted, ImportError> {
        self.spans.finish()?;
        self.conversations.finish()?;
        Ok(self.extracted)
    }
}

fn not_blank(value: &[u8]) -> Option<String> {
    json::text(value).filter(|text| !text.trim().is_empty()).map(std::borrow::Cow::into_owned)
}

/// A group tells there what it is about.
fn topic(thread_properties: &[u8]) -> Option<String> {
    let mut topic = None;
    // What is no object has no topic.
    let _ = json::members(thread_properties, |key, value| {
        if json::text(key).as_deref() == Some("topic") {
            topic = not_blank(value);
        }
    });
    topic
}

#[cfg(test)]
mod tests;
