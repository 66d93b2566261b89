//! What `skype_import` has written, read back in the same form from both databases.

use std::path::Path;

use postgres::Client;
use rusqlite::Connection;

type Rows = Vec<Vec<Option<String>>>;

const TABLES: [(&str, &[&str]); 3] = [
    ("conversations", &["id", "display_name"]),
    ("people", &["id", "display_name"]),
    ("messages", &["conversation_id", "id", "sender", "sent_at", "type", "text"]),
];

/// Every row of the tables in `SQLite`, in order.
pub(crate) fn rows_in_sqlite(database: &Path) -> Rows {
    let connection = Connection::open(database).unwrap();
    let rows_of = |(table, columns): (&str, &[&str])| {
        let mut query = connection.prepare(&format!("select {} from {table}", columns.join(", "))).unwrap();
        let cells = |row: &rusqlite::Row<'_>| (0..columns.len()).map(|column| row.get(column)).collect();
        query.query_map([], cells).unwrap().collect::<Result<Rows, _>>().unwrap()
    };
    sorted(TABLES.into_iter().flat_map(rows_of))
}

/// Every row of the tables in PostgreSQL, in order, with times as `SQLite` has them.
pub(crate) fn rows_in_postgres(client: &mut Client) -> Rows {
    let rows_of = |(table, columns): (&str, &[&str])| {
        let columns = columns.iter().map(|column| match *column {
            "sent_at" => r#"to_char(sent_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"#,
            column => column,
        });
        let query = format!("select {} from skype.{table}", columns.collect::<Vec<_>>().join(", "));
        let rows = client.query(&query, &[]).unwrap();
        rows.iter().map(|row| (0..row.len()).map(|column| row.get(column)).collect()).collect::<Rows>()
    };
    sorted(TABLES.into_iter().flat_map(rows_of))
}

fn sorted(rows: impl Iterator<Item = Vec<Option<String>>>) -> Rows {
    let mut rows: Rows = rows.collect();
    rows.sort();
    rows
}

/// Which transaction wrote each row: the same again only if nothing has touched it.
pub(crate) fn writers(client: &mut Client) -> Vec<String> {
    const WRITERS: &str = "
        select 'conversation ' || id || ' ' || xmin::text from skype.conversations
        union all select 'person ' || id || ' ' || xmin::text from skype.people
        union all select 'message ' || conversation_id || ' ' || id || ' ' || xmin::text from skype.messages
        union all select 'event ' || run_id || ' ' || seq || ' ' || xmin::text from etl_context.events
        order by 1";
    client.query(WRITERS, &[]).unwrap().iter().map(|row| row.get(0)).collect()
}
