//! Imports a Skype export into a `SQLite` database, as a run with the three phases of the default pipeline.
//!
//! ```sh
//! cargo run --release --example skype_import -- <export> --db <sqlite file>
//! ```
//!
//! Without arguments it imports the bundled sample into a temporary database. An export of any size comes from the example
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

use std::path::Path;
use std::process::ExitCode;

use etl_context::{Context, Counts, Extract, Load, PhaseResult, RunningPhase, Transform};

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

fn main() -> ExitCode {
    match command_line::parse(std::env::args_os().skip(1)) {
        Ok(Request::Help) => print!("{}", command_line::HELP),
        Ok(Request::Import(request)) => {
            if let Err(error) = import(request) {
                eprintln!("skype_import: {error:#}");
                return ExitCode::FAILURE;
            }
        }
        Err(mistake) => {
            eprintln!("skype_import: {mistake}; see skype_import --help");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}

fn import(request: Import) -> anyhow::Result<()> {
    let mut places = Places::of(request)?;

    let context = Context::new("skype-import");
    let (extracted, export) = context.phase(Extract).run(|phase| extract(phase, &places))?;

    let totals = extracted.counts();
    let (transformed, _) = extracted.phase(Transform).with_totals(totals).run(|phase| transform(phase, &places))?;

    let totals = transformed.counts();
    let (loaded, _) = transformed.phase(Load).with_totals(totals).run(|phase| load(phase, &places))?;

    println!("{}", loaded.summary());
    print_outcome(&export, &places.database)?;
    places.keep_database();
    Ok(())
}

fn extract(phase: &mut RunningPhase<'_, Extract>, places: &Places) -> anyhow::Result<Extracted> {
    let mut left_out = 0;
    let extracted = extract::extract(&places.export, &places.staging, &mut |found| {
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
        match row {
            Row::Conversation { .. } => phase.update_progress(CONVERSATION),
            Row::Message(_) => phase.update_progress(MESSAGE),
            Row::Person { .. } => {}
        }
        Ok(())
    })?;
    Ok(transformed)
}

/// A batch that is in the database is not written again: the next attempt goes on after it.
fn load(phase: &mut RunningPhase<'_, Load>, places: &Places) -> anyhow::Result<Loaded> {
    let offset = phase.resume_point()?.unwrap_or(0);
    let loaded = load::load(&places.staging, &places.database, offset, &mut |batch| {
        let Loaded { conversations, messages, .. } = &batch.loaded;
        phase.update_progress(Counts { conversations: conversations.rows(), messages: messages.rows() });
        phase.checkpoint(&batch.offset)?;
        Ok(())
    })?;
    Ok(loaded)
}

fn print_outcome(export: &Extracted, database: &Path) -> anyhow::Result<()> {
    let Extracted { messages_left_out, conversations_left_out, .. } = export;
    if messages_left_out + conversations_left_out > 0 {
        println!("Left out: {messages_left_out} messages, {conversations_left_out} conversations");
    }
    println!("Database: {} has {}", database.display(), load::row_counts(database)?);
    Ok(())
}
