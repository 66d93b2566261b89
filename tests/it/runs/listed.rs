//! What is told of all runs of a job: as data, as a table, as Markdown.

use etl_context::{Context, Counts, Etl, Extract, Idle, RunStatus, Runs};

use crate::runs::places::in_every_place;
use crate::runs::{begun, complete};

/// One run of each kind.
fn filled(runs: &Runs) {
    complete(begun(runs, "2026-11-20"));
    let extract = begun(runs, "2026-11-21").phase(Extract);
    drop(extract.run(|_| Err::<(), _>("the source was not there")).unwrap_err());
    drop(begun(runs, "2026-11-22").start(Extract).unwrap().complete(()).unwrap());
    drop(begun(runs, "2026-11-23"));
    let stopped: Context<Idle, Etl> = begun(runs, "2026-11-24");
    stopped.stopper().stop();
    drop(stopped);
    let (extracted, ()) = begun(runs, "2026-11-25")
        .phase(Extract)
        .run(|extract| {
            extract.update_progress(Counts { conversations: 2, messages: 1_200 });
            extract.record_error("one | row")?;
            Ok::<_, etl_context::Error>(())
        })
        .unwrap();
    drop(extracted);
}

#[test]
fn each_run_is_told_as_it_is_the_latest_first() {
    in_every_place(|place| {
        filled(&place.runs());
        let list = place.runs().list("taxi").unwrap();
        let told: Vec<_> = list.iter().map(ToString::to_string).collect();
        let expected = [
            "2026-11-25: unfinished",
            "2026-11-24: stopped",
            "2026-11-23: pending",
            "2026-11-22: unfinished",
            "2026-11-21: failed",
            "2026-11-20: completed",
        ];
        assert_eq!(told, expected);
        let latest = list.iter().next().unwrap();
        assert_eq!((latest.attempts(), latest.error_count(), latest.owner()), (1, 1, None));
        assert_eq!(latest.totals(), [("conversations".to_owned(), 2), ("messages".to_owned(), 1_200)]);
        assert_eq!(list.iter().last().unwrap().attempts(), 3);
        let record = place.runs().record("taxi", "2026-11-25").unwrap().unwrap();
        assert_eq!((latest.run_id(), latest.start_time()), (record.run_id(), record.start_time()));
        assert_eq!(latest.total_duration(), record.summary().total_duration());
    });
}

#[test]
fn the_table_and_the_markdown_say_the_same() {
    in_every_place(|place| {
        filled(&place.runs());
        let list = place.runs().list("taxi").unwrap();
        let (text, markdown) = (list.to_string(), list.to_markdown());
        assert_eq!(text.lines().count(), 7, "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        for (line, run) in text.lines().skip(1).zip(&list) {
            assert!(line.starts_with(run.key()) && line.contains(run.status().as_str()), "{line}");
            assert!(markdown.lines().any(|row| row.starts_with(&format!("| {} | {} |", run.key(), run.status()))), "{markdown}");
        }
        // The last column ends where the line does, so how much of it is there depends on how long the runs took.
        assert!(text.contains("2 conversations, 1,200"), "{text}");
    });
}

#[test]
fn a_job_without_runs_has_an_empty_list() {
    in_every_place(|place| {
        let list = place.runs().list("taxi").unwrap();
        assert_eq!((list.iter().len(), list.unreadable().len(), list.job()), (0, 0, "taxi"));
        assert_eq!(list.to_string(), "run  status  began  took  attempts  errors  counts\n");
        assert_eq!(place.runs().record("taxi", "2026-11-25").unwrap(), None);
    });
}

/// A database is asked for many runs at once, but not for long ones.
#[test]
fn many_runs_are_listed_and_long_ones_among_them() {
    in_every_place(|place| {
        let runs = place.runs();
        (0..203).for_each(|run| drop(begun(&runs, &format!("{run:03}"))));
        let mut extract = begun(&runs, "100").start(Extract).unwrap();
        (0..150).for_each(|page| extract.checkpoint(&page).unwrap());
        drop(extract.complete(()).unwrap());
        complete(begun(&runs, "202"));
        let list = runs.list("taxi").unwrap();
        assert_eq!((list.iter().len(), list.unreadable().len()), (203, 0));
        let status = |key: &str| list.iter().find(|run| run.key() == key).unwrap().status();
        assert_eq!(["099", "100", "202"].map(status), [RunStatus::Pending, RunStatus::Unfinished, RunStatus::Completed]);
        let latest = runs.latest_completed("taxi").unwrap().unwrap();
        assert_eq!(latest.metadata()["key"], "202");
    });
}

#[cfg(all(unix, feature = "postgres", feature = "testing"))]
#[test]
fn a_run_that_is_damaged_in_a_database_does_not_hide_the_others() {
    let Some(database) = crate::postgres::server::database() else { return };
    let runs = Runs::in_postgres(database.url()).unwrap();
    for key in ["monday", "tuesday", "wednesday"] {
        complete(begun(&runs, key));
    }
    let damage = "delete from etl_context.events where seq = 2 and run_id = (select run_id from etl_context.runs where key = 'taxi/tuesday')";
    assert_eq!(database.client().execute(damage, &[]).unwrap(), 1);
    let list = runs.list("taxi").unwrap();
    let keys: Vec<_> = list.iter().map(etl_context::JobRun::key).collect();
    assert_eq!(keys, ["wednesday", "monday"]);
    let told = list.unreadable()[0].to_string();
    assert!(told.starts_with("cannot read the database ") || told.contains("is damaged"), "{told}");
    assert_eq!(told, runs.record("taxi", "tuesday").unwrap_err().to_string(), "one sentence for it, however it is read");
    assert_eq!(list.unreadable().len(), 1);
    assert!(runs.latest_completed("taxi").is_err());
}

/// Nothing is created by somebody who only looks.
#[test]
fn to_look_creates_nothing() {
    let folder = tempfile::TempDir::new().unwrap();
    let places = [
        Some(Runs::in_folder(folder.path().join("runs"))),
        #[cfg(feature = "sqlite")]
        Some(Runs::in_sqlite(folder.path().join("runs.db"))),
        #[cfg(not(feature = "sqlite"))]
        None,
    ];
    for runs in places.into_iter().flatten() {
        assert_eq!(runs.list("taxi").unwrap().iter().len(), 0);
        assert_eq!(runs.missing("taxi", ["2026-11-25"]).unwrap()[0].status(), None::<RunStatus>);
        assert!(runs.latest_completed("taxi").unwrap().is_none());
    }
    assert_eq!(super::places::names_in(folder.path()), [""; 0]);
}

#[test]
fn in_markdown_a_key_means_nothing_but_itself() {
    in_every_place(|place| {
        drop(begun(&place.runs(), "@team | #1 <b>"));
        let markdown = place.runs().list("taxi").unwrap().to_markdown();
        let row = markdown.lines().last().unwrap();
        assert!(row.starts_with("| &#64;team &#124; &#35;1 &#60;b&#62; | pending |"), "{row}");
    });
}
