//! A nightly import, opened the way its program would: the first time, and every time after.

use std::convert::Infallible;

use etl_context::{Completed, Context, Error, Etl, EtlContext, Extract, Idle, PhaseResult, PhaseStatus, Run, RunBuilder};
use serde::{Deserialize, Serialize};

use super::journal_file::JournalFile;

pub(crate) const NAME: &str = "nightly";

pub(crate) fn builder(file: &JournalFile) -> RunBuilder {
    Run::builder(NAME).journal(file.open())
}

pub(crate) fn open(file: &JournalFile) -> Context<Idle> {
    builder(file).begin::<Etl>().unwrap()
}

pub(crate) fn open_dynamic(file: &JournalFile) -> EtlContext {
    builder(file).begin_dynamic().unwrap()
}

/// What the extraction found; large data belongs into a file, and its name into the result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Export {
    pub(crate) file: String,
    pub(crate) rows: u64,
}

impl PhaseResult for Export {}

pub(crate) fn export() -> Export {
    Export { file: "export.tar".to_owned(), rows: 42 }
}

/// A run whose first phase is completed.
pub(crate) fn extracted() -> JournalFile {
    let file = JournalFile::new();
    let outcome = open(&file).phase(Extract).run(|_| Ok::<_, Infallible>(export()));
    drop(outcome.unwrap());
    file
}

/// A run whose phases are all completed.
pub(crate) fn finished() -> JournalFile {
    let file = JournalFile::new();
    let mut ran = Vec::new();
    drop(go_through(open(&file), &mut ran).unwrap());
    assert_eq!(ran, ["extract", "transform", "load"]);
    file
}

/// Goes through all phases as the program does every night, and notes which of them it had to run.
pub(crate) fn go_through(
    context: Context<Idle>,
    ran: &mut Vec<&'static str>,
) -> Result<Context<Completed<etl_context::Load>>, Error> {
    let (extracted, _) = context.phase(Extract).run(|_| {
        ran.push("extract");
        Ok::<_, Infallible>(export())
    })?;
    go_on(extracted, ran)
}

/// The phases after the first.
pub(crate) fn go_on(
    extracted: Context<Completed<Extract>>,
    ran: &mut Vec<&'static str>,
) -> Result<Context<Completed<etl_context::Load>>, Error> {
    let (transformed, ()) = extracted.phase(etl_context::Transform).run(|_| {
        ran.push("transform");
        Ok::<_, Infallible>(())
    })?;
    let (loaded, ()) = transformed.phase(etl_context::Load).run(|_| {
        ran.push("load");
        Ok::<_, Infallible>(())
    })?;
    Ok(loaded)
}

/// The phases that run when the program is started again.
pub(crate) fn run_again(file: &JournalFile) -> Vec<&'static str> {
    let mut ran = Vec::new();
    drop(go_through(open(file), &mut ran).unwrap());
    ran
}

/// Sets a status in the journal, as an operator would between two nights.
pub(crate) fn set_status(file: &JournalFile, phase: &str, status: PhaseStatus) {
    builder(file).begin::<Etl>().unwrap().erase().set_phase_status(phase, status).unwrap();
}
