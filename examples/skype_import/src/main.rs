//! Imports a Skype export into a `SQLite` database, or into PostgreSQL, as a run with the three phases of the default pipeline.
//!
//! ```sh
//! cargo run --release -p skype_import -- <export> --db <sqlite file>
//! cargo run --release -p skype_import --features postgres -- <export> --postgres <connection string>
//! ```
//!
//! An import that was killed, or stopped with Ctrl-C, goes on where it was when the same command is run again: its run is recorded in the
//! database that it fills, and each batch is committed together with the record of it, so that none is written twice. In PostgreSQL
//! all rows are committed with the end of their phase, and the import may go on on another machine.
//!
//! Without arguments it imports the bundled sample into a temporary database. An export of any size comes from
//! `generate_export`; the sample does too: `--conversations 12 --messages 400 --seed 135`.
//!
//! The modules `extract`, `transform` and `load` do the work. They know nothing of phases, and tell a closure of each step.
//! This file makes a run of them: it counts the steps, records what was left out, and ends each phase with its result.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

mod command_line;
mod error;
mod export;
mod extract;
mod identity;
mod json;
mod json_lines;
mod load;
mod message;
mod outcome;
mod paths;
mod pipeline;
mod places;
mod recorded;
mod report;
mod staged_elsewhere;
mod staging;
mod transform;
mod watchers;

use std::path::Path;
use std::process::ExitCode;

use etl_context::{Context, Counts, Idle, Load, PhaseResult, Run, RunningPhase, Stopper, Transform};
use serde::{Deserialize, Serialize};

use crate::command_line::{Import, Request};
use crate::error::{belongs_to_another, is_wrong_command, told};
use crate::extract::{Extracted, Found, LeftOut};
use crate::load::{Loaded, sqlite};
use crate::pipeline::{Extract, Read, SkypeImport};
use crate::places::{Destination, Journal, Places};
use crate::staged_elsewhere::{Lost, again_if};
use crate::transform::{Cursor, Rows, Seen, Transformed};

/// The exit status for a run that another process owns: there is nothing wrong, and later it may be free.
const ANOTHERS: u8 = 75;

/// The exit status for a command line that cannot be meant.
const WRONG_COMMAND: u8 = 2;

const CONVERSATION: Counts = Counts { conversations: 1, messages: 0 };
const MESSAGE: Counts = Counts { conversations: 0, messages: 1 };

// What a phase did is recorded as its result.
impl PhaseResult for Extracted {}
impl PhaseResult for Transformed {}
impl PhaseResult for Loaded {}

/// Up to where the rows are in the database, and what became of them: the next attempt goes on from here.
#[derive(Debug, Default, Serialize, Deserialize)]
struct LoadedUntil {
    cursor: Cursor,
    loaded: Loaded,
}

/// Says something on standard error, if anybody listens there.
macro_rules! say {
    ($($told:tt)*) => {{
        let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("skype_import: {}\n", format_args!($($told)*)));
    }};
}
pub(crate) use say;

fn main() -> ExitCode {
    match command_line::parse(std::env::args_os().skip(1)) {
        Ok(Request::Help) => {
            outcome::help(command_line::HELP);
            ExitCode::SUCCESS
        }
        Ok(Request::Import(request)) => run(request),
        Err(mistake) => {
            say!("{mistake}; see skype_import --help");
            ExitCode::from(WRONG_COMMAND)
        }
    }
}

fn run(request: Import) -> ExitCode {
    let is_kept = request.database.is_some() || request.postgres.is_some();
    let stopper = Stopper::default();
    let Err(error) = import(request, &stopper) else { return ExitCode::SUCCESS };
    if stopper.is_stopped() && !belongs_to_another(&error) {
        let remedy = if is_kept { "run the same command again to go on" } else { "with --db it could go on later" };
        say!("stopped; {remedy}");
        return ExitCode::from(130);
    }
    say!("{}", told(&error));
    match &error {
        error if belongs_to_another(error) => ExitCode::from(ANOTHERS),
        error if is_wrong_command(error) => ExitCode::from(WRONG_COMMAND),
        _ => ExitCode::FAILURE,
    }
}

fn import(request: Import, stopper: &Stopper) -> anyhow::Result<()> {
    let is_sample = request.export.is_none();
    let mut places = Places::of(request)?;
    let context = begin(&places, stopper)?;
    places.export.remarks.iter().for_each(|remark| say!("{remark}"));
    outcome::tell_if_done(&context, &places);
    let lost = Lost::of(&context, &places);

    let totals = Read { messages: 0, bytes: places.export.length() };
    let extraction = again_if(lost.extracted, context.phase(Extract)).with_totals(totals);
    // Half of it is of no use to anybody.
    let (extracted, found) = extraction.run(|phase| extract(phase, &places)).inspect_err(|_| places.clear())?;

    let totals = Counts { conversations: 0, messages: found.messages };
    let transformation = again_if(lost.transformed, extracted.phase(Transform)).with_totals(totals);
    let (transformed, good) = transformation.run(|phase| transform(phase, &places))?;

    let totals = Counts { conversations: 0, messages: good.messages };
    let load = transformed.phase(Load).with_totals(totals);
    let (loaded, _) = match &places.destination {
        Destination::Sqlite { database, journal } => load.run(|phase| load_in_batches(phase, &places, database, journal))?,
        #[cfg(feature = "postgres")]
        Destination::Postgres { url, .. } => {
            let mut client = load::postgres::connect(url)?;
            load.run_in(&mut client, |phase, transaction| load_at_once(phase, &places, transaction))?
        }
    };

    places.finish()?;
    let summary = loaded.summary();
    // With the run the bars end, which would be drawn over what is printed.
    drop(loaded);
    outcome::tell(&summary, &found.left_out.and(&good.left_out), good.messages, &places)?;
    if let Some(report) = &places.report {
        report.write(&summary)?;
    }
    outcome::tell_where(&places, is_sample);
    Ok(())
}

/// A new run, or the one in the journal; Ctrl-C asks it to stop.
fn begin(places: &Places, stopper: &Stopper) -> anyhow::Result<Context<Idle, SkypeImport>> {
    let run = watchers::watched(Run::builder("skype-import"), places)?.stopper(stopper);
    let context = recorded::recorded(run, places)?.begin()?;
    if let Some(recovery) = context.recovery() {
        say!("{recovery}");
    }
    let stopper = stopper.clone();
    ctrlc::set_handler(move || stopper.stop())?;
    Ok(context)
}

/// Of each kind that is left out some are recorded; the result of the phase counts them all.
fn extract(phase: &mut RunningPhase<'_, Extract>, places: &Places) -> anyhow::Result<Extracted> {
    let mut left_out = LeftOut::default();
    let extracted = extract::extract(&places.export, &places.staging, &mut |found| {
        phase.check_cancelled()?;
        match found {
            Found::Message => phase.update_progress(Read { messages: 1, bytes: 0 }),
            Found::Bytes(bytes) => phase.update_progress(Read { messages: 0, bytes }),
            Found::LeftOut(rejection) if left_out.add(&rejection) => phase.record_error(&rejection)?,
            Found::Conversation | Found::LeftOut(_) => {}
        }
        Ok(())
    })?;
    Ok(extracted)
}

fn transform(phase: &mut RunningPhase<'_, Transform>, places: &Places) -> anyhow::Result<Transformed> {
    let mut left_out = LeftOut::default();
    let transformed = transform::transform(&places.export, &places.staging, &mut |seen| {
        phase.check_cancelled()?;
        match seen {
            Seen::Conversation => phase.update_progress(CONVERSATION),
            Seen::Message => phase.update_progress(MESSAGE),
            Seen::LeftOut(rejection) if left_out.add(&rejection) => phase.record_error(&rejection)?,
            Seen::LeftOut(_) => {}
        }
        Ok(())
    })?;
    Ok(transformed)
}

/// A batch that is recorded is not loaded again: the next attempt goes on after it. In the same database, both are one commit.
fn load_in_batches(
    phase: &mut RunningPhase<'_, Load>,
    places: &Places,
    database: &Path,
    journal: &Journal,
) -> anyhow::Result<Loaded> {
    let mut until: LoadedUntil = phase.resume_point()?.unwrap_or_default();
    let rows = Rows::from(&places.export, &places.staging, until.cursor)?;
    let database = sqlite::Database::open_to_load(database)?;
    load::load(rows, &mut database.tables(), &mut |batch, written| {
        phase.update_progress(counts(&batch.loaded));
        until.cursor = batch.cursor;
        until.loaded.add(&batch.loaded);
        match journal {
            Journal::InDatabase(_) => phase.checkpoint_in(written, &until)?,
            Journal::InFile { .. } => {
                written.commit()?;
                phase.checkpoint(&until)?;
            }
        }
        Ok(phase.check_cancelled()?)
    })?;
    Ok(until.loaded)
}

/// All batches are committed with the end of the phase, or none.
#[cfg(feature = "postgres")]
fn load_at_once(
    phase: &mut RunningPhase<'_, Load>,
    places: &Places,
    transaction: &mut postgres::Transaction<'_>,
) -> anyhow::Result<Loaded> {
    let rows = Rows::from(&places.export, &places.staging, Cursor::default())?;
    let loaded = load::load(rows, &mut load::postgres::Tables::lock(transaction)?, &mut |batch, ()| {
        phase.update_progress(counts(&batch.loaded));
        Ok(phase.check_cancelled()?)
    })?;
    Ok(loaded)
}

fn counts(loaded: &Loaded) -> Counts {
    Counts { conversations: loaded.conversations.rows(), messages: loaded.messages.rows() }
}
