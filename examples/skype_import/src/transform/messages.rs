//! Reads the messages where they are in the export.

use crate::error::ImportError;
use crate::export::{Export, Window};
use crate::staging::{SpansReader, StagedConversation, Staging};

pub(crate) struct Messages<'a> {
    export: &'a Export,
    spans: SpansReader,
    /// The number of the part that is open.
    open: Option<(usize, Window)>,
}

impl<'a> Messages<'a> {
    pub(crate) fn of(export: &'a Export, staging: &Staging) -> Result<Self, ImportError> {
        Ok(Messages { export, spans: staging.read_spans()?, open: None })
    }

    /// The message with this number in the conversation, from 0, as it is written.
    pub(crate) fn read(&mut self, conversation: &StagedConversation, number: u64) -> Result<&[u8], ImportError> {
        let changed = || ImportError::ExportChanged { file: self.export.name.display().to_string() };
        let part = self.export.parts.get(conversation.part).ok_or_else(changed)?;
        let span = self.spans.read(conversation.first + number)?;
        let is_passed = |(open, window): &(usize, Window)| *open != conversation.part || window.offset() > span.offset;
        if self.open.as_ref().is_none_or(is_passed) {
            self.open = Some((conversation.part, part.read_from(span.offset)?));
        }
        let length = usize::try_from(span.length).map_err(|_| changed())?;
        let shown = match &mut self.open {
            Some((_, window)) => window.at(span.offset, length),
            None => Ok(None),
        };
        shown.map_err(|problem| part.unreadable(problem))?.ok_or_else(changed)
    }
}
