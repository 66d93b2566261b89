//! A month of days that are done one after the other: a plan first, a kill in the middle, and the rest afterwards.
//!
//! ```sh
//! cargo run --example backfill -- runs                 # the folder in which the runs are kept
//! cargo run --example backfill -- runs --stop-at 17    # ends in the middle of the 17th, as if it were killed
//! ```
//!
//! Each day is a run of its own. What was done is not done again, whichever way an earlier process ended.

use std::error::Error;
use std::{env, process};

use etl_context::{JobRun, Runs, counters, pipeline};

counters! {
    /// What both phases count.
    pub struct Rides {
        /// The rides of a day.
        pub rides: u64,
    }
}

pipeline! {
    /// What is done for each day.
    pub Daily {
        Fetch = "fetch" counts Rides after Idle;
        Store = "store" counts Rides after Fetch;
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let temporary = tempfile::tempdir()?;
    let runs = match arguments.first() {
        Some(folder) => Runs::in_folder(folder),
        None => Runs::in_folder(temporary.path()),
    };
    let stop_at = arguments.iter().skip_while(|argument| *argument != "--stop-at").nth(1).map(|day| day.parse()).transpose()?;

    let missing = runs.missing("daily", (1..=31).map(|day| format!("2026-10-{day:02}")))?;
    println!("{} days to do", missing.len());
    // What was begun needs somebody's eye; what was not is only a number.
    missing.iter().filter(|day| day.status().is_some()).for_each(|day| println!("  {day}"));

    for day in &missing {
        one_day(&runs, day.key(), stop_at)?;
    }
    let list = runs.list("daily")?;
    let rides: u64 = list.iter().flat_map(JobRun::totals).map(|(_, rides)| rides).sum();
    println!("{} days are done, {rides} rides in all", list.iter().len());
    Ok(())
}

fn one_day(runs: &Runs, key: &str, stop_at: Option<u64>) -> Result<(), Box<dyn Error>> {
    let day: u64 = key.rsplit('-').next().unwrap_or_default().parse()?;
    let context = runs.run("daily", key)?.begin::<Daily>()?;
    if let Some(recovery) = context.recovery() {
        println!("{key}: {recovery}");
    }
    let (fetched, ()) = context.phase(Fetch).run(|fetch| {
        fetch.update_progress(Rides { rides: day });
        Ok::<_, etl_context::Error>(())
    })?;
    let (stored, ()) = fetched.phase(Store).run(|store| {
        if stop_at == Some(day) {
            println!("{key}: ended in the middle");
            process::exit(9);
        }
        store.update_progress(Rides { rides: day });
        Ok::<_, etl_context::Error>(())
    })?;
    // The run is closed here, and the next one begins.
    drop(stored);
    Ok(())
}
