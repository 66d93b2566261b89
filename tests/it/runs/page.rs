//! The page of a job: each run and each phase of it, with links that lead somewhere, and nothing from outside that is not escaped.

use std::fs;

use etl_context::{Counts, Etl, Extract, Runs};
use tempfile::TempDir;

use crate::runs::places::{in_every_place, names_in};
use crate::runs::{begun, complete};

#[test]
fn each_run_has_a_row_and_each_phase_a_cell() {
    in_every_place(|place| {
        let runs = place.runs();
        complete(begun(&runs, "2026-11-24"));
        let extract = begun(&runs, "2026-11-25").phase(Extract);
        let failed = extract.run(|extract| {
            extract.update_progress(Counts { conversations: 0, messages: 1_200 });
            Err::<(), _>("the source was not there")
        });
        drop(failed.unwrap_err());
        let page = runs.list("taxi").unwrap().to_html();
        assert!(page.contains("<p>2 runs: 1 completed, 1 failed</p>"));
        let rows: Vec<_> = page.lines().filter(|line| line.starts_with("<tr><th scope=\"row\">")).collect();
        assert_eq!(rows.len(), 2);
        assert!(rows[0].contains("2026-11-25.html#phase-extract") && rows[0].contains("1,200 messages"), "{}", rows[0]);
        assert!(rows[0].contains("class=\"failed\"") && rows[0].ends_with("<td class=\"cell\"></td></tr>"), "{}", rows[0]);
        assert_eq!(rows[1].matches("class=\"completed\"").count(), 3, "{}", rows[1]);
    });
}

#[test]
fn every_link_leads_to_a_page_that_is_there() {
    let folder = TempDir::new().unwrap();
    let (runs, site) = (Runs::in_folder(folder.path().join("runs")), folder.path().join("site"));
    let keys = ["index", "a/b", "100 %", "2026-11-25", "Köln"];
    for key in keys {
        complete(begun(&runs, key));
    }
    complete(runs.again("taxi", "2026-11-25").unwrap().begin::<Etl>().unwrap());
    runs.write_html("taxi", &site).unwrap();
    let page = fs::read_to_string(site.join("index.html")).unwrap();
    let mut pages: Vec<_> = links(&page).map(|link| link.split('#').next().unwrap().replace("%25", "%")).collect();
    pages.sort();
    pages.dedup();
    pages.push("index.html".to_owned());
    pages.sort();
    assert_eq!(pages, names_in(&site));
}

#[test]
fn what_comes_from_outside_is_escaped_and_the_page_is_well_formed() {
    in_every_place(|place| {
        let runs = place.runs();
        let job = "<b>\"taxi\" & 'co'</b>";
        for key in ["<script>alert(1)</script>", "\u{202e}4202", "\" onclick=\"x"] {
            complete(runs.run(job, key).unwrap().begin::<Etl>().unwrap());
        }
        let page = runs.list(job).unwrap().to_html();
        let options = roxmltree::ParsingOptions { allow_dtd: true, ..Default::default() };
        let document = roxmltree::Document::parse_with_options(&page, options).unwrap();
        assert!(document.descendants().all(|node| node.tag_name().name() != "script" && node.attribute("onclick").is_none()));
        assert!(!page.contains('\u{202e}'));
        let heading = document.descendants().find(|node| node.tag_name().name() == "h1").unwrap();
        assert_eq!(heading.text(), Some(job));
    });
}

fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("href=\"").skip(1).map(|link| link.split('"').next().unwrap())
}
