//! Which run a key leads to: a new one, one that goes on, one that is done, another one.

use etl_context::{Dictionary, Etl, Extract, RunStatus, dict};

use crate::runs::places::in_every_place;
use crate::runs::{begun, complete};

#[test]
fn a_key_leads_to_a_new_run_to_one_that_goes_on_and_to_one_that_is_done() {
    in_every_place(|place| {
        let context = begun(&place.runs(), "2026-11-25");
        assert_eq!(context.recovery(), None);
        drop(context.start(Extract).unwrap().complete(dict! { "page": 512 }).unwrap());

        let context = begun(&place.runs(), "2026-11-25");
        assert!(context.recovery().unwrap().to_string().ends_with("completed: extract"));
        complete(context);

        let context = begun(&place.runs(), "2026-11-25");
        assert_eq!(context.record().run_status(), RunStatus::Completed);
        drop(context.phase(Extract).run(|_| -> Result<Dictionary, String> { unreachable!("it is done") }).unwrap());
        assert_eq!(place.runs().list("taxi").unwrap().iter().len(), 1);
    });
}

#[test]
fn another_run_under_a_key_begins_anew_and_the_earlier_one_stays() {
    in_every_place(|place| {
        complete(begun(&place.runs(), "2026-11-25"));
        let again = place.runs().again("taxi", "2026-11-25").unwrap().begin::<Etl>().unwrap();
        assert_eq!(again.recovery(), None);
        drop(again.start(Extract).unwrap());

        let runs = place.runs();
        assert_eq!(runs.record("taxi", "2026-11-25").unwrap().unwrap().run_status(), RunStatus::Failed, "the latest one");
        let told: Vec<_> = runs.list("taxi").unwrap().iter().map(|run| (run.number(), run.status())).collect();
        assert_eq!(told, [(2, RunStatus::Failed), (1, RunStatus::Completed)]);
        // From now on, the key leads to this one.
        let context = begun(&runs, "2026-11-25");
        assert!(context.recovery().is_some());
        complete(context);
        assert!(runs.missing("taxi", ["2026-11-25"]).unwrap().is_empty());
    });
}

#[test]
fn a_key_may_be_any_text_and_leads_to_a_run_of_its_own() {
    let keys = ["a/b", "..", ".", "a b", "A", "a", "Köln", "a~2", "a%2f", "日", "x'); drop table runs; --", "tab\there"];
    in_every_place(|place| {
        for key in keys {
            assert_eq!(begun(&place.runs(), key).recovery(), None, "{key}");
        }
        let list = place.runs().list("taxi").unwrap();
        let mut listed: Vec<_> = list.iter().map(|run| run.key().to_owned()).collect();
        listed.sort();
        let mut given = keys.map(str::to_owned);
        given.sort();
        assert_eq!(listed, given);
        for key in keys {
            let record = place.runs().record("taxi", key).unwrap().unwrap();
            assert_eq!(record.metadata()["key"], key);
        }
    });
}

#[test]
fn a_key_that_names_no_file_is_refused_in_words() {
    in_every_place(|place| {
        let long = "x".repeat(300);
        for (job, key, words) in [
            ("taxi", "", "the key is empty, and names no run"),
            ("", "2026-11-25", "the job is empty, and names no run"),
            ("taxi", &long, "takes 300 bytes as the name of a file, and at most 200 are possible"),
        ] {
            let refusal = place.runs().run(job, key).unwrap_err().to_string();
            assert!(refusal.contains(words), "{refusal}");
            assert!(place.runs().record(job, key).is_err());
        }
    });
}

#[test]
fn jobs_do_not_see_the_runs_of_one_another() {
    in_every_place(|place| {
        complete(begun(&place.runs(), "2026-11-25"));
        for other in ["tax", "taxi/2026-11-25", "taxis", "Taxi", "taxi%2f"] {
            assert_eq!(place.runs().list(other).unwrap().iter().len(), 0, "{other}");
            assert!(place.runs().latest_completed(other).unwrap().is_none());
            drop(place.runs().run(other, "2026-11-25").unwrap().begin::<Etl>().unwrap());
        }
        assert_eq!(place.runs().list("taxi").unwrap().iter().len(), 1);
    });
}
