//! A run in a folder of its own, with the rows that it has rejected in a file beside its journal.

use std::fs;
use std::path::PathBuf;

use etl_context::{Context, Counts, Etl, Idle, Rejected, Run, RunBuilder};
use serde_json::Value;

use crate::durable::journal_file::JournalFile;

pub(crate) struct Place(pub(crate) JournalFile);

impl Place {
    pub(crate) fn new() -> Self {
        Place(JournalFile::new())
    }

    pub(crate) fn rejects(&self) -> PathBuf {
        self.0.folder().join("rejects.jsonl")
    }

    pub(crate) fn builder(&self) -> RunBuilder {
        Run::builder("import").journal(self.0.open()).rejects(self.rejects())
    }

    pub(crate) fn open(&self) -> Context<Idle, Etl> {
        self.builder().begin().unwrap()
    }

    /// The lines of the file.
    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.rejects()).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "the last line has no end: {text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The rows in the file.
    pub(crate) fn rows(&self) -> Vec<Value> {
        self.lines().into_iter().map(|line| line["row"].clone()).collect()
    }
}

pub(crate) fn messages(messages: u64) -> Counts {
    Counts { conversations: 0, messages }
}

/// Reasons with the number of their rows.
pub(crate) fn by_reason(rejected: &Rejected) -> Vec<(&str, u64)> {
    rejected.reasons().iter().map(|reason| (reason.reason(), reason.rows())).collect()
}
