//! The HTML report: one file, safe whatever it tells of, and true to the run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use etl_context::{Context, Counts, Etl, EtlContext, Extract, FileJournal, Run, RunRecord, Stopped};
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::{Value, json};

use crate::report_samples::{HOSTILE, clean, forty_phases, hostile, joined, side_by_side, ten_phases, troubled, visible};
use crate::written_run::WrittenRun;

/// Every sample, with its name. The pages are left in `target/tmp/reports`, to be looked at.
fn samples() -> Vec<(&'static str, RunRecord, String)> {
    let records = [
        ("clean", clean()),
        ("troubled", troubled()),
        ("ten-phases", ten_phases()),
        ("forty-phases", forty_phases()),
        ("side-by-side", side_by_side()),
        ("joined", joined()),
        ("hostile", hostile()),
    ];
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("reports");
    fs::create_dir_all(&folder).unwrap();
    let sample = |(name, record): (&'static str, RunRecord)| {
        let page = record.summary().to_html();
        fs::write(folder.join(name).with_extension("html"), &page).unwrap();
        fs::write(folder.join(name).with_extension("md"), record.summary().to_markdown()).unwrap();
        (name, record, page)
    };
    records.into_iter().map(sample).collect()
}

/// The page as XML, which is stricter than HTML: every element is closed, every attribute quoted, every character allowed.
pub(crate) fn parse(page: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(page, options).unwrap()
}

pub(crate) fn with_class<'a, 'i>(document: &'a Document<'i>, class: &'a str) -> impl Iterator<Item = Node<'a, 'i>> {
    document.descendants().filter(move |node| classes(*node).any(|known| known == class))
}

pub(crate) fn classes<'a>(node: Node<'a, '_>) -> impl Iterator<Item = &'a str> {
    node.attribute("class").unwrap_or_default().split(' ')
}

pub(crate) fn text(node: Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|node| node.text()).collect()
}

/// Where a bar begins and ends, in percent of the axis.
pub(crate) fn extent(bar: Node<'_, '_>) -> (f64, f64) {
    let style = bar.attribute("style").unwrap();
    let (left, width) = style.strip_prefix("left:").unwrap().strip_suffix('%').unwrap().split_once("%;width:").unwrap();
    let (left, width) = (left.parse::<f64>().unwrap(), width.parse::<f64>().unwrap());
    (left, left + width)
}

#[test]
fn every_page_is_well_formed_and_has_no_name_twice() {
    for (name, _, page) in samples() {
        let document = parse(&page);
        let ids = document.descendants().filter_map(|node| node.attribute("id")).collect::<Vec<_>>();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{name}: {ids:?}");
        for link in document.descendants().filter_map(|node| node.attribute("href")) {
            assert!(link.strip_prefix('#').is_some_and(|id| ids.contains(&id)), "{name}: {link}");
        }
    }
}

#[test]
fn no_page_has_a_script_or_loads_anything() {
    for (name, _, page) in samples() {
        let document = parse(&page);
        for node in document.descendants().filter(Node::is_element) {
            let tag = node.tag_name().name();
            assert!(!["script", "link", "img", "iframe", "object", "embed", "base", "form"].contains(&tag), "{name}: {tag}");
            for attribute in node.attributes() {
                assert!(!attribute.name().starts_with("on") && attribute.name() != "src", "{name}: {attribute:?}");
            }
        }
        let style = document.descendants().find(|node| node.has_tag_name("style")).map(text).unwrap();
        assert!(!style.contains("url(") && !style.contains("@import") && !style.contains("@font-face"), "{name}");
        assert!(!page.contains("<script") && !page.contains("http"), "{name}");
    }
}

#[test]
fn hostile_texts_are_shown_and_do_nothing_else() {
    let page = hostile().summary().to_html();
    let document = parse(&page);
    let shown = text(document.root_element());
    for hostile in HOSTILE {
        // Line breaks and tabs are kept where a text has lines of its own.
        let visible = visible(hostile).replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\t", "\t");
        // As metadata, as a part, as a key and a value of a result, as an error, and as what is behind an error.
        assert!(shown.matches(&visible).count() >= 7, "{hostile:?}");
    }
    let unseen = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    assert!(!page.contains(unseen));
    assert!(!page.contains(['\u{202c}', '\u{202e}', '\u{2067}', '\u{2069}', '\u{200b}', '\u{2028}', '\u{feff}', '\u{fffe}']));
}

#[test]
fn a_long_text_is_on_the_page_whole_but_folded() {
    let page = hostile().summary().to_html();
    let document = parse(&page);
    let long = "unbroken".repeat(1_280);
    let whole = document.descendants().filter(|node| node.has_tag_name("div") && text(*node) == long).collect::<Vec<_>>();
    assert!(whole.len() >= 4, "{}", whole.len());
    for node in whole {
        assert!(node.ancestors().any(|ancestor| ancestor.has_tag_name("details")));
    }
}

#[test]
fn every_phase_attempt_and_error_is_on_the_page() {
    for (name, record, page) in samples() {
        let document = parse(&page);
        let reports = record.phases().map(|phase| phase.reports().len()).sum::<usize>();
        let bars = with_class(&document, "bar").count();
        assert_eq!(bars, reports + record.running_phases().count(), "{name}");
        let phases = with_class(&document, "phases").flat_map(|table| table.children().filter(|node| node.has_tag_name("tbody")));
        assert_eq!(phases.count(), record.phases().count(), "{name}");
        let errors =
            with_class(&document, "errors").flat_map(|table| table.descendants().filter(|node| node.has_tag_name("tbody")));
        let errors = errors.flat_map(|body| body.children().filter(Node::is_element)).collect::<Vec<_>>();
        assert_eq!(errors.len(), record.errors().len(), "{name}");
    }
}

#[test]
fn an_error_is_told_with_its_time_its_attempt_and_what_was_behind_it() {
    let page = troubled().summary().to_html();
    let document = parse(&page);
    let folded = with_class(&document, "errors").filter(|table| table.ancestors().any(|node| node.has_tag_name("details")));
    assert_eq!(folded.count(), 0, "thirty errors need no unfolding");
    let row = document.descendants().find(|node| node.has_tag_name("tr") && text(*node).contains("batch 611")).unwrap();
    let cells = row.children().map(text).collect::<Vec<_>>();
    assert_eq!(cells[..2], ["11-23 05:16:18", "2"]);
    assert_eq!(cells[2], "batch 611 cannot be writtencaused by: database is lockedcaused by: SQLITE_BUSY (5)");
}

#[test]
fn bars_follow_one_another_and_stay_on_the_axis() {
    for (name, record, page) in samples() {
        let document = parse(&page);
        let extents = with_class(&document, "bar").map(extent).collect::<Vec<_>>();
        for (left, right) in &extents {
            assert!(0.0 <= *left && left <= right && *right <= 100.01, "{name}: {left} to {right}");
        }
        // The phases of the other runs were started in the order in which they are listed, one after the other.
        let side_by_side = [side_by_side().name(), joined().name()].contains(&record.name());
        for pair in extents.windows(2).filter(|_| !side_by_side) {
            assert!(pair[0].1 <= pair[1].0 + 0.01, "{name}: {pair:?}");
        }
    }
}

/// As another program may have written it.
#[test]
fn an_attempt_that_ended_before_it_started_takes_no_time_on_the_axis() {
    let counts = json!({ "rows": 1 });
    let mut run = WrittenRun::begin("import", "2026-11-23T02:00:00Z", Value::Null, Value::Null);
    run.after(Duration::from_secs(9)).start("extract", counts.clone());
    run.set_back(Duration::from_secs(5)).complete(counts.clone(), Value::Null);
    run.after(Duration::from_secs(8)).start("load", counts.clone());
    run.after(Duration::from_secs(1)).complete(counts, Value::Null);
    let page = run.record().summary().to_html();
    let document = parse(&page);
    let extents = with_class(&document, "bar").map(extent).collect::<Vec<_>>();
    assert_eq!(extents.len(), 2);
    assert!(extents[0].1 - extents[0].0 < 0.01, "{extents:?}");
    assert!(extents.iter().all(|(left, right)| 0.0 <= *left && *right <= 100.01), "{extents:?}");
}

#[test]
fn the_time_in_which_no_process_ran_is_marked_and_drawn_short() {
    let page = troubled().summary().to_html();
    let document = parse(&page);
    let gap = with_class(&document, "idle").next().unwrap();
    let number = |name| gap.attribute(name).unwrap().trim_end_matches('%').parse::<f64>().unwrap();
    let interrupted = with_class(&document, "bar").find(|bar| classes(*bar).any(|class| class == "interrupted")).unwrap();
    assert!((extent(interrupted).1 - number("x")).abs() < 0.01);
    assert!(number("width") < 10.0, "six hours of a run of forty minutes");
    let told = with_class(&document, "gaps").map(text).collect::<String>();
    assert!(told.contains("Nothing was recorded for 6 h 12 min, after the last sign of life of attempt 1 at load"), "{told}");
}

#[test]
fn a_phase_that_is_running_is_told_as_of_the_last_event() {
    let summary = forty_phases().summary();
    assert_eq!(summary.status().to_string(), "running");
    assert_eq!(summary.end_time(), None);
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(json["current_phase"], "load-table-40");
    assert_eq!(json["phases"]["load-table-40"]["rows_processed"], 335_182);
    let page = summary.to_html();
    assert!(page.contains("A phase was running at that moment"));
}

#[test]
fn a_phase_with_very_many_attempts_takes_few_rows_and_shows_all_bars() {
    let mut context = EtlContext::new("stubborn");
    for _ in 0..300 {
        context.start_phase("load", None).unwrap();
        context.fail_phase(&std::io::Error::other("busy")).unwrap();
    }
    let page = context.get_summary().to_html();
    let document = parse(&page);
    assert_eq!(with_class(&document, "track").count(), 1 + 12);
    assert_eq!(with_class(&document, "bar").count(), 300);
    assert_eq!(
        with_class(&document, "errors").flat_map(|table| table.descendants()).filter(|node| node.has_tag_name("time")).count(),
        300
    );
}

#[test]
fn a_page_stays_small_however_often_a_phase_was_tried() {
    let mut context = EtlContext::new("stubborn");
    for _ in 0..20_000 {
        context.start_phase("load", None).unwrap();
        context.end_phase(()).unwrap();
    }
    let page = context.get_summary().to_html();
    parse(&page);
    assert!(page.len() < 1_000_000, "{}", page.len());
}

#[test]
fn a_link_leads_somewhere_also_if_a_phase_failed_without_a_word() {
    let record = {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("import.jsonl");
        let context = Run::builder("import").journal(FileJournal::open(&path).unwrap()).begin::<Etl>().unwrap();
        drop(context.start(Extract).unwrap());
        RunRecord::read(&path).unwrap().unwrap()
    };
    let page = record.summary().to_html();
    let document = parse(&page);
    assert!(with_class(&document, "failure").any(|failure| text(failure) == "extract, attempt 1, failed: abandoned"));
    assert_eq!(document.descendants().filter(|node| node.has_tag_name("a")).count(), 0);
}

#[test]
fn errors_of_which_only_the_number_is_known_are_not_passed_over() {
    let mut context = EtlContext::new("noisy");
    for number in 0..1_234 {
        context.record_error("load", &std::io::Error::other(number.to_string())).unwrap();
    }
    let summary = context.get_summary();
    assert!(summary.to_html().contains("234 more errors were recorded"));
    assert!(summary.to_html().contains("<caption>1,234 errors</caption>"));
    assert!(summary.to_markdown().contains("and 1,184 more"));
}

#[test]
fn a_run_that_has_not_come_to_a_phase_has_a_page() {
    let page = EtlContext::new("early").get_summary().to_html();
    let document = parse(&page);
    assert_eq!(document.descendants().filter(|node| node.has_tag_name("table")).count(), 0);
    assert!(text(document.root_element()).contains("early"));
}

/// A process that dies leaves its journal as it is at that moment: so does a copy.
#[test]
fn a_journal_copied_in_the_middle_of_a_run_becomes_an_interrupted_attempt_when_it_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, copy) = (folder.path().join("import.jsonl"), folder.path().join("copy.jsonl"));
    let begin = |path: &Path| Run::builder("import").journal(FileJournal::open(path).unwrap()).begin::<Etl>().unwrap();
    let mut extract = begin(&journal).start(Extract).unwrap();
    extract.update_progress(Counts { conversations: 2, messages: 40 });
    extract.checkpoint(&2).unwrap();
    fs::copy(&journal, &copy).unwrap();

    let running = RunRecord::read(&copy).unwrap().unwrap().summary();
    assert!(running.to_html().contains("class=\"bar running\""));
    assert!(running.to_markdown().contains("`messages` 40"));

    let resumed = begin(&copy).start(Extract).unwrap().complete(()).unwrap();
    let page = resumed.summary().to_html();
    assert!(page.contains("class=\"bar interrupted\"") && page.contains("class=\"bar completed\""));
    drop(extract);
}

#[test]
fn the_diagram_calls_an_attempt_that_was_stopped_so() {
    let context = Context::new("import");
    let stopper = context.stopper();
    let extract = context.start(Extract).unwrap();
    stopper.stop();
    let context = extract.fail(&Stopped).unwrap();
    let page = context.summary().to_html();
    assert!(page.contains("<g class=\"box interrupted\"><title>extract stopped</title>"), "{page}");
    assert!(!page.contains("box failed"), "{page}");
}
