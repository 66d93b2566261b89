//! The third phase: makes the rows and writes them to the database, batch by batch. One thread makes them, another one writes.

#[cfg(feature = "postgres")]
pub(crate) mod postgres;
pub(crate) mod sqlite;

use std::fmt;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use serde::{Deserialize, Serialize};

use crate::error::{ImportError, Stop};
use crate::transform::{Cursor, Row, Rows};

/// As many are handed from one thread to the other: few enough to lie in the caches.
const ROWS_AT_ONCE: usize = 1_000;

/// As many lie ready while the database waits for its disk.
const CHUNKS_AHEAD: usize = 8;

/// Large enough to make the cost of a transaction small, small enough to lose little work with one.
const ROWS_IN_A_BATCH: usize = 10_000;

/// A database that takes rows.
pub(crate) trait Target {
    /// What was written and is not committed yet.
    type Written;

    fn write(&mut self, rows: &[Row]) -> Result<Loaded, ImportError>;

    /// Gives what was written last to whoever commits it.
    fn take_written(&mut self) -> Result<Self::Written, ImportError>;

    /// Puts the texts of edited messages in their place, once all rows are there.
    fn replace_edited(&mut self) -> Result<(), ImportError>;
}

/// A batch that is written, and to be committed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Batch {
    /// With it, a later load continues after this batch.
    pub(crate) cursor: Cursor,
    /// What this batch alone wrote.
    pub(crate) loaded: Loaded,
}

/// What became of the rows that were written.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Loaded {
    pub(crate) conversations: Written,
    pub(crate) people: Written,
    pub(crate) messages: Written,
}

#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Written {
    /// Rows that the table did not have.
    pub(crate) inserted: u64,
    /// Rows that the table had, by their primary key.
    pub(crate) updated: u64,
}

/// How many rows each table has. Databases count in `i64`.
#[derive(Debug, PartialEq)]
pub(crate) struct RowCounts {
    pub(crate) conversations: i64,
    pub(crate) people: i64,
    pub(crate) messages: i64,
}

impl fmt::Display for RowCounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} conversations, {} people, {} messages", self.conversations, self.people, self.messages)
    }
}

impl Loaded {
    pub(crate) fn add(&mut self, other: &Self) {
        self.conversations.add(&other.conversations);
        self.people.add(&other.people);
        self.messages.add(&other.messages);
    }
}

impl Written {
    pub(crate) fn rows(&self) -> u64 {
        self.inserted + self.updated
    }

    fn add(&mut self, other: &Self) {
        self.inserted += other.inserted;
        self.updated += other.updated;
    }
}

/// Loads the rows; `commit` gets each batch, and commits it.
///
/// Loading rows again changes nothing, so the rows may also begin before the end of what was loaded.
pub(crate) fn load<T: Target>(
    rows: Rows<'_>,
    target: &mut T,
    commit: &mut impl FnMut(&Batch, T::Written) -> Result<(), Stop>,
) -> Result<Loaded, ImportError> {
    thread::scope(|scope| {
        let (sender, made) = sync_channel(CHUNKS_AHEAD);
        let maker = scope.spawn(move || make(rows, &sender));
        let mut loading = Loading { target, commit, total: Loaded::default(), batch: None, rows: 0 };
        // With an error here the channel is closed, which ends the other thread.
        for made in made {
            let (rows, cursor) = made?;
            loading.write(&rows, cursor)?;
        }
        if let Err(panic) = maker.join() {
            std::panic::resume_unwind(panic);
        }
        loading.finish()
    })
}

type Made = Result<(Vec<Row>, Cursor), ImportError>;

/// Makes rows until there are no more, or nobody wants them.
fn make(mut rows: Rows<'_>, sender: &SyncSender<Made>) {
    loop {
        let made = rows.next_batch(ROWS_AT_ONCE).map(|batch| (in_order_of_keys(batch), rows.cursor()));
        let is_last = made.as_ref().is_ok_and(|(batch, _)| batch.is_empty());
        let is_error = made.is_err();
        if is_last || sender.send(made).is_err() || is_error {
            return;
        }
    }
}

/// An export has the newest message first, but a table that is filled from its end leaves a third of its pages empty. Rows with
/// one key stay as they come.
fn in_order_of_keys(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by(|one, other| match (one, other) {
        (Row::Message(one), Row::Message(other)) => {
            one.conversation_id.cmp(&other.conversation_id).then_with(|| one.id.cmp(&other.id))
        }
        (one, other) => matches!(one, Row::Message(_)).cmp(&matches!(other, Row::Message(_))),
    });
    rows
}

struct Loading<'a, T, C> {
    target: &'a mut T,
    commit: &'a mut C,
    total: Loaded,
    /// What was written since the last commit.
    batch: Option<Batch>,
    rows: usize,
}

impl<T: Target, C: FnMut(&Batch, T::Written) -> Result<(), Stop>> Loading<'_, T, C> {
    fn write(&mut self, rows: &[Row], cursor: Cursor) -> Result<(), ImportError> {
        let loaded = self.target.write(rows)?;
        let batch = self.batch.get_or_insert_with(|| Batch { cursor, loaded: Loaded::default() });
        batch.cursor = cursor;
        batch.loaded.add(&loaded);
        self.rows += rows.len();
        if self.rows >= ROWS_IN_A_BATCH { self.commit() } else { Ok(()) }
    }

    fn commit(&mut self) -> Result<(), ImportError> {
        self.rows = 0;
        let Some(batch) = self.batch.take() else { return Ok(()) };
        let written = self.target.take_written()?;
        self.total.add(&batch.loaded);
        (self.commit)(&batch, written).map_err(ImportError::Stopped)
    }

    fn finish(mut self) -> Result<Loaded, ImportError> {
        self.commit()?;
        self.target.replace_edited()?;
        Ok(self.total)
    }
}

#[cfg(test)]
mod tests;
