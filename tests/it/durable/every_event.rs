//! A journal with every kind of event, and the run that it holds.

use std::path::Path;

use etl_context::{Counts, Error, Etl, EtlContext, FileJournal, JournalError, Run, dict};

use super::journal_file::JournalFile;

/// The run that is in the journal, opened or opened again.
pub(crate) fn open(file: &JournalFile) -> Result<EtlContext, Error> {
    open_at(file.path())
}

/// The same, by its path.
pub(crate) fn open_at(path: &Path) -> Result<EtlContext, Error> {
    let builder = Run::builder("import").metadata("operator", "night shift").parameters(&dict! { "day": "2026-03-01" });
    builder.journal(FileJournal::open(path)?).begin::<Etl>().map(etl_context::Context::erase)
}

/// A run that has made every move and whose process is gone.
pub(crate) fn journal() -> JournalFile {
    let file = JournalFile::new();
    let mut run = open(&file).unwrap();
    run.start_phase("extract", Counts { conversations: 2, messages: 0 }).unwrap();
    run.update_progress(Counts { conversations: 1, messages: 7 }).unwrap();
    run.checkpoint(&dict! { "offset": 512 }).unwrap();
    run.record_error("extract", &JournalError::new("row 7").with_source("no sender")).unwrap();
    run.fail_phase(&JournalError::new("disk \"full\"\n")).unwrap();
    run.set_phase_status("load", "completed").unwrap();
    run.start_phase("extract", None).unwrap();
    run.end_phase(dict! { "file": "é.tar" }).unwrap();
    run.start_phase("transform", None).unwrap();
    run.checkpoint(&"z").unwrap();
    file.crashed()
}
