//! A nightly import: taxi rides from a CSV file into an SQLite database, and somebody is told how it went.
//!
//! Rows that cannot be used are put aside, a load that fails is tried again after a pause, and a night that was killed goes on where it
//! was when the same command is given again. [The guide](../docs/nightly.md) builds the program step by step.
//!
//! ```text
//! cargo run --example nightly_import --features progress,tracing -- tonight
//! NIGHTLY_FAILURES=3 cargo run --example nightly_import --features progress,tracing -- tonight
//! ```

use std::error::Error;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::Duration;
use std::{env, io};

use etl_context::{Context, EtlContext, FileJournal, Idle, Pause, ProgressBars, Retry, Run, RunStatus, RunSummary};
use etl_context::{RunningPhase, Share, Tracing, counters, pipeline};
use rusqlite::{Connection, Statement, params};
use tracing::Level;

counters! {
    struct Rides { rows: u64, bytes: u64 }
}

pipeline! {
    Nightly {
        Fetch = "fetch" counts Rides after Idle;
        Load = "load" counts Rides after Fetch;
        finally Notify = "notify" counts ();
    }
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let folder = PathBuf::from(env::args_os().nth(1).unwrap_or_else(|| "tonight".into()));
    fs::create_dir_all(&folder)?;
    tracing_subscriber::fmt().with_max_level(Level::WARN).with_writer(ProgressBars::writer).init();

    let context = Run::builder("taxi-rides")
        .journal(FileJournal::open(folder.join("run.jsonl"))?)
        .rejects(folder.join("rejects.jsonl"))
        .max_rejected(Share::percent(5.0))
        .report(folder.join("report.html"))
        .observe(ProgressBars::stderr())
        .observe(Tracing::new())
        .begin()?;
    let stopper = context.stopper();
    ctrlc::set_handler(move || stopper.stop())?;

    let mut context = import(context, &folder).unwrap_or_else(|failed| failed);
    let summary = context.get_summary();
    context.run_phase("notify", |_notify| notify(&summary))?;
    Ok(if summary.status() == RunStatus::Completed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn import(context: Context<Idle, Nightly>, folder: &Path) -> Result<EtlContext, EtlContext> {
    let rides = folder.join("rides.csv");
    let mut failures = setting("NIGHTLY_FAILURES", 0);
    let pause = Duration::from_millis(setting("NIGHTLY_PAUSE", 1_000));
    let retry = Retry::up_to(setting("NIGHTLY_ATTEMPTS", 4)).pausing(Pause::exponential(pause, 30 * pause));

    let (fetched, ()) = context.phase(Fetch).run(|fetch| fetch_rides(fetch, &rides))?;
    let totals = fetched.counts();
    let load = fetched.phase(Load).with_totals(totals).retrying(retry);
    let (loaded, ()) = load.run(|load| load_rides(load, &rides, &folder.join("rides.db"), &mut failures))?;
    Ok(loaded.erase())
}

/// In life it would ask a server; here it makes the rides up.
fn fetch_rides(fetch: &mut RunningPhase<'_, Fetch>, path: &Path) -> io::Result<()> {
    let mut rides = BufWriter::new(File::create(path)?);
    for number in 0..setting("NIGHTLY_ROWS", 300_000) {
        let line = made_up(number);
        rides.write_all(line.as_bytes())?;
        fetch.update_progress(Rides { rows: 1, bytes: line.len() as u64 });
    }
    rides.into_inner()?.sync_all()
}

fn load_rides(
    load: &mut RunningPhase<'_, Load>,
    path: &Path,
    database: &Path,
    failures: &mut u64,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut database = Connection::open(database)?;
    database.execute("CREATE TABLE IF NOT EXISTS rides (id INTEGER PRIMARY KEY, zone TEXT, cents INTEGER)", ())?;
    let mut rides = BufReader::new(File::open(path)?);
    let mut read: u64 = load.resume_point()?.unwrap_or(0);
    rides.seek(SeekFrom::Start(read))?;
    while read < rides.get_ref().metadata()?.len() {
        let batch = database.transaction()?;
        let mut insert = batch.prepare("INSERT OR REPLACE INTO rides VALUES (?1, ?2, ?3)")?;
        for line in rides.by_ref().lines().take(1_000) {
            let line = line?;
            match Ride::parse(&line) {
                Ok(ride) => ride.store(&mut insert)?,
                Err(reason) => load.reject(&line, reason)?,
            }
            let bytes = line.len() as u64 + 1;
            load.update_progress(Rides { rows: 1, bytes });
            read += bytes;
        }
        drop(insert);
        batch.commit()?;
        load.checkpoint(&read)?;
        load.check_cancelled()?;
        fail_on_purpose(failures)?;
    }
    Ok(())
}

/// In life it would send a mail.
fn notify(summary: &RunSummary) -> io::Result<()> {
    writeln!(io::stdout(), "To the operator:\n\n{summary}")
}

struct Ride<'a> {
    id: i64,
    zone: &'a str,
    cents: i64,
}

impl<'a> Ride<'a> {
    fn parse(line: &'a str) -> Result<Self, &'static str> {
        let mut fields = line.split(',');
        let mut field = || fields.next().filter(|field| !field.is_empty());
        let id = field().and_then(|id| id.parse().ok()).ok_or("no number of the ride")?;
        let zone = field().ok_or("no zone")?;
        let cents = field().ok_or("no fare")?.parse().map_err(|_| "the fare is no number")?;
        Ok(Ride { id, zone, cents })
    }

    /// A batch that is loaded again, after a crash, replaces itself.
    fn store(&self, insert: &mut Statement<'_>) -> rusqlite::Result<()> {
        insert.execute(params![self.id, self.zone, self.cents]).map(drop)
    }
}

/// So often as it is told to.
fn fail_on_purpose(failures: &mut u64) -> Result<(), &'static str> {
    if *failures == 0 {
        return Ok(());
    }
    *failures -= 1;
    Err("the database does not answer")
}

/// A line of the file; of a hundred rides one has no fare, or one that is no number.
fn made_up(number: usize) -> String {
    let zone = ["Astoria", "Harlem", "Midtown", "SoHo"][number % 4];
    match number % 200 {
        17 => format!("{number},{zone},\n"),
        94 => format!("{number},{zone},free\n"),
        _ => format!("{number},{zone},{}\n", 350 + number * 37 % 4_000),
    }
}

fn setting<T: FromStr>(name: &str, default: T) -> T {
    env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}
