//! What is told of phases that ran side by side: in a line, as JSON, as Markdown and on the page.

use std::collections::BTreeSet;
use std::time::Duration;

use etl_context::{Error, RunSummary, pipeline};
use roxmltree::Node;
use serde_json::{Value, json};

use crate::report_samples::{clean, joined, side_by_side, troubled};
use crate::reports::{classes, extent, parse, text, with_class};
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

/// `users` ran for 100 s, `orders` for 50 and 125, `prices` for 240 and `clean` for 140, of 240.
const AT_ONCE: &str =
    "Up to 3 phases ran at once: 10 min 55 s of work in 4 min 00 s, so the shares are more than 100 % together.";

#[test]
fn a_share_is_of_the_time_in_which_anything_ran_and_the_report_says_that_phases_ran_at_once() {
    let summary = side_by_side().summary();
    let (page, markdown) = (summary.to_html(), summary.to_markdown());
    let document = parse(&page);
    let shares = document.descendants().filter(|node| node.attribute("data-label") == Some("share")).map(text);
    assert_eq!(shares.map(|share| share.trim().to_owned()).collect::<Vec<_>>(), ["42 %", "73 %", "100 %", "58 %"]);
    assert!(page.contains(&format!("<p class=\"note\">{AT_ONCE}</p>")), "{page}");
    assert!(markdown.contains(&format!("\n\n{AT_ONCE}\n")), "{markdown}");
    for share in ["| users | completed | 1 | 1 min 40 s | 42 % |", "| prices | running | 1 | 4 min 00 s | 100 % |"] {
        assert!(markdown.contains(share), "{markdown}");
    }
}

#[test]
fn nothing_is_said_of_that_where_one_phase_ran_at_a_time() {
    for record in [clean(), troubled()] {
        let summary = record.summary();
        assert!(!summary.to_html().contains("at once") && !summary.to_markdown().contains("at once"));
    }
}

#[test]
fn bars_of_phases_that_ran_at_once_lie_below_one_another_each_in_a_row_of_its_own() {
    let page = side_by_side().summary().to_html();
    let document = parse(&page);
    let bars = with_class(&document, "bar").collect::<Vec<_>>();
    let row = |bar: &Node<'_, '_>| bar.ancestors().find(|node| node.has_tag_name("tr")).unwrap().range().start;
    assert_eq!(bars.iter().map(row).collect::<BTreeSet<_>>().len(), 5, "users, orders twice, prices, clean");
    let extents = bars.iter().map(|bar| extent(*bar)).collect::<Vec<_>>();
    let [users, failed, _, prices, clean] = extents[..] else { panic!("{extents:?}") };
    assert!(prices.0 < 0.01 && prices.1 > 99.9, "{prices:?} is the whole axis");
    assert!(users.0 < failed.1 && failed.0 < users.1, "{users:?} and {failed:?} overlap");
    assert!((clean.0 - users.1).abs() < 0.01, "{clean:?} follows {users:?}");
}

#[test]
fn time_in_which_any_phase_ran_is_no_gap() {
    let page = side_by_side().summary().to_html();
    let document = parse(&page);
    assert_eq!(with_class(&document, "gap").count() + with_class(&document, "idle").count(), 0);
}

#[test]
fn the_gap_is_that_of_all_phases_and_names_each_attempt_that_was_cut_off() {
    let page = joined().summary().to_html();
    let document = parse(&page);
    let told = with_class(&document, "gaps").flat_map(|list| list.children().filter(Node::is_element)).map(text);
    let gap = "A Nothing was recorded for 1 h 00 min, after the last sign of life of attempt 1 at orders and attempt 1 at prices; \
               drawn shorter than it was.";
    assert_eq!(told.collect::<Vec<_>>(), [gap]);
    let idle = with_class(&document, "idle").next().unwrap();
    let left = idle.attribute("x").unwrap().trim_end_matches('%').parse::<f64>().unwrap();
    let cut_off = with_class(&document, "bar").filter(|bar| classes(*bar).any(|class| class == "interrupted")).map(extent);
    assert!(cut_off.collect::<Vec<_>>().iter().all(|(_, right)| (right - left).abs() < 0.01));
}

#[test]
fn the_diagram_draws_a_join_as_a_node_of_its_own_and_says_that_all_are_needed() {
    let page = joined().summary().to_html();
    let document = parse(&page);
    let joins = with_class(&document, "join").map(text).collect::<Vec<_>>();
    assert_eq!(joins, ["all of clean, orders and pricesall of 3"]);
    // Three from the start, users to clean, three into the bar, one out of it, two out of merge.
    assert_eq!(with_class(&document, "arrow").count(), 10);
    let shown = text(document.root_element());
    assert!(shown.contains("merge after all of clean, orders and prices; publish after merge or a failure of merge."), "{shown}");
    assert!(shown.contains("Where a bar says “all of”, every phase whose arrow leads to it is needed."), "{shown}");
    let page = troubled().summary().to_html();
    assert!(!page.contains("class=\"join\"") && !page.contains("“all of”"), "no other pipeline has it");
}

#[test]
fn a_pipeline_that_is_too_large_to_draw_says_the_same_in_its_list() {
    let phases: Vec<_> = (0..80).map(|number| format!("phase-{number}")).collect();
    let edges = phases.iter().map(|phase| json!({ "phase": phase, "after": "Idle" }));
    let join = json!({ "phase": "merge", "after": "(phase-1, phase-2, phase-3)" });
    let pipeline = json!({ "name": "Wide", "edges": edges.chain([join]).collect::<Vec<_>>() });
    let page = WrittenRun::begin("wide", "2026-11-23T02:00:00Z", pipeline, Value::Null).record().summary().to_html();
    assert!(page.contains("<tr><th scope=\"row\">merge</th><td>all of phase-1, phase-2 and phase-3</td></tr>"));
}

#[test]
fn markdown_draws_a_join_as_a_node_and_says_what_it_means() {
    let report = joined().summary().to_markdown();
    let (_, pipeline) = report.split_once("\n## Pipeline\n\n").unwrap();
    let expected = "\
`Nightly`

```mermaid
flowchart LR
    idle((idle))
    phase0[\"users\"]
    phase1[\"clean\"]
    phase2[\"orders\"]
    phase3[\"prices\"]
    phase4[\"merge\"]
    phase5[\"publish\"]
    idle --> phase0
    phase0 --> phase1
    idle --> phase2
    idle --> phase3
    join1{{all}}
    phase1 & phase2 & phase3 --> join1 --> phase4
    phase4 --> phase5
    phase4 -. failed .-> phase5
```

What follows `all` needs every phase that leads to it.
";
    assert_eq!(pipeline, expected);
    assert!(!troubled().summary().to_markdown().contains("What follows `all`"));
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
