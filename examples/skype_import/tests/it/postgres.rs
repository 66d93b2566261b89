//! Imports into PostgreSQL, with the journal beside the rows.

mod halting;
mod imported;
#[path = "../../../../tests/it/postgres/patience.rs"]
#[allow(dead_code, reason = "the tests of the crate use more of it")]
mod patience;
#[path = "../../../../tests/it/postgres/server.rs"]
#[allow(dead_code, reason = "the tests of the crate use more of it")]
mod server;

use std::process::Output;

use etl_context::{FailureCause, PostgresRuns, RunRecord};
use postgres::Client;

use self::halting::Halting;
use self::imported::{rows_in_postgres, rows_in_sqlite, writers};
use self::server::{TestDatabase, database};
use crate::place::{Place, text};

const EXPORT: &str = "--conversations 20 --messages 12000 --seed 3 --output export.json";

fn import(place: &Place, export: &str, database: &TestDatabase) -> Output {
    place.import(&[export, "--postgres", &database.url()])
}

#[track_caller]
fn import_well(place: &Place, export: &str, database: &TestDatabase) -> String {
    let output = import(place, export, database);
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

/// The latest run in the database.
fn recorded(database: &TestDatabase) -> RunRecord {
    let runs = PostgresRuns::connect(database.config()).unwrap();
    let latest = runs.list_runs("skype-import", 1).unwrap().remove(0);
    runs.read(latest.run_id).unwrap().unwrap()
}

/// As if the owner had not been heard of for longer than its lease.
fn let_the_lease_expire(client: &mut Client) {
    client.execute("update etl_context.runs set expires = clock_timestamp()", &[]).unwrap();
}

#[test]
fn the_rows_are_those_of_the_sqlite_database() {
    let Some(database) = database() else { return };
    let place = Place::new();
    place.generate("--conversations 20 --messages 3000 --seed 7 --bad 10 --output export.json");
    place.import_well(&["export.json", "--db", "skype.db"]);
    let printed = import_well(&place, "export.json", &database);

    let rows = rows_in_postgres(&mut database.client());
    assert!(rows.len() > 2_990, "{}", rows.len());
    assert!(rows == rows_in_sqlite(&place.path("skype.db")), "the databases differ");
    assert!(printed.contains("\nLeft out: 10 messages, 0 conversations\n"), "{printed}");
    assert!(printed.contains(" has 20 conversations, "), "{printed}");
    assert_eq!(place.names(), ["export.json", "skype.db", "skype.db.html"]);
}

#[test]
fn what_postgres_has_no_place_for_is_no_reason_to_fail() {
    let Some(database) = database() else { return };
    let place = Place::new();
    place.write(
        "export.json",
        r#"{"conversations": [{"id": "8:live:ada", "displayName": "Ada", "MessageList": [
            {"id": "1", "originalarrivaltime": "0000-02-29T05:06:07Z", "messagetype": "Text", "content": "a\u0000b"}
        ]}]}"#,
    );
    import_well(&place, "export.json", &database);
    let message = database.client().query_one("select text, sent_at::text from skype.messages", &[]).unwrap();
    assert_eq!(message.get::<_, &str>(0), "a\u{FFFD}b");
    assert!(message.get::<_, &str>(1).starts_with("0001-02-29 "), "the year 0 is 1 BC: {}", message.get::<_, &str>(1));
}

#[test]
fn both_databases_tell_the_same_of_what_was_there_before() {
    let Some(database) = database() else { return };
    let place = Place::new();
    place.generate("--conversations 5 --messages 500 --seed 7 --output first.json");
    place.generate("--conversations 9 --messages 900 --seed 7 --output second.json");
    let loaded = |export: &str| {
        place.import_well(&[export, "--db", "skype.db", "--journal", &format!("{export}.journal")]);
        import_well(&place, export, &database);
        let in_sqlite = RunRecord::read(place.path(&format!("{export}.journal"))).unwrap().unwrap();
        [in_sqlite, recorded(&database)].map(|record| {
            let load = record.phase("load").unwrap().latest_report().cloned().unwrap();
            (load.result().cloned().unwrap(), load.counts())
        })
    };
    for export in ["first.json", "second.json"] {
        let [in_sqlite, in_postgres] = loaded(export);
        assert_eq!(in_postgres, in_sqlite);
    }
    assert!(rows_in_postgres(&mut database.client()) == rows_in_sqlite(&place.path("skype.db")), "the databases differ");
}

#[test]
fn the_same_export_again_changes_nothing_wherever_it_is() {
    let Some(database) = database() else { return };
    let (place, elsewhere) = (Place::new(), Place::new());
    place.generate(EXPORT);
    import_well(&place, "export.json", &database);
    let before = writers(&mut database.client());

    std::fs::copy(place.path("export.json"), elsewhere.path("export.json")).unwrap();
    for place in [place, elsewhere] {
        let printed = import_well(&place, "export.json", &database);
        assert!(printed.contains("skype-import: completed"), "{printed}");
        assert_eq!(writers(&mut database.client()), before);
        assert_eq!(place.names(), ["export.json"]);
    }
}

#[test]
fn another_export_is_another_run() {
    let Some(database) = database() else { return };
    let place = Place::new();
    for (night, messages) in [(1, 100), (2, 200)] {
        place.generate(&format!("--conversations 5 --messages {messages} --seed 3 --output export.json"));
        import_well(&place, "export.json", &database);
        let runs = PostgresRuns::connect(database.config()).unwrap().list_runs("skype-import", 10).unwrap();
        assert_eq!(runs.len(), night);
        assert!(runs[0].key.starts_with("skype-import/export.json/"), "{}", runs[0].key);
    }
}

#[test]
fn a_second_process_is_told_who_owns_the_run() {
    let Some(database) = database() else { return };
    let place = Place::new();
    place.generate(EXPORT);
    import_well(&place, "export.json", &database);
    // A run whose owner has just died is still its owner's.
    let mut client = database.client();
    let owned = "update etl_context.runs set owner = 'process 7 on host seven', expires = clock_timestamp() + interval '1 hour'";
    client.execute(owned, &[]).unwrap();

    let output = import(&place, "export.json", &database);
    assert_eq!(output.status.code(), Some(75), "{output:?}");
    let message = text(&output.stderr);
    assert_eq!(message.matches("is owned by process 7 on host seven").count(), 1, "{message}");
    assert_eq!(message.lines().count(), 1, "{message}");
}

#[test]
fn what_another_machine_has_staged_is_staged_again() {
    let Some(database) = database() else { return };
    let (place, elsewhere) = (Place::new(), Place::new());
    place.generate(EXPORT);
    import_well(&place, "export.json", &database);
    let mut client = database.client();
    let imported = rows_in_postgres(&mut client);
    forget(&mut client);

    std::fs::copy(place.path("export.json"), elsewhere.path("export.json")).unwrap();
    let mut halting = Halting::new(client);
    let arguments = ["export.json", "--postgres", &database.url()];
    // Its writes: the run, extract twice, transform twice, the start of load; then the first batch.
    halting.kill_in_write(7, &mut place.command("skype_import", &arguments));
    let_the_lease_expire(&mut halting.client);
    import_well(&elsewhere, "export.json", &database);

    let record = recorded(&database);
    let attempts = ["extract", "transform", "load"].map(|phase| record.phase(phase).unwrap().reports().len());
    assert_eq!(attempts, [2, 2, 2]);
    assert!(rows_in_postgres(&mut halting.client) == imported, "the rows differ");
}

#[test]
fn an_import_that_is_killed_again_and_again_has_all_rows_or_none() {
    let Some(database) = database() else { return };
    let place = Place::new();
    place.generate(EXPORT);
    import_well(&place, "export.json", &database);
    let mut client = database.client();
    let undisturbed = rows_in_postgres(&mut client);
    forget(&mut client);

    let mut halting = Halting::new(client);
    let arguments = ["export.json", "--postgres", &database.url()];
    let mut kill_in = |write: i64, into: &str| {
        let statement = halting.kill_in_write(write, &mut place.command("skype_import", &arguments));
        assert!(statement.contains(&format!("insert into {into}")), "write {write} is {statement}");
        assert_eq!(rows_and_end(&mut halting.client), (0, false), "after the kill in write {write}");
        let_the_lease_expire(&mut halting.client);
    };
    // As the run begins, as extract starts and twice as it ends, as transform starts and twice as it ends, as load starts. A
    // process that goes on first records the interruption and its own start.
    for write in [1, 2, 2, 3, 4, 2, 3, 4] {
        kill_in(write, "etl_context.events");
    }
    // In the first batch, in each of the thirteen, and as the phase ends with all rows written.
    for write in (2..=2).chain(3..=15) {
        kill_in(write, "skype.messages");
    }
    kill_in(16, "etl_context.events");
    import_well(&place, "export.json", &database);

    assert!(rows_in_postgres(&mut halting.client) == undisturbed, "the rows differ");
    assert_eq!(rows_and_end(&mut halting.client), (12_000, true));
    let record = recorded(&database);
    let interrupted = ["extract", "transform", "load"].map(|phase| {
        let reports = record.phase(phase).unwrap().reports();
        reports.iter().filter(|report| report.cause() == Some(FailureCause::Interrupted)).count()
    });
    println!("interrupted attempts at extract, transform and load: {interrupted:?}");
    assert!(interrupted[0] >= 2 && interrupted[1] >= 2 && interrupted[2] == 15, "{interrupted:?}");
    assert_eq!(place.names(), ["export.json"]);
}

/// As if nothing had been imported yet.
fn forget(client: &mut Client) {
    client.batch_execute("truncate skype.conversations, skype.people, skype.messages; delete from etl_context.runs").unwrap();
}

/// How many messages there are, and whether the load has completed, at one moment.
fn rows_and_end(client: &mut Client) -> (i64, bool) {
    const BOTH: &str = "
        select
            (select count(*) from skype.messages),
            exists (select from etl_context.events where phase = 'load' and status = 'completed')";
    let row = client.query_one(BOTH, &[]).unwrap();
    (row.get(0), row.get(1))
}
