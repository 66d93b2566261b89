//! What is kept between the phases, and where.
//!
//! It is not a copy of the export but what was found out about it: which conversations there are, where in the export each
//! message is, and who wrote them.

mod spans;

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::ImportError;
use crate::json_lines::{JsonLinesReader, JsonLinesWriter};

pub(crate) use spans::{SpansReader, SpansWriter};

pub(crate) type ConversationsWriter = JsonLinesWriter<StagedConversation>;

/// A conversation as extracted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StagedConversation {
    /// The number of the part of the export in which its messages are.
    pub(crate) part: usize,
    pub(crate) id: String,
    pub(crate) display_name: Option<String>,
    /// The number of its first message among those that are staged.
    pub(crate) first: u64,
    pub(crate) messages: u64,
}

/// A person as transformed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StagedPerson {
    pub(crate) id: String,
    pub(crate) display_name: Option<String>,
}

/// The directory in which the phases hand their work on.
#[derive(Debug, Clone)]
pub(crate) struct Staging {
    directory: PathBuf,
    /// Whether another process may go on with it.
    is_kept: bool,
}

impl Staging {
    /// Uses `directory`, which is created when something is staged.
    pub(crate) fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), is_kept: true }
    }

    /// The same for this process alone, so that nothing need be on the disk before the next thing is done.
    pub(crate) fn of_this_process(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), is_kept: false }
    }

    pub(crate) fn create_conversations(&self) -> Result<ConversationsWriter, ImportError> {
        self.create(self.conversations())
    }

    pub(crate) fn create_spans(&self) -> Result<SpansWriter, ImportError> {
        self.create_directory()?;
        SpansWriter::create(self.spans(), self.is_kept)
    }

    pub(crate) fn create_people(&self) -> Result<JsonLinesWriter<StagedPerson>, ImportError> {
        self.create(self.people())
    }

    fn create<T: Serialize>(&self, file: PathBuf) -> Result<JsonLinesWriter<T>, ImportError> {
        self.create_directory()?;
        JsonLinesWriter::create(file, self.is_kept)
    }

    fn create_directory(&self) -> Result<(), ImportError> {
        fs::create_dir_all(&self.directory).map_err(|problem| ImportError::Staging {
            action: "create the directory",
            file: self.directory.clone(),
            problem,
        })
    }

    /// Reads the conversations from the byte `offset` on, which must begin a line.
    pub(crate) fn read_conversations(&self, offset: u64) -> Result<JsonLinesReader<StagedConversation>, ImportError> {
        JsonLinesReader::open(self.conversations(), offset)
    }

    pub(crate) fn read_spans(&self) -> Result<SpansReader, ImportError> {
        SpansReader::open(self.spans())
    }

    /// Reads the people from the byte `offset` on, which must begin a line.
    pub(crate) fn read_people(&self, offset: u64) -> Result<JsonLinesReader<StagedPerson>, ImportError> {
        JsonLinesReader::open(self.people(), offset)
    }

    /// Whether an extraction was staged here.
    pub(crate) fn has_extracted(&self) -> bool {
        self.conversations().exists() && self.spans().exists()
    }

    /// Whether a transformation was staged here.
    pub(crate) fn has_people(&self) -> bool {
        self.people().exists()
    }

    fn conversations(&self) -> PathBuf {
        self.directory.join("conversations.jsonl")
    }

    fn spans(&self) -> PathBuf {
        self.directory.join("messages.spans")
    }

    fn people(&self) -> PathBuf {
        self.directory.join("people.jsonl")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_created_with_those_above_it() {
        let directory = tempfile::tempdir().unwrap();
        let staging = Staging::new(directory.path().join("deep/down"));
        staging.create_people().unwrap().finish().unwrap();
        assert_eq!(staging.read_people(0).unwrap().read().unwrap(), None);
    }

    #[test]
    fn a_directory_that_cannot_be_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Staging::new(file.path()).create_people().err().unwrap().to_string();
        assert!(error.contains(&file.path().display().to_string()), "{error}");
    }
}
