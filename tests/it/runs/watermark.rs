//! From where the next run goes on: the result of the last one that completed.

use etl_context::{Error, Extract};
use serde::Deserialize;

use crate::runs::places::in_every_place;
use crate::runs::{begun, complete};

#[derive(Debug, Deserialize, PartialEq)]
struct Until {
    page: u64,
}

#[test]
fn the_last_completed_run_is_the_one_that_began_last_whatever_its_key() {
    in_every_place(|place| {
        let runs = place.runs();
        assert!(runs.latest_completed("taxi").unwrap().is_none());
        complete(begun(&runs, "b"));
        complete(begun(&runs, "a"));
        drop(begun(&runs, "c").start(Extract).unwrap().complete(()).unwrap());
        let latest = runs.latest_completed("taxi").unwrap().unwrap();
        assert_eq!(latest.metadata()["key"], "a");
        assert_eq!(latest.result::<Until>("extract").unwrap(), Until { page: 512 });
    });
}

#[test]
fn a_result_that_has_another_shape_now_is_refused_by_its_key() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "it is never read")]
    struct Changed {
        page: String,
    }
    in_every_place(|place| {
        let runs = place.runs();
        complete(begun(&runs, "2026-11-25"));
        let latest = runs.latest_completed("taxi").unwrap().unwrap();
        let error = latest.result::<Changed>("extract").unwrap_err();
        assert!(matches!(error, Error::StoredShape { .. }));
        assert!(error.to_string().contains("key `page`"), "{error}");
        let none = latest.result::<Until>("validate").unwrap_err().to_string();
        assert!(none.ends_with("the phase has not completed"), "{none}");
        assert!(matches!(latest.result::<Until>("no name").unwrap_err(), Error::InvalidPhaseName { .. }));
        latest.result::<()>("load").unwrap();
    });
}
