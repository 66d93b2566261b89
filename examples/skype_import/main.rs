//! Imports a Skype export into a `SQLite` database, as a run with the three phases of the default pipeline.
//!
//! ```sh
//! cargo run --release --example skype_import -- <export> --db <sqlite file>
//! ```
//!
//! With `--journal <file>`, an import that was killed, or stopped with Ctrl-C, goes on where it was when the same command is run
//! again. Without arguments it imports the bundled sample into a temporary database. An export of any size comes from the example
//! `generate_export`; the sample does too: `--conversations 12 --messages 400 --seed 135`.
//!
//! The modules `extract`, `transform` and `load` do the work. They know nothing of phases, and tell a closure of each step.
//! This file makes a run of them: it counts the steps, records what was left out, and ends each phase with its result.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

mod command_line;
mod error;
mod extract;
mod json_lines;
mod load;
mod places;
mod staging;
mod transform;
mod watchers;

use std::path::Path;
use std::process::ExitCode;

use etl_context::{Context, Counts, Etl, Extract, FileJournal, Idle, Load, PhaseResult, Run, RunningPhase, Stopper, Transform};
use serde::{Deserialize, Serialize};

use crate::command_line::{Import, Request};
use crate::extract::{Extracted, Found};
use crate::load::Loaded;
use crate::places::Places;
use crate::staging::Row;
use crate::transform::Transformed;

/// Recording each message of a broken export would fill the memory; the result of the phase counts them all.
const MOST_RECORDED: u64 = 1_000;

const CONVERSATION: Counts = Counts { conversations: 1, messages: 0 };
const MESSAGE: Counts = Counts { conversations: 0, messages: 1 };

// What a phase did is recorded as its result.
impl PhaseResult for Extracted {}
impl PhaseResult for Transformed {}
impl PhaseResult for Loaded {}

/// Up to where the rows are in the database, and what became of them: the next attempt goes on from here.
#[derive(Debug, Default, Serialize, Deserialize)]
struct LoadedUntil {
    offset: u64,
    loaded: Loaded,
}

fn main() -> ExitCode {
    match command_line::parse(std::env::args_os().skip(1)) {
        Ok(Request::Help) => {
            print!("{}", command_line::HELP);
            ExitCode::SUCCESS
        }
        Ok(Request::Import(request)) => run(request),
        Err(mistake) => {
            eprintln!("skype_import: {mistake}; see skype_import --help");
            ExitCode::from(2)
        }
    }
}

fn run(request: Import) -> ExitCode {
    let is_recorded = request.journal.is_some();
    let stopper = Stopper::default();
    match import(request, &stopper) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) if stopper.is_stopped() => {
            let remedy = if is_recorded { "run the same command again to go on" } else { "with --journal it could go on later" };
            eprintln!("skype_import: stopped; {remedy}");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("skype_import: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn import(request: Import, stopper: &Stopper) -> anyhow::Result<()> {
    let places = Places::of(request)?;
    let context = begin(&places, stopper)?;

    let (extracted, export) = context.phase(Extract).run(|phase| extract(phase, &places))?;

    let totals = extracted.counts();
    let (transformed, _) = extracted.phase(Transform).with_totals(totals).run(|phase| transform(phase, &places))?;

    let totals = transformed.counts();
    let (loaded, _) = transformed.phase(Load).with_totals(totals).run(|phase| load(phase, &places))?;

    println!("{}", loaded.summary());
    print_outcome(&export, &places.database)?;
    places.finish()
}

/// A new run, or the one in the journal; Ctrl-C asks it to stop.
fn begin(places: &Places, stopper: &Stopper) -> anyhow::Result<Context<Idle, Etl>> {
    let mut run = watchers::watched(Run::builder("skype-import"), places)?.parameters(places).stopper(stopper);
    if let Some(journal) = &places.journal {
        run = run.journal(FileJournal::open(journal)?);
    }
    let context = run.begin()?;
    if let Some(recovery) = context.recovery() {
        eprintln!("skype_import: {recovery}");
    }
    let stopper = stopper.clone();
    ctrlc::set_handler(move || stopper.stop())?;
    Ok(context)
}

fn extract(phase: &mut RunningPhase<'_, Extract>, places: &Places) -> anyhow::Result<Extracted> {
    let mut left_out = 0;
    let extracted = extract::extract(&places.export, &places.staging, &mut |found| {
        phase.check_cancelled()?;
        match found {
            Found::Conversation => phase.update_progress(CONVERSATION),
            Found::Message => phase.update_progress(MESSAGE),
            Found::LeftOut(rejection) => {
                left_out += 1;
                if left_out <= MOST_RECORDED {
                    phase.record_error(&rejection)?;
                }
            }
        }
        Ok(())
    })?;
    Ok(extracted)
}

fn transform(phase: &mut RunningPhase<'_, Transform>, places: &Places) -> anyhow::Result<Transformed> {
    let transformed = transform::transform(&places.staging, &mut |row| {
        phase.check_cancelled()?;
        match row {
            Row::Conversation { .. } => phase.update_progress(CONVERSATION),
            Row::Message(_) => phase.update_progress(MESSAGE),
            Row::Person { .. } => {}
        }
        Ok(())
    })?;
    Ok(transformed)
}

/// A batch that is in the database is not loaded again: the next attempt goes on after it.
fn load(phase: &mut RunningPhase<'_, Load>, places: &Places) -> anyhow::Result<Loaded> {
    let mut until: LoadedUntil = phase.resume_point()?.unwrap_or_default();
    phase.update_progress(counts(&until.loaded));
    load::load(&places.staging, &places.database, until.offset, &mut |batch| {
        phase.update_progress(counts(&batch.loaded));
        until.offset = batch.offset;
        until.loaded.add(&batch.loaded);
        phase.checkpoint(&until)?;
        Ok(phase.check_cancelled()?)
    })?;
    Ok(until.loaded)
}

fn counts(loaded: &Loaded) -> Counts {
    Counts { conversations: loaded.conversations.rows(), messages: loaded.messages.rows() }
}

fn print_outcome(export: &Extracted, database: &Path) -> anyhow::Result<()> {
    let Extracted { messages_left_out, conversations_left_out, .. } = export;
    if messages_left_out + conversations_left_out > 0 {
        println!("Left out: {messages_left_out} messages, {conversations_left_out} conversations");
    }
    println!("Database: {} has {}", database.display(), load::row_counts(database)?);
    Ok(())
}
