//! Two slow sources at once: what needs both waits for both, and a night that is cut off is not fetched again.
//!
//! Users come from one server and orders from another one, each page by page. In the first night they are fetched on two threads, and
//! the process dies when the users are in and the orders are not. The second night does not ask for the users again, and goes on with
//! the orders where they were. The third night is quiet, and so is the fourth, which has an async client and fetches both in one task:
//! each takes about as long as its slower source.
//!
//! ```text
//! cargo run --example side_by_side
//! cargo run --example side_by_side --features progress    # with a bar for each source
//! ```

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{self, Command};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use etl_context::{
    Counts, Event, FileJournal, Observation, Observer, Phase, PhaseResult, PhaseStatus, Run, RunBuilder, RunRecord, RunningPhase,
    pipeline,
};
use serde::{Deserialize, Serialize};

pipeline! {
    Nightly {
        Users = "users" after Idle;
        Orders = "orders" after Idle;
        Merge = "merge" after (Users, Orders);
    }
}

/// How many pages each server has.
const USERS: u64 = 3;
const ORDERS: u64 = 6;
const TIME_FOR_A_PAGE: Duration = Duration::from_millis(40);

/// The server of the orders hangs behind this page, in the night in which the process dies.
const LAST_PAGE: u64 = 4;

/// What a source gave, which is on record and so need not be fetched again.
#[derive(Serialize, Deserialize)]
struct Fetched {
    first_page: u64,
    rows: u64,
}

impl PhaseResult for Fetched {}

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    // A process of its own for the night in which it dies.
    if let Some(journal) = env::args_os().nth(1) {
        return on_threads(run(&PathBuf::from(journal))?.observe(PowerCut), LAST_PAGE);
    }
    let folder = env::temp_dir().join(format!("side-by-side-{}", process::id()));
    fs::create_dir_all(&folder)?;
    let journal = folder.join("nightly.jsonl");

    println!("first night");
    let outcome = Command::new(env::current_exe()?).arg(&journal).status()?;
    println!("  the process has {}", if outcome.success() { "ended" } else { "died" });

    println!("second night");
    on_threads(run(&journal)?, ORDERS)?;

    println!("third night");
    on_threads(run(&folder.join("third.jsonl"))?, ORDERS)?;

    println!("fourth night");
    in_one_task(run(&folder.join("fourth.jsonl"))?).await?;
    Ok(fs::remove_dir_all(folder)?)
}

fn run(journal: &Path) -> Result<RunBuilder, Failure> {
    let run = Run::builder("nightly").journal(FileJournal::open(journal)?);
    #[cfg(feature = "progress")]
    let run = run.observe(etl_context::ProgressBars::stderr());
    Ok(run)
}

/// Each closure has a thread, and `run` returns when both are done: with what each returned, or with what became of each.
fn on_threads(run: RunBuilder, pages: u64) -> Result<(), Failure> {
    let (context, began) = (run.begin::<Nightly>()?, Instant::now());
    let (fetched, (users, orders)) = context.phases((Users, Orders)).run((
        |phase| fetch_all(phase, USERS),
        |phase| {
            let orders = fetch_all(phase, pages)?;
            if pages < ORDERS {
                hang();
            }
            Ok::<_, Failure>(orders)
        },
    ))?;
    tell([&users, &orders], fetched.record(), began.elapsed());
    let merged = fetched.start(Merge)?.complete(())?;
    println!("  the run is {}", merged.record().run_status());
    Ok(())
}

/// The same inside tokio: both futures are polled by the task that awaits them, so they may borrow, and need not be `Send`.
async fn in_one_task(run: RunBuilder) -> Result<(), Failure> {
    let (context, began) = (run.begin::<Nightly>()?, Instant::now());
    let (fetched, (users, orders)) = context
        .phases((Users, Orders))
        .run_async((async |phase| fetch_all_async(phase, USERS).await, async |phase| fetch_all_async(phase, ORDERS).await))
        .await?;
    tell([&users, &orders], fetched.record(), began.elapsed());
    println!("\n{}", fetched.start(Merge)?.complete(())?.summary());
    Ok(())
}

/// Fetches the pages that are not on record yet.
fn fetch_all<Ph: Phase<Counters = Counts>>(phase: &mut RunningPhase<'_, Ph>, pages: u64) -> Result<Fetched, Failure> {
    phase.set_totals(Counts { conversations: 0, messages: pages * 100 });
    let first_page = phase.resume_point()?.unwrap_or(1);
    for page in first_page..=pages {
        thread::sleep(TIME_FOR_A_PAGE); // stands for a request
        phase.update_progress(Counts { conversations: 0, messages: 100 });
        phase.checkpoint(&(page + 1))?;
    }
    Ok(Fetched { first_page, rows: pages * 100 })
}

/// What a server does that does not answer.
fn hang() -> ! {
    loop {
        thread::park();
    }
}

async fn fetch_all_async<Ph: Phase<Counters = Counts>>(phase: &mut RunningPhase<'_, Ph>, pages: u64) -> Result<Fetched, Failure> {
    phase.set_totals(Counts { conversations: 0, messages: pages * 100 });
    let first_page = phase.resume_point()?.unwrap_or(1);
    for page in first_page..=pages {
        tokio::time::sleep(TIME_FOR_A_PAGE).await;
        phase.update_progress(Counts { conversations: 0, messages: 100 });
        phase.checkpoint(&(page + 1))?;
    }
    Ok(Fetched { first_page, rows: pages * 100 })
}

/// What each source gave and took, and what both took together.
fn tell(fetched: [&Fetched; 2], record: &RunRecord, both: Duration) {
    for (phase, Fetched { first_page, rows }) in ["users", "orders"].into_iter().zip(fetched) {
        let report = record.phase(phase).and_then(|phase| phase.latest_report());
        let (attempt, took) = report.map(|report| (report.attempt(), report.duration())).unwrap_or_default();
        println!("  {rows} {phase}, from page {first_page} on, by attempt {attempt}: {} ms", took.as_millis());
    }
    println!("  both, tonight: {} ms", both.as_millis());
}

/// Ends the process as a power cut would, once the users are in and the orders hang.
struct PowerCut;

impl Observer for PowerCut {
    fn observe(&mut self, _: &Event, run: &Observation<'_>) -> Result<(), Failure> {
        let record = run.record();
        let next_page = record.phase("orders").and_then(|orders| orders.checkpoint()?.as_u64());
        if record.status("users") == PhaseStatus::Completed && next_page > Some(LAST_PAGE) {
            println!("  the users are in, and the orders hang behind page {LAST_PAGE} of {ORDERS}");
            process::abort();
        }
        Ok(())
    }
}
