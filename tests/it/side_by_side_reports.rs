//! What is told of phases that ran side by side: in a line, as JSON, as Markdown and on the page.

use std::time::Duration;

use etl_context::{Error, RunSummary, pipeline};
use serde_json::{Value, json};

use crate::report_samples::{joined, side_by_side, troubled};
use crate::written_run::WrittenRun;

pipeline! {
    /// One way or the other into the first branch.
    Merging {
        Users = "users" after Idle;
        Guests = "guests" after Idle | Failed<Users>;
        Clean = "clean" after Users | Guests;
        Orders = "orders" after Idle;
        Merge = "merge" after (Clean, Orders);
    }
}

fn headline(summary: &RunSummary) -> String {
    summary.to_string().lines().next().unwrap().to_owned()
}

/// What stands behind the duration.
fn rest(summary: &RunSummary) -> String {
    headline(summary).split_once("; ").unwrap().1.to_owned()
}

#[test]
fn the_first_line_says_which_phases_run() {
    assert_eq!(headline(&side_by_side().summary()), "nightly-merge: running after 4 min 00 s; prices and clean run");
    let one = WrittenRun::begin("one", "2026-11-23T02:00:00Z", Value::Null, Value::Null).start("load", json!({})).record();
    assert_eq!(headline(&one.summary()), "one: running after 0 µs");
}

fn many_running(name: &str, letters: usize) -> RunSummary {
    let phases: Vec<_> = ('a'..='h').map(|letter| letter.to_string().repeat(letters)).collect();
    let edges = phases.iter().map(|phase| json!({ "phase": phase, "after": "Idle" }));
    let join = json!({ "phase": "merge", "after": format!("({})", phases.join(", ")) });
    let pipeline = json!({ "name": "Many", "edges": edges.chain([join]).collect::<Vec<_>>() });
    let mut run = WrittenRun::begin(name, "2026-11-23T02:00:00Z", pipeline, Value::Null);
    for phase in &phases {
        run.start(phase, json!({}));
    }
    run.record().summary()
}

#[test]
fn the_first_line_has_at_most_a_hundred_columns() {
    assert_eq!(rest(&many_running("many", 5)), "aaaaa, bbbbb, ccccc, ddddd and 4 more run");
    assert_eq!(rest(&many_running(&"n".repeat(60), 64)), "8 phases run");
}

#[test]
fn of_many_phases_that_come_next_four_are_named() {
    let edge = |phase: &str, after: &str| json!({ "phase": phase, "after": after });
    let next = |edges: Vec<Value>| {
        let pipeline = json!({ "name": "Many", "edges": edges });
        rest(&WrittenRun::begin("many", "2026-11-23T02:00:00Z", pipeline, Value::Null).record().summary())
    };
    let first = |names: &[&str]| names.iter().map(|name| edge(name, "Idle")).collect::<Vec<_>>();
    let joined = |names: &[&str], join: &str| [first(names), vec![edge("merge", join)]].concat();
    assert_eq!(next(joined(&["a", "b", "c"], "(a, b, c)")), "next: a, b and c");
    assert_eq!(next(joined(&["a", "b", "c", "d", "e", "f"], "(a, b, c, d, e, f)")), "next: a, b, c, d and others");
    assert_eq!(next(first(&["a", "b", "c", "d", "e"])), "next: a or b or c or d or another");
    // One of the first four is needed, and `e`.
    let ways = ["a", "b", "c", "d"].map(|way| edge("either", way));
    let edges = [first(&["a", "b", "c", "d", "e"]), ways.to_vec(), vec![edge("merge", "(either, e)")]].concat();
    assert_eq!(next(edges), "next: a or b or c or d, and others");
}

#[test]
fn what_is_all_needed_comes_next_with_and() -> Result<(), Error> {
    let run = Merging::context("merging");
    assert_eq!(rest(&run.summary()), "next: users or guests, and orders");
    let [users, orders] = run.fork();
    let users = users.start(Users)?.complete(())?;
    assert_eq!(rest(&users.summary()), "next: clean and orders");
    let orders = orders.start(Orders)?.complete(())?;
    assert_eq!(rest(&orders.summary()), "next: clean");
    let joined = users.start(Clean)?.complete(())?.join(orders)?;
    assert_eq!(rest(&joined.summary()), "next: merge");
    assert!(headline(&joined.start(Merge)?.complete(())?.summary()).starts_with("merging: completed after "));
    Ok(())
}

#[test]
fn a_failed_branch_may_be_tried_again_or_left_beside_what_the_others_need() -> Result<(), Error> {
    let [users, orders] = Merging::context("merging").fork();
    let users = users.start(Users)?.fail("no connection")?;
    assert_eq!(rest(&users.summary()), "next: users or guests, and orders");
    drop((users, orders));
    assert!(rest(&troubled().summary()).starts_with("next: "));
    Ok(())
}

#[test]
fn json_has_every_running_phase() {
    let json = serde_json::to_value(side_by_side().summary()).unwrap();
    assert_eq!(json["current_phase"], "prices");
    assert_eq!(json["current_phases"], json!(["prices", "clean"]));
    let json = serde_json::to_value(joined().summary()).unwrap();
    assert_eq!((&json["current_phase"], &json["current_phases"]), (&Value::Null, &json!([])));
}

#[test]
fn the_markdown_of_a_run_with_branches_says_which_phases_run() {
    let report = side_by_side().summary().to_markdown();
    assert!(report.contains("\n**running** after 4 min 00 s; prices and clean run\n"), "{report}");
}

#[test]
fn the_page_says_that_several_phases_were_running() {
    let page = side_by_side().summary().to_html();
    assert!(page.contains("after 4 min 00 s so far; prices and clean run</p>"));
    assert!(page.contains("2 phases were running at that moment; what they did since is not in this report."));
}

#[test]
fn a_live_run_tells_its_branches_as_its_record_does() -> Result<(), Error> {
    let [users, orders] = Merging::context("merging").fork();
    let (users, orders) = (users.start(Users)?, orders.start(Orders)?);
    let summary = users.summary();
    assert!(summary.to_string().lines().next().unwrap().ends_with("; users and orders run"), "{summary}");
    assert_eq!(serde_json::to_value(&summary).unwrap()["current_phases"], json!(["users", "orders"]));
    assert!(summary.total_duration() >= Duration::ZERO);
    drop((users, orders));
    Ok(())
}
