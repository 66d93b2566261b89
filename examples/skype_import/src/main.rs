//! Imports a Skype export into a `SQLite` database, or into PostgreSQL, as a run with the three phases of the default pipeline.
//!
//! ```sh
//! cargo run --release -p skype_import -- <export> --db <sqlite file>
//! cargo run --release -p skype_import --features postgres -- <export> --postgres <connection string>
//! ```
//!
//! With `--journal <file>`, an import that was killed, or stopped with Ctrl-C, goes on where it was when the same command is run
//! again. In PostgreSQL the journal is in the same database: the rows and the end of their phase are committed together, and the
//! import may go on on another machine.
//!
//! Without arguments it imports the bundled sample into a temporary database. An export of any size comes from
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
mod recorded;
mod report;
#[cfg(feature = "postgres")]
mod run_key;
mod staged_elsewhere;
mod staging;
mod transform;
mod watchers;

use std::path::Path;
use std::process::ExitCode;

use etl_context::{Context, Counts, Etl, Extract, Idle, Load, PhaseResult, Run, RunningPhase, Stopper, Transform};
use serde::{Deserialize, Serialize};

use crate::command_line::{Import, Request};
use crate::error::{belongs_to_another, told};
use crate::extract::{Extracted, Found};
use crate::load::{Loaded, sqlite};
use crate::places::{Destination, Places};
use crate::staged_elsewhere::{Lost, again_if};
use crate::staging::{Row, Staging};
use crate::transform::Transformed;

/// Recording each message of a broken export would fill the memory; the result of the phase counts them all.
const MOST_RECORDED: u64 = 1_000;

/// The exit status for a run that another process owns: there is nothing wrong, and later it may be free.
const ANOTHERS: u8 = 75;

/// For those who have seen the sample.
const YOUR_OWN: &str = "cargo run --release -p skype_import -- <messages.json or .tar> --db <file>";

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
    let is_recorded = request.journal.is_some() || request.postgres.is_some();
    let stopper = Stopper::default();
    match import(request, &stopper) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if belongs_to_another(&error) => {
            eprintln!("skype_import: {}", told(&error));
            ExitCode::from(ANOTHERS)
        }
        Err(_) if stopper.is_stopped() => {
            let remedy = if is_recorded { "run the same command again to go on" } else { "with --journal it could go on later" };
            eprintln!("skype_import: stopped; {remedy}");
            ExitCode::from(130)
        }
        Err(error) => {
            eprintln!("skype_import: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

fn import(request: Import, stopper: &Stopper) -> anyhow::Result<()> {
    let is_sample = request.export.is_none();
    let mut places = Places::of(request)?;
    let context = begin(&places, stopper)?;
    let lost = Lost::of(&context, &places);

    let (extracted, export) = again_if(lost.extracted, context.phase(Extract)).run(|phase| extract(phase, &places))?;

    let totals = extracted.counts();
    let transformation = again_if(lost.transformed, extracted.phase(Transform)).with_totals(totals);
    let (transformed, _) = transformation.run(|phase| transform(phase, &places))?;

    let totals = transformed.counts();
    let load = transformed.phase(Load).with_totals(totals);
    let (loaded, _) = match &places.destination {
        Destination::Sqlite { database, .. } => load.run(|phase| load_in_batches(phase, &places.staging, database))?,
        #[cfg(feature = "postgres")]
        Destination::Postgres { url, .. } => {
            let mut client = load::postgres::connect(url)?;
            load.run_in(&mut client, |phase, transaction| load_at_once(phase, &places.staging, transaction))?
        }
    };

    println!("{}\n", loaded.summary());
    places.finish()?;
    print_outcome(&export, &places.destination)?;
    if let Some(report) = &places.report {
        report.write(&loaded.summary())?;
        println!("Report: open {} in a browser", report.file.display());
    }
    if is_sample {
        println!("Your own export: {YOUR_OWN}");
    }
    Ok(())
}

/// A new run, or the one in the journal; Ctrl-C asks it to stop.
fn begin(places: &Places, stopper: &Stopper) -> anyhow::Result<Context<Idle, Etl>> {
    let run = watchers::watched(Run::builder("skype-import"), places)?.stopper(stopper);
    let context = recorded::recorded(run, places)?.begin()?;
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

/// Each batch is committed, then recorded. One that is recorded is not loaded again: the next attempt goes on after it.
fn load_in_batches(phase: &mut RunningPhase<'_, Load>, staging: &Staging, database: &Path) -> anyhow::Result<Loaded> {
    let mut until: LoadedUntil = phase.resume_point()?.unwrap_or_default();
    load::load(staging, &mut sqlite::Database::open(database)?, until.offset, &mut |batch| {
        phase.update_progress(counts(&batch.loaded));
        until.offset = batch.offset;
        until.loaded.add(&batch.loaded);
        phase.checkpoint(&until)?;
        Ok(phase.check_cancelled()?)
    })?;
    Ok(until.loaded)
}

/// All batches are committed with the end of the phase, or none.
#[cfg(feature = "postgres")]
fn load_at_once(
    phase: &mut RunningPhase<'_, Load>,
    staging: &Staging,
    transaction: &mut postgres::Transaction<'_>,
) -> anyhow::Result<Loaded> {
    let loaded = load::load(staging, &mut load::postgres::Tables::lock(transaction)?, 0, &mut |batch| {
        phase.update_progress(counts(&batch.loaded));
        Ok(phase.check_cancelled()?)
    })?;
    Ok(loaded)
}

fn counts(loaded: &Loaded) -> Counts {
    Counts { conversations: loaded.conversations.rows(), messages: loaded.messages.rows() }
}

fn print_outcome(export: &Extracted, destination: &Destination) -> anyhow::Result<()> {
    let Extracted { messages_left_out, conversations_left_out, .. } = export;
    if messages_left_out + conversations_left_out > 0 {
        println!("Left out: {messages_left_out} messages, {conversations_left_out} conversations");
    }
    match destination {
        Destination::Sqlite { database, .. } => {
            println!("Database: {} has {}", database.display(), sqlite::Database::open(database)?.row_counts()?);
        }
        #[cfg(feature = "postgres")]
        Destination::Postgres { url, .. } => {
            let counts = load::postgres::row_counts(&mut load::postgres::connect(url)?)?;
            println!("The schema `skype` of the {} has {counts}", etl_context::Database::from(url));
        }
    }
    Ok(())
}
