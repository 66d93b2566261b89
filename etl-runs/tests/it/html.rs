//! `html`: the page of a job, alone or with those of its runs.

use std::fs;

use crate::places::{complete, fail, in_every_place};
use crate::program::run;

#[test]
fn the_page_of_a_job_goes_where_it_is_asked_for() {
    in_every_place(|place| {
        let folder = place.folder.path();
        complete(&place.runs, "2026-11-24");
        fail(&place.runs, "2026-11-25");
        let html = |rest: &[&str]| run(folder, &[&["html", &place.argument, "taxi"], rest].concat()).with_code(0);
        let page = place.runs.list("taxi").unwrap().to_html();
        assert_eq!(html(&[]).out, page);
        assert_eq!(html(&["-o", "page.html"]).err, "wrote page.html\n");
        assert_eq!(fs::read_to_string(folder.join("page.html")).unwrap(), page);
        assert_eq!(html(&["-o", "site/"]).err, "wrote site/index.html and the pages of 2 runs\n");
        for file in ["index.html", "2026-11-24.html", "2026-11-25.html"] {
            assert!(folder.join("site").join(file).exists(), "{file}");
        }
        let job = run(folder, &["html", &place.argument]).with_code(2).err;
        assert!(job.starts_with("etl-runs: say of which job in "), "{job}");
    });
}

#[test]
fn of_a_single_journal_it_is_the_page_of_the_run() {
    let place = crate::places::Place::folder();
    complete(&place.runs, "2026-11-24");
    let page = run(place.folder.path(), &["html", "runs/taxi/2026-11-24.jsonl"]).with_code(0).out;
    assert_eq!(page, place.runs.record("taxi", "2026-11-24").unwrap().unwrap().summary().to_html());
}
