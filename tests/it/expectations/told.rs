//! What is not as expected is told wherever the run is: in its report, its summary, its pages, and the page of its job.

use etl_context::{Counts, Etl, Expect, Extract, PhaseFailure, Run, RunSummary, Runs, Share};
use tempfile::TempDir;

use super::{extracted, loaded, run};

const BREACH: &str = "messages: 20, expected at least 500";

/// A run with a warning, something that holds, and something that is not known.
fn warned() -> RunSummary {
    let run = run()
        .expect::<Extract>(Expect::counter("messages").at_least(500))
        .expect::<Extract>(Expect::rejected().at_most(0))
        .expect::<Extract>(Expect::rejected_share().at_most(Share::percent(1.0)));
    extracted(run, 20).summary()
}

/// One that failed for it.
fn failed() -> RunSummary {
    let run = run().expect::<Extract>(Expect::counter("messages").at_least(500).or_fail());
    let outcome = run.begin::<Etl>().unwrap().phase(Extract).run(|extract| {
        extract.update_progress(Counts { conversations: 0, messages: 20 });
        Ok::<_, String>(())
    });
    let PhaseFailure::NotAsExpected(refused) = outcome.unwrap_err() else { panic!("20 are too few") };
    refused.into_parts().0.summary()
}

#[test]
fn the_summary_lists_what_is_not_as_expected_and_nothing_else() {
    let text = warned().to_string();
    assert!(text.contains(&format!("\n\nnot as expected\n  extract: {BREACH}")), "{text}");
    assert!(!text.contains("rejected rows"), "{text}");
    let text = failed().to_string();
    assert!(text.contains(&format!("\n  extract: {BREACH}")) && text.contains("phase `extract` is not as expected"), "{text}");
    let text = extracted(run().expect::<Extract>(Expect::counter("messages").at_least(5)), 20).summary().to_string();
    assert!(!text.contains("expected"), "{text}");
}

#[test]
fn a_report_tells_all_that_was_expected() {
    let summary = warned();
    let json = serde_json::to_value(&summary).unwrap();
    let expectations = &json["phases"]["extract"]["expectations"];
    let first = serde_json::json!({
        "of": "messages", "found": 20, "holds": false, "checked": true, "fails_phase": false, "text": BREACH,
    });
    assert_eq!((&expectations[0], &expectations[1]["holds"], &expectations[2]["holds"]), (&first, &true.into(), &true.into()));
    assert_eq!(json["phases"]["extract"]["attempts"][0]["expectations"], *expectations);
    let run = run().expect::<Extract>(Expect::counter("messages").at_least(500));
    let text = extracted(run, 20).report().to_string();
    assert!(text.contains(&format!("expectation  {BREACH}")), "{text}");
    let json = serde_json::to_value(extracted(super::run(), 20).report()).unwrap();
    assert_eq!(json.get("expectations"), None);
}

#[test]
fn markdown_has_a_table_of_all() {
    let markdown = warned().to_markdown();
    let expected = [
        format!("| extract | **not as expected** | `{BREACH}` |"),
        "| extract | as expected | `rejected rows: 0, expected at most 0` |".to_owned(),
    ];
    assert!(expected.iter().all(|line| markdown.contains(line)), "{markdown}");
    assert!(!extracted(run(), 20).summary().to_markdown().contains("Expectations"));
}

#[test]
fn the_page_of_a_run_tells_it_at_the_top_beside_the_phase_and_in_its_section() {
    let page = warned().to_html();
    assert_eq!(page.matches(BREACH).count(), 2, "at the top and in the section of the phase");
    assert!(page.contains("<span class=\"unexpected\">not as expected</span>"));
    assert!(page.contains("<span class=\"look interrupted\"><span class=\"swatch\"></span>not as expected</span>"));
    assert!(page.contains("<span class=\"look completed\"><span class=\"swatch\"></span>as expected</span>"));
    let page = failed().to_html();
    assert!(page.contains("<span class=\"look failed\"><span class=\"swatch\"></span>not as expected</span>"));
    let plain = extracted(run(), 20).summary().to_html();
    assert!(!plain.contains("as expected"));
}

#[test]
fn the_list_of_a_job_tells_it_and_its_page_marks_the_cell_of_the_run() {
    let folder = TempDir::new().unwrap();
    let runs = Runs::in_folder(folder.path());
    let night = |key: &str, rows| {
        let run = runs.run("taxi", key).unwrap();
        drop(loaded(run.expect::<super::Load>(Expect::counter("rows").within(0.5..=2.0).of_median(7)), rows));
    };
    night("monday", 100);
    night("tuesday", 10);
    let list = runs.list("taxi").unwrap();
    let told: Vec<_> =
        list.iter().map(|run| run.unexpected().map(|(phase, what)| format!("{phase}: {what}")).collect::<Vec<_>>()).collect();
    let breach = "rows: 10, expected at least half of 100, as in the last run";
    assert_eq!(told, [vec![format!("load: {breach}")], vec![]]);
    assert!(format!("{list:.100}").ends_with(&format!("\nnot as expected: tuesday, load: {breach}\n")), "{list:.100}");
    // No colon is left in Markdown, where it could make an address or a smiley of a text from outside.
    let in_markdown = format!("\nNot as expected: tuesday, load: {breach}\n").replacen(": rows:", "&#58; rows&#58;", 1);
    assert!(list.to_markdown().ends_with(&in_markdown), "{}", list.to_markdown());
    let page = list.to_html();
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("<tr><th scope=\"row\">")).collect();
    assert!(rows[0].contains(&format!("not as expected: {breach}")), "{}", rows[0]);
    assert!(rows[0].contains("<span class=\"unexpected\">not as expected</span>"), "{}", rows[0]);
    assert!(!rows[1].contains("expected"), "{}", rows[1]);
}

#[test]
fn names_from_outside_are_nothing_but_text() {
    let hostile = "<b>\u{202e}\u{1b}[31m|`";
    let mut context = Run::builder("taxi").expect_by_name("load", Expect::counter(hostile).at_least(1)).begin_dynamic().unwrap();
    context.start_phase("load", None).unwrap();
    context.end_phase(()).unwrap();
    let summary = context.get_summary();
    let (page, markdown) = (summary.to_html(), summary.to_markdown());
    assert!(!page.contains("<b>\\u") && page.contains("&lt;b&gt;"), "{page}");
    assert!(!markdown.contains("<b>") && markdown.contains("&#60;b&#62;"), "{markdown}");
    for text in [page, markdown, summary.to_string(), context.record().phase("load").unwrap().reports()[0].to_string()] {
        assert!(!text.contains(['\u{202e}', '\u{1b}']));
    }
}

#[test]
fn of_very_much_that_is_not_as_expected_the_first_is_listed() {
    let mut run = run();
    for counter in 0..200 {
        run = run.expect_by_name("load", Expect::counter(format!("counter_{counter}")).at_least(1));
    }
    let mut context = run.expect_by_name("load", Expect::rejected().at_least(1)).begin_dynamic().unwrap();
    context.start_phase("load", None).unwrap();
    context.end_phase(()).unwrap();
    let summary = context.get_summary();
    assert!(summary.to_markdown().contains("and 101 more"));
    assert!(summary.to_html().contains("and 101 more"));
    assert!(summary.to_string().contains("rejected rows: 0, expected at least 1"));
}
