//! What `docs/postgres.md` says of the tables is so.

use etl_context::{DbConfig, Error, Etl, Extract, PostgresJournal, PostgresRuns, PostgresWorker, Run};
use postgres::Client;

use super::server::{TestDatabase, database};

const PAGE: &str = include_str!("../../../docs/postgres.md");

/// A run that failed, and its database.
fn failed_run() -> Option<TestDatabase> {
    let database = database()?;
    let journal = PostgresJournal::connect(database.config()).unwrap().key("import/2026-11-23");
    let context = Run::builder("import").journal(journal).begin::<Etl>().unwrap();
    drop(context.phase(Extract).run(|_| Err::<(), _>("the export is empty")).unwrap_err());
    Some(database)
}

/// As they are, in their order.
const COLUMNS: &str = "
    select column_name::text, replace(data_type, 'timestamp with time zone', 'timestamptz')
    from information_schema.columns
    where table_schema = 'etl_context' and table_name = $1 order by ordinal_position";

/// The page's blocks of SQL, in their order.
fn statements() -> impl Iterator<Item = &'static str> {
    PAGE.split("```sql\n").skip(1).map(|block| block.split("```").next().unwrap())
}

#[test]
fn every_column_is_in_a_table_of_the_page_with_its_type() {
    let Some(database) = failed_run() else { return };
    let mut client = database.client();
    for (table, heading) in [
        ("run_list", "For `psql` there is the view `etl_context.run_list`"),
        ("runs", "`etl_context.runs` has"),
        ("events", "`etl_context.events` has"),
    ] {
        let section = PAGE.split(heading).nth(1).unwrap();
        let rows = section.lines().skip_while(|line| !line.starts_with("| `")).take_while(|line| line.starts_with("| `"));
        let told: Vec<[String; 2]> = rows.map(first_two_cells).collect();
        let columns: Vec<[String; 2]> =
            client.query(COLUMNS, &[&table]).unwrap().iter().map(|row| [row.get(0), row.get(1)]).collect();
        assert_eq!(told, columns, "the columns of {table}");
    }
}

fn first_two_cells(row: &str) -> [String; 2] {
    let mut cells = row.split('|').skip(1).map(|cell| cell.trim().replace('`', ""));
    [cells.next().unwrap(), cells.next().unwrap()]
}

#[test]
fn every_statement_does_what_it_is_shown_for() {
    let Some(database) = failed_run() else { return };
    let mut client = database.client();
    client.batch_execute("create role nightly login; create role worker login; create role watcher login").unwrap();
    let mut statements = statements();
    let mut next = || statements.next().unwrap();

    let list = &client.query(next(), &[]).unwrap()[0];
    assert_eq!([list.get::<_, &str>(0), list.get(1)], ["import/2026-11-23", "failed"]);
    let (what_happened, what_went_wrong) = next().split_once("\n\n").unwrap();
    let happened = client.query(what_happened, &[]).unwrap();
    let happened: Vec<[Option<&str>; 3]> = happened.iter().map(|row| [row.get(2), row.get(3), row.get(4)]).collect();
    let of_extract = |event, status| [Some(event), Some("extract"), Some(status)];
    let expected = [[Some("run_began"), None, None], of_extract("phase_started", "running"), of_extract("phase_ended", "failed")];
    assert_eq!(happened, expected);
    assert_eq!(client.query(what_went_wrong, &[]).unwrap()[0].get::<_, &str>(2), "the export is empty");

    let (delete_one, delete_old) = next().split_once("\n\n").unwrap();
    assert_eq!(client.execute(delete_old, &[]).unwrap(), 0);
    assert_eq!(client.execute(delete_one, &[]).unwrap(), 1);
    assert_eq!(count(&mut client, "etl_context.events"), 0);

    client.batch_execute(next()).unwrap();
    assert_the_privileges_are_enough(&database);
}

fn count(client: &mut Client, table: &str) -> i64 {
    client.query_one(&format!("select count(*) from {table}"), &[]).unwrap().get(0)
}

fn assert_the_privileges_are_enough(database: &TestDatabase) {
    let as_user = |user: &str| DbConfig { user: user.to_owned(), ..database.config() };
    let journal = PostgresJournal::connect(as_user("nightly")).unwrap();
    let context = Run::builder("import").journal(journal).begin::<Etl>().unwrap();
    let worker = PostgresWorker::connect(as_user("worker"), "import").unwrap();
    let (extracted, ()) = context
        .phase(Extract)
        .run(|extract| -> Result<(), Error> {
            let parts = extract.parts(["2024-01", "2024-02"])?;
            parts.claim()?.unwrap().complete()?;
            assert_eq!(worker.work(Extract, |_| Ok::<_, Error>(()))?, 1);
            parts.finish()
        })
        .unwrap();
    drop(extracted);

    let watcher = PostgresRuns::connect(as_user("watcher")).unwrap();
    let listed = watcher.list_runs("import", 1).unwrap().remove(0);
    assert!(watcher.read(listed.run_id).unwrap().is_some());
    let refused = PostgresJournal::connect(as_user("watcher")).map(|journal| journal.key("other"));
    let begun = Run::builder("import").journal(refused.unwrap()).begin::<Etl>();
    assert!(begun.unwrap_err().to_string().contains("permission denied"));
}
