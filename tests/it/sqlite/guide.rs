//! What the page of the guide says of the tables is so.

use etl_context::Extract;

use super::database_file::DatabaseFile;

const PAGE: &str = include_str!("../../../docs/sqlite.md");

fn section(heading: &str) -> &'static str {
    let (_, section) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    section.split("\n## ").next().unwrap()
}

#[test]
fn its_statements_work() {
    let database = DatabaseFile::new();
    drop(database.begin("import/2026-11-25").start(Extract).unwrap().fail("no connection").unwrap());
    let connection = database.connection();
    let (_, sql) = section("The tables").split_once("```sql\n").unwrap();
    let statements: Vec<_> = sql.split("```").next().unwrap().split(';').filter(|sql| !sql.trim().is_empty()).collect();
    assert_eq!(statements.len(), 3);
    for sql in statements {
        let mut statement = connection.prepare(sql).unwrap();
        if statement.readonly() {
            let mut rows = statement.query([]).unwrap();
            let mut found = Vec::new();
            while let Some(row) = rows.next().unwrap() {
                found.push(row.get::<_, Option<String>>(4).unwrap());
            }
            assert!(matches!(found.last(), Some(Some(text)) if !text.is_empty()), "{sql}: {found:?}");
        } else {
            assert_eq!(statement.execute([]).unwrap(), 1, "{sql}");
        }
    }
    let left: i64 = connection.query_row("select count(*) from etl_context_events", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
}

#[test]
fn its_table_has_the_columns_of_the_runs() {
    let database = DatabaseFile::new();
    drop(database.open());
    let connection = database.connection();
    let statement = connection.prepare("select * from etl_context_runs").unwrap();
    let rows = section("The tables").lines().filter(|line| line.starts_with("| `"));
    let told: Vec<_> = rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2)).collect();
    assert_eq!(told, statement.column_names().collect::<Vec<_>>());
}

#[test]
fn the_refusal_that_it_shows_is_what_is_said() {
    let database = DatabaseFile::new();
    let journal = database.open().busy_timeout(std::time::Duration::ZERO);
    let mut load = etl_context::Run::builder("import").journal(journal).begin_dynamic().unwrap();
    load.start_phase("load", None).unwrap();
    let other = database.connection();
    other.execute_batch("begin immediate").unwrap();
    let said = load.checkpoint(&1).unwrap_err().to_string();
    other.execute_batch("rollback").unwrap();
    let (_, shown) = section("One writer at a time").split_once("```text\n").unwrap();
    let shown = shown.split("\n```").next().unwrap().replace('\n', " ");
    assert_eq!(said.replace(database.given(), "/data/runs.db"), shown);
}
