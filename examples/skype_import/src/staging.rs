//! What is kept between the phases, and where.
//!
//! Each file holds one JSON object per line, so that a phase reads and writes it row by row, whatever the size of the export.

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::ImportError;
use crate::json_lines::{JsonLinesReader, JsonLinesWriter};

/// A conversation as extracted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StagedConversation {
    /// Its place in the export, from 1. This ties the messages to it: an export may give a conversation's id only after its
    /// messages.
    pub(crate) position: u64,
    pub(crate) id: String,
    pub(crate) display_name: Option<String>,
}

/// A message as extracted, its content still in Skype's markup.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StagedMessage {
    /// The position of its conversation.
    pub(crate) conversation: u64,
    pub(crate) id: String,
    pub(crate) from: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) sent_at: String,
    pub(crate) message_type: Option<String>,
    pub(crate) content: Option<String>,
}

/// A row for the database, as transformed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Row {
    Conversation { id: String, display_name: Option<String> },
    Person { id: String, display_name: Option<String> },
    Message(MessageRow),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct MessageRow {
    pub(crate) conversation_id: String,
    pub(crate) id: String,
    pub(crate) sender: Option<String>,
    pub(crate) sent_at: String,
    #[serde(rename = "type")]
    pub(crate) message_type: Option<String>,
    pub(crate) text: Option<String>,
}

/// The directory in which the phases hand their work on.
#[derive(Debug, Clone)]
pub(crate) struct Staging {
    directory: PathBuf,
}

impl Staging {
    /// Uses `directory`, which is created when something is staged.
    pub(crate) fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    pub(crate) fn create_conversations(&self) -> Result<JsonLinesWriter<StagedConversation>, ImportError> {
        self.create(self.conversations())
    }

    pub(crate) fn create_messages(&self) -> Result<JsonLinesWriter<StagedMessage>, ImportError> {
        self.create(self.messages())
    }

    pub(crate) fn create_rows(&self) -> Result<JsonLinesWriter<Row>, ImportError> {
        self.create(self.rows())
    }

    fn create<T: Serialize>(&self, file: PathBuf) -> Result<JsonLinesWriter<T>, ImportError> {
        fs::create_dir_all(&self.directory).map_err(|problem| ImportError::Staging {
            action: "create the directory",
            file: self.directory.clone(),
            problem,
        })?;
        JsonLinesWriter::create(file)
    }

    pub(crate) fn read_conversations(&self) -> Result<JsonLinesReader<StagedConversation>, ImportError> {
        JsonLinesReader::open(self.conversations(), 0)
    }

    pub(crate) fn read_messages(&self) -> Result<JsonLinesReader<StagedMessage>, ImportError> {
        JsonLinesReader::open(self.messages(), 0)
    }

    /// Reads the rows from the byte `offset` on, which must begin a line.
    pub(crate) fn read_rows(&self, offset: u64) -> Result<JsonLinesReader<Row>, ImportError> {
        JsonLinesReader::open(self.rows(), offset)
    }

    /// Whether an extraction was staged here.
    pub(crate) fn has_extracted(&self) -> bool {
        self.conversations().exists() && self.messages().exists()
    }

    /// Whether a transformation was staged here.
    pub(crate) fn has_rows(&self) -> bool {
        self.rows().exists()
    }

    fn conversations(&self) -> PathBuf {
        self.directory.join("extracted_conversations.jsonl")
    }

    fn messages(&self) -> PathBuf {
        self.directory.join("extracted_messages.jsonl")
    }

    fn rows(&self) -> PathBuf {
        self.directory.join("transformed_rows.jsonl")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_created_with_those_above_it() {
        let directory = tempfile::tempdir().unwrap();
        let staging = Staging::new(directory.path().join("deep/down"));
        staging.create_rows().unwrap().finish().unwrap();
        assert_eq!(staging.read_rows(0).unwrap().read().unwrap(), None);
    }

    #[test]
    fn a_directory_that_cannot_be_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Staging::new(file.path()).create_rows().err().unwrap().to_string();
        assert!(error.contains(&file.path().display().to_string()), "{error}");
    }
}
