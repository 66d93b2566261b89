//! An attempt that takes up a checkpoint goes on from what was rejected until then, and the file has each row once.

use etl_context::{Etl, Extract, MemoryJournal, Run, RunningPhase, pipeline};
use serde_json::{Value, json};

use super::rejected_rows::{Place, by_reason, messages};

const ROWS: u64 = 100;

/// Rejects every third row up to `until`, from where the last attempt was, with a checkpoint after every ten rows.
fn read(extract: &mut RunningPhase<'_, Extract>, until: u64) -> Result<(), String> {
    let done: u64 = extract.resume_point().unwrap().unwrap_or(0);
    for row in done + 1..=until {
        extract.update_progress(messages(1));
        if row % 3 == 0 {
            extract.reject(&row, if row % 2 == 0 { "even" } else { "odd" }).unwrap();
        }
        if row % 10 == 0 {
            extract.checkpoint(&row).unwrap();
        }
    }
    if until < ROWS { Err(format!("no row {}", until + 1)) } else { Ok(()) }
}

fn every_third() -> Vec<Value> {
    (1..=ROWS).filter(|row| row % 3 == 0).map(Value::from).collect()
}

#[test]
fn an_attempt_in_another_process_goes_on_from_the_checkpoint() {
    let place = Place::new();
    drop(place.open().phase(Extract).run(|extract| read(extract, 57)).unwrap_err());
    assert_eq!(place.rows().len(), 19, "what a failed attempt has rejected is there to look at");
    let (extracted, ()) = place.open().phase(Extract).run(|extract| read(extract, ROWS)).unwrap();
    let rejected = extracted.report().rejected();
    assert_eq!((rejected.rows(), rejected.carried()), (33, 16));
    assert_eq!(by_reason(rejected), [("odd", 17), ("even", 16)]);
    assert_eq!(place.rows(), every_third(), "each row once");
    assert_eq!(extracted.record(), &place.0.record());
    let reports = extracted.record().phase("extract").unwrap().reports();
    assert_eq!((reports[0].rejected().rows(), reports[0].rejected().carried()), (19, 0));
}

#[test]
fn a_retry_in_the_same_process_does_as_well() {
    let place = Place::new();
    let failed = place.open().phase(Extract).run(|extract| read(extract, 35)).unwrap_err();
    let failed = failed.into_parts().unwrap().0.retry_phase().run(|extract| read(extract, 78)).unwrap_err();
    let (extracted, ()) = failed.into_parts().unwrap().0.retry_phase().run(|extract| read(extract, ROWS)).unwrap();
    assert_eq!((extracted.report().rejected().rows(), extracted.report().rejected().carried()), (33, 23));
    assert_eq!(place.rows(), every_third());
    let attempts: Vec<_> = place.lines().iter().map(|line| line["attempt"].as_u64().unwrap()).collect();
    assert!(attempts.is_sorted());
    assert_eq!([1, 2, 3].map(|attempt| attempts.iter().filter(|known| **known == attempt).count()), [10, 13, 10]);
}

#[test]
fn an_attempt_that_begins_at_zero_begins_the_file_anew() {
    let place = Place::new();
    for _ in 0..3 {
        let failed = place.open().phase(Extract).run(|extract| {
            extract.reject(&1, "odd").unwrap();
            extract.reject(&2, "odd").unwrap();
            Err::<(), _>("no connection")
        });
        assert!(failed.is_err());
    }
    assert_eq!(place.rows(), [json!(1), json!(2)]);
    assert_eq!(place.lines()[0]["attempt"], 3);
}

/// What it has rejected up to the checkpoint stays until it is sure that nobody goes on from there.
#[test]
fn an_attempt_that_does_not_take_up_the_checkpoint_replaces_its_rows_with_its_own() {
    let place = Place::new();
    drop(place.open().phase(Extract).run(|extract| read(extract, 15)).unwrap_err());
    let mut extract = place.open().start(Extract).unwrap();
    extract.reject(&3, "odd").unwrap();
    assert_eq!(place.rows(), [3, 6, 9].map(Value::from));
    let extracted = extract.complete(()).unwrap();
    assert_eq!((extracted.report().rejected().rows(), extracted.report().rejected().carried()), (1, 0));
    assert_eq!(place.rows(), [json!(3)]);
    assert_eq!(place.lines()[0]["attempt"], 2);
}

#[test]
fn rows_that_were_rejected_before_the_checkpoint_was_taken_up_are_counted_too() {
    let place = Place::new();
    drop(place.open().phase(Extract).run(|extract| read(extract, 35)).unwrap_err());
    let mut extract = place.open().start(Extract).unwrap();
    extract.reject(&"header", "no row").unwrap();
    for _ in 0..2 {
        assert_eq!(extract.resume_point::<u64>().unwrap(), Some(30));
    }
    extract.reject(&"footer", "no row").unwrap();
    let extracted = extract.complete(()).unwrap();
    assert_eq!((extracted.report().rejected().rows(), extracted.report().rejected().carried()), (12, 10));
    assert_eq!(place.rows().len(), 12);
}

#[test]
fn a_phase_that_is_run_again_replaces_its_rows() {
    let place = Place::new();
    let run = |rows: u64| {
        let extract = place.open().phase(Extract).again();
        drop(extract.run(|extract| (0..rows).try_for_each(|row| extract.reject(&row, "odd"))).unwrap());
    };
    run(5);
    run(2);
    assert_eq!((place.rows().len(), place.lines()[0]["attempt"].clone()), (2, json!(2)));
}

pipeline! {
    Pages { Page = "page" after Idle | Page; Store = "store" after Page; }
}

/// Another page is other work, and the rows of the earlier ones stand.
#[test]
fn in_a_loop_the_rows_of_each_round_stand() {
    let place = Place::new();
    let open = || place.builder().begin::<Pages>().unwrap();
    let mut pages = open().phase(Page).run(|page| page.reject(&1, "odd")).unwrap().0;
    for round in 2..=3 {
        pages = pages.phase(Page).run(|page| page.reject(&round, "odd")).unwrap().0;
    }
    let failed = pages.phase(Page).run(|page| page.reject(&4, "odd").map_err(|_| "").and(Err::<(), _>("no connection")));
    drop(failed.unwrap_err());
    assert_eq!(place.rows(), [1, 2, 3, 4].map(Value::from));

    let pages = open().phase(Page).run(|_| Err::<(), _>("done")).unwrap().0.phase(Page).run(|_| Err::<(), _>("done")).unwrap().0;
    let pages = pages.phase(Page).run(|_| Err::<(), _>("done")).unwrap().0;
    let pages = pages.phase(Page).run(|page| page.reject(&4, "odd")).unwrap().0;
    assert_eq!(place.rows(), [1, 2, 3, 4].map(Value::from));
    drop(pages);
    assert_eq!(place.lines()[3]["attempt"], 5);
}

#[test]
fn without_a_file_the_counts_are_carried_as_well() {
    let journal = MemoryJournal::new();
    let open = || Run::builder("import").journal(journal.clone()).begin::<Etl>().unwrap();
    drop(open().phase(Extract).run(|extract| read(extract, 57)).unwrap_err());
    let (extracted, ()) = open().phase(Extract).run(|extract| read(extract, ROWS)).unwrap();
    assert_eq!((extracted.report().rejected().rows(), extracted.report().rejected().carried()), (33, 16));
}
