//! How long `list` takes, and how much memory, for a thousand runs and for ten thousand, in each place.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};
use std::{fs, thread};

use etl_context::{Counts, Etl, Extract, Load, Runs, Transform};

use crate::places::Place;
use crate::program::program;

/// As a nightly job leaves them: three phases, a checkpoint in each, counts.
fn fill(runs: &Runs, nights: std::ops::Range<u32>) {
    for night in nights {
        let context = runs.run("taxi", format!("{night:05}")).unwrap().begin::<Etl>().unwrap();
        let counts = Counts { conversations: 12, messages: 40_000 };
        let mut extract = context.start(Extract).unwrap();
        extract.update_progress(counts);
        extract.checkpoint(&night).unwrap();
        let mut transform = extract.complete(()).unwrap().start(Transform).unwrap();
        transform.update_progress(counts);
        let mut load = transform.complete(()).unwrap().start(Load).unwrap();
        load.update_progress(counts);
        load.checkpoint(&night).unwrap();
        drop(load.complete(()).unwrap());
    }
}

/// By several threads, each with runs of its own.
fn fill_by_many(place: &Place, runs: u32) {
    // Begins with the tables of a database.
    fill(&place.runs, 0..1);
    let share = runs.div_ceil(4);
    thread::scope(|scope| {
        for thread in 0..4 {
            let runs = place.runs.clone();
            scope.spawn(move || fill(&runs, (thread * share).max(1)..((thread + 1) * share)));
        }
    });
}

/// The best of some times.
fn time(place: &Place) -> Duration {
    let list = || {
        let begun = Instant::now();
        let status = program(place.folder.path()).args(["list", &place.argument, "taxi"]).stdout(Stdio::null()).status().unwrap();
        assert!(status.success());
        begun.elapsed()
    };
    (0..7).map(|_| list()).min().unwrap()
}

/// The most memory that the process had until it began to print, in kilobytes.
fn memory(place: &Place, runs: usize) -> u64 {
    let mut child = program(place.folder.path()).args(["list", &place.argument, "taxi"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    stdout.read_line(&mut printed).unwrap();
    // The rest does not fit into the pipe, so the process waits.
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    stdout.read_to_string(&mut printed).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(printed.lines().count(), runs + 1);
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Every run is listed, and what that took is printed; it is for people to judge.
fn lists_all_of_many_runs(name: &str, place: impl Fn() -> Option<Place>) {
    let mut times = Vec::new();
    for runs in [1_000, 10_000] {
        let Some(place) = place() else { return };
        fill_by_many(&place, runs);
        let (time, memory) = (time(&place), memory(&place, runs as usize));
        println!("list of {runs} runs in {name}: {} ms, at most {} MiB", time.as_millis(), memory.div_ceil(1_024));
        times.push(time);
    }
    let growth = times[1].as_secs_f64() / times[0].as_secs_f64();
    println!("ten times as many runs in {name} take {growth:.1} times as long");
}

#[test]
#[ignore = "takes a minute, and times say something only with --release"]
fn scheduled_list_of_many_runs_in_a_folder() {
    lists_all_of_many_runs("a folder", || Some(Place::folder()));
}

#[test]
#[ignore = "takes a minute, and times say something only with --release"]
fn scheduled_list_of_many_runs_in_sqlite() {
    lists_all_of_many_runs("SQLite", || Some(Place::sqlite()));
}

#[test]
#[ignore = "takes a minute, and times say something only with --release"]
fn scheduled_list_of_many_runs_in_postgres() {
    lists_all_of_many_runs("PostgreSQL", Place::postgres);
}
