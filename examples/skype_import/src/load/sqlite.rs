//! The `SQLite` database: its tables, and how rows get into them.

mod foreign;
mod runs;

use std::path::{Path, PathBuf};

use rusqlite::{CachedStatement, Connection, ToSql, Transaction, TransactionBehavior};

use super::{Loaded, RowCounts, Target, Written};
use crate::error::ImportError;
use crate::transform::{MessageRow, Named, Row};

pub(crate) use foreign::{Standing, standing};
pub(crate) use runs::runs_of;

/// Without rowids, `SQLite` keeps the rows in the order of their primary keys and refuses a null in them. All of them are there, or
/// none, and the disk is waited for once.
const TABLES: &str = "
    BEGIN;
    CREATE TABLE IF NOT EXISTS conversations (
        id           TEXT PRIMARY KEY,
        display_name TEXT
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS people (
        id           TEXT PRIMARY KEY,
        display_name TEXT
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS messages (
        conversation_id TEXT,
        id              TEXT,
        sender          TEXT,
        sent_at         TEXT NOT NULL,
        type            TEXT,
        text            TEXT,
        content         TEXT,
        edited_at       TEXT,
        deleted_at      TEXT,
        version         INTEGER NOT NULL,
        replaces        TEXT,
        PRIMARY KEY (conversation_id, id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS messages_that_replace ON messages (conversation_id, replaces) WHERE replaces IS NOT NULL;
    COMMIT;";

/// Of a new database: rows with texts are long, and in larger pages fewer of them have to move.
const PAGES: &str = "PRAGMA page_size = 16384";

/// What is committed is on the disk, and readers need not wait.
const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 2000;";

/// One file, for whoever copies it.
const ONE_FILE: &str = "PRAGMA journal_mode = DELETE";

const INSERT_CONVERSATION: &str = "INSERT INTO conversations (id, display_name) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
/// A name that is known is better than none.
const UPDATE_CONVERSATION: &str = "UPDATE conversations SET display_name = coalesce(?2, display_name) WHERE id = ?1";

const INSERT_PERSON: &str = "INSERT INTO people (id, display_name) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
const UPDATE_PERSON: &str = "UPDATE people SET display_name = coalesce(?2, display_name) WHERE id = ?1";

const INSERT_MESSAGE: &str = "
    INSERT INTO messages
        (conversation_id, id, sender, sent_at, type, text, content, edited_at, deleted_at, version, replaces)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING";
/// The export may have an earlier version of it behind a later one.
const UPDATE_MESSAGE: &str = "
    UPDATE messages
    SET sender = ?3, sent_at = ?4, type = ?5, text = ?6, content = ?7, edited_at = ?8, deleted_at = ?9, version = ?10, replaces = ?11
    WHERE conversation_id = ?1 AND id = ?2 AND version <= ?10";

/// Of several that replace one message the latest counts: beside `max`, `SQLite` gives the other columns of the same row. One
/// whose original is not here stands for itself.
const REPLACE_EDITED: &str = "
    BEGIN;
    UPDATE messages
    SET text = later.text, content = later.content, edited_at = later.edited_at, deleted_at = later.deleted_at, version = later.version
    FROM (
        SELECT conversation_id, replaces, text, content, edited_at, deleted_at, max(version) AS version
        FROM messages WHERE replaces IS NOT NULL GROUP BY conversation_id, replaces
    ) AS later
    WHERE messages.conversation_id = later.conversation_id AND messages.id = later.replaces AND messages.version <= later.version;
    DELETE FROM messages
    WHERE replaces IS NOT NULL AND EXISTS (
        SELECT 1 FROM messages AS original
        WHERE original.conversation_id = messages.conversation_id AND original.id = messages.replaces
    );
    COMMIT;";

const COUNT_ROWS: &str = "
    SELECT (SELECT count(*) FROM conversations), (SELECT count(*) FROM people), (SELECT count(*) FROM messages)";

pub(crate) struct Database {
    file: PathBuf,
    connection: Connection,
}

impl Database {
    /// Opens the database, and creates what it lacks.
    pub(crate) fn open(file: &Path) -> Result<Self, ImportError> {
        let connection = Connection::open(file)
            .and_then(|connection| {
                connection.execute_batch(PAGES)?;
                connection.execute_batch(TABLES)?;
                Ok(connection)
            })
            .map_err(cannot("open", file))?;
        Ok(Self { file: file.to_path_buf(), connection })
    }

    /// The same, to write many rows.
    pub(crate) fn open_to_load(file: &Path) -> Result<Self, ImportError> {
        let database = Self::open(file)?;
        database.run("open", SETTINGS)?;
        Ok(database)
    }

    pub(crate) fn row_counts(&self) -> Result<RowCounts, ImportError> {
        let counts = self.connection.query_row(COUNT_ROWS, [], |row| {
            Ok(RowCounts { conversations: row.get(0)?, people: row.get(1)?, messages: row.get(2)? })
        });
        counts.map_err(cannot("read", &self.file))
    }

    /// Whoever copies the file has all of it then. That another program reads it just now is no reason to fail.
    pub(crate) fn close_as_one_file(self) {
        let _ = self.connection.query_row(ONE_FILE, [], |_| Ok(()));
    }

    /// To write to.
    pub(crate) fn tables(&self) -> Tables<'_> {
        Tables { database: self, transaction: None }
    }

    fn run(&self, action: &'static str, statements: &str) -> Result<(), ImportError> {
        self.connection.execute_batch(statements).map_err(cannot(action, &self.file))
    }
}

/// The tables of a database that rows are written to.
pub(crate) struct Tables<'a> {
    database: &'a Database,
    /// What is written and not committed. It is rolled back if it is dropped.
    transaction: Option<Transaction<'a>>,
}

impl Tables<'_> {
    fn write_rows(&mut self, rows: &[Row]) -> rusqlite::Result<Loaded> {
        let transaction = match self.transaction.take() {
            Some(transaction) => transaction,
            None => begin(&self.database.connection)?,
        };
        let loaded = write_rows(&transaction, rows)?;
        self.transaction = Some(transaction);
        Ok(loaded)
    }
}

fn begin(connection: &Connection) -> rusqlite::Result<Transaction<'_>> {
    Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
}

fn write_rows(connection: &Connection, rows: &[Row]) -> rusqlite::Result<Loaded> {
    let cached = |statement| connection.prepare_cached(statement);
    let mut conversations = Upsert { insert: cached(INSERT_CONVERSATION)?, update: cached(UPDATE_CONVERSATION)? };
    let mut people = Upsert { insert: cached(INSERT_PERSON)?, update: cached(UPDATE_PERSON)? };
    let mut messages = Upsert { insert: cached(INSERT_MESSAGE)?, update: cached(UPDATE_MESSAGE)? };
    let mut loaded = Loaded::default();
    for row in rows {
        match row {
            Row::Conversation(named) => conversations.write(&named_values(named), &mut loaded.conversations)?,
            Row::Person(named) => people.write(&named_values(named), &mut loaded.people)?,
            Row::Message(message) => messages.write(&message_values(message), &mut loaded.messages)?,
        }
    }
    Ok(loaded)
}

impl<'a> Target for Tables<'a> {
    type Written = Transaction<'a>;

    /// With an error, or without a commit, nothing is written.
    fn write(&mut self, rows: &[Row]) -> Result<Loaded, ImportError> {
        self.write_rows(rows).map_err(cannot("write", &self.database.file))
    }

    fn take_written(&mut self) -> Result<Transaction<'a>, ImportError> {
        let database = self.database;
        self.transaction.take().map_or_else(|| begin(&database.connection), Ok).map_err(cannot("write", &database.file))
    }

    fn replace_edited(&mut self) -> Result<(), ImportError> {
        self.database.run("write", REPLACE_EDITED)
    }
}

fn cannot(action: &'static str, file: &Path) -> impl FnOnce(rusqlite::Error) -> ImportError {
    move |problem| ImportError::Database { action, file: file.to_path_buf(), problem }
}

fn named_values(Named { id, display_name }: &Named) -> [&dyn ToSql; 2] {
    [id, display_name]
}

fn message_values(message: &MessageRow) -> [&dyn ToSql; 11] {
    let MessageRow { conversation_id, id, sender, sent_at, message_type, text, content, .. } = message;
    let MessageRow { edited_at, deleted_at, version, replaces, .. } = message;
    [conversation_id, id, sender, sent_at, message_type, text, content, edited_at, deleted_at, version, replaces]
}

/// Two statements instead of `SQLite`'s own upsert, because that does not tell whether the row was there.
struct Upsert<'a> {
    insert: CachedStatement<'a>,
    update: CachedStatement<'a>,
}

impl Upsert<'_> {
    fn write(&mut self, values: &[&dyn ToSql], written: &mut Written) -> rusqlite::Result<()> {
        if self.insert.execute(values)? == 1 {
            written.inserted += 1;
        } else {
            self.update.execute(values)?;
            written.updated += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
