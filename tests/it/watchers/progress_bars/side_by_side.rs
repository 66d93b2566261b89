//! What is seen of phases that run side by side.

use std::env;
use std::io::{self, BufRead, BufReader};
use std::process::{Command, Stdio};
use std::thread;

use etl_context::{Context, Counts, Idle, ProgressBars, Run, pipeline};
use indicatif::InMemoryTerm;

use super::{terminal, without_durations};
use crate::child;

pipeline! {
    /// One branch of two phases and two of one.
    pub Nightly {
        Users = "users" after Idle;
        Clean = "clean" after Users;
        Orders = "orders" after Idle;
        Prices = "prices" after Idle;
        Merge = "merge" after (Clean, Orders, Prices);
    }
}

const EXPECTED: Counts = Counts { conversations: 0, messages: 20_000 };
const HALF: Counts = Counts { conversations: 0, messages: 10_000 };

fn fork(bars: ProgressBars) -> [Context<Idle, Nightly>; 3] {
    Run::builder("nightly").observe(bars).begin::<Nightly>().unwrap().fork()
}

/// The frame in which each line has its text; bars are drawn anew all the time.
fn frame_of(terminal: &InMemoryTerm, texts: &[&str]) -> Vec<String> {
    loop {
        let frame: Vec<_> = terminal.contents().lines().map(str::to_owned).collect();
        if frame.len() == texts.len() && frame.iter().zip(texts).all(|(line, text)| line.contains(text)) {
            return frame;
        }
        thread::yield_now();
    }
}

#[test]
fn each_phase_that_runs_has_a_bar_of_its_own() {
    for columns in [80, 120] {
        let (terminal, bars) = terminal(columns);
        let [users, orders, prices] = fork(bars);
        let mut prices = prices.start_with(Prices, EXPECTED).unwrap();
        prices.update_progress(HALF);
        let mut users = users.start(Users).unwrap();
        users.update_progress(Counts { conversations: 7, messages: 0 });
        let orders = orders.start_with(Orders, EXPECTED).unwrap();
        let frame = frame_of(&terminal, &["users            7 conversations", "orders           ", " 50 % · 10,000"]);
        assert!(frame[1].contains(" 0 %") && frame[2].contains("prices           "), "{frame:#?}");
        assert!(frame.iter().all(|line| line.chars().count() <= usize::from(columns)), "{frame:#?}");
        drop((users, orders, prices));
    }
}

#[test]
fn lines_stand_in_the_order_of_the_pipeline_whichever_phase_starts_first() {
    let (terminal, bars) = terminal(80);
    let [users, orders, prices] = fork(bars);
    let prices = prices.start(Prices).unwrap().complete(()).unwrap();
    let orders = orders.start(Orders).unwrap();
    let users = users.start(Users).unwrap().complete(()).unwrap();
    let clean = users.start(Clean).unwrap();
    frame_of(&terminal, &["✓ users", "clean            0:0", "orders           0:0", "✓ prices"]);
    let joined = clean.complete(()).unwrap().join(orders.complete(()).unwrap()).unwrap().join(prices).unwrap();
    let merge = joined.start(Merge).unwrap();
    frame_of(&terminal, &["✓ users", "✓ clean", "✓ orders", "✓ prices", "merge            0:0"]);
    drop(merge.complete(()).unwrap());
}

#[test]
fn a_branch_that_ends_keeps_its_line_while_others_run() {
    let (terminal, bars) = terminal(80);
    let [users, orders, prices] = fork(bars);
    let (users, orders, prices) = (users.start(Users).unwrap(), orders.start(Orders).unwrap(), prices.start(Prices).unwrap());
    let prices = prices.fail("no connection").unwrap();
    drop(users);
    let frame = frame_of(&terminal, &["✗ users", "orders           0:0", "✗ prices"]);
    let ended = [frame[0].clone(), frame[2].clone()];
    assert_eq!(without_durations(&ended), ["✗ users            failed (abandoned)", "✗ prices           failed (error)"]);
    let again = prices.retry().unwrap();
    frame_of(&terminal, &["✗ users", "orders           0:0", "prices, attempt 2 0:0"]);
    drop((orders, again));
}

#[test]
#[ignore = "a child's part"]
fn logs_two_phases_until_nobody_reads() {
    if child::given().is_some() {
        let [users, orders, _] = fork(ProgressBars::lines());
        let (users, orders) = (users.start(Users).unwrap(), orders.start(Orders).unwrap());
        child::listen();
        drop((users, orders));
    }
}

/// This one waits for the ten seconds after which there is a line of each.
#[test]
fn where_there_is_no_terminal_each_phase_that_runs_has_a_line_now_and_then() {
    let (reader, writer) = io::pipe().unwrap();
    let (_, module) = module_path!().split_once("::").unwrap();
    let part = format!("{module}::logs_two_phases_until_nobody_reads");
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([&part, "--exact", "--ignored", "--nocapture"]).env("ETL_CONTEXT_TEST_CHILD_IS_GIVEN", "");
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(writer);
    let mut process = command.spawn().unwrap();
    // Its copy of the writer would keep the pipe open.
    drop(command);
    let lines = BufReader::new(reader).lines().map(Result::unwrap);
    let told: Vec<_> = lines.filter(|line| line.starts_with('…')).take(2).collect();
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(["users", "orders"].iter().all(|phase| told.iter().any(|line| line.contains(phase))), "{told:#?}");
}
