//! The table of a caller's own that transactions fill, in the database in which the run is.

use rusqlite::Connection;

use super::database_file::DatabaseFile;

pub(crate) fn target(database: &DatabaseFile) -> Connection {
    let connection = database.connection();
    connection.execute_batch("create table if not exists target (row integer primary key)").unwrap();
    connection
}

pub(crate) fn rows(connection: &Connection) -> i64 {
    connection.query_row("select count(*) from target", [], |row| row.get(0)).unwrap()
}
