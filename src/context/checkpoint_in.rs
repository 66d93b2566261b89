//! How is a batch committed together with its cursor? In one transaction of the database that holds the run, so that no batch is loaded
//! twice and none is left out.

use serde::Serialize;

use crate::context::Context;
use crate::context::scope::RunningPhase;
use crate::error::Error;
use crate::journal::transaction::JournalTransaction;
use crate::pipeline::phase::Phase;
use crate::pipeline::state::Running;

impl<Ph: Phase> RunningPhase<'_, Ph> {
    /// Commits a transaction of the caller's with a checkpoint in it: what was written in the transaction and from where a later attempt
    /// goes on are in the database together, or neither is. The transaction, a `postgres::Transaction` or a `rusqlite::Transaction`, has
    /// to be one of the database that holds the run's journal, and it is over when this returns.
    ///
    /// ```
    /// # #[cfg(feature = "sqlite")]
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use etl_context::{Context, Counts, Etl, Extract, Run, RunningPhase, SqliteJournal};
    /// use rusqlite::Connection;
    ///
    /// type Failure = Box<dyn std::error::Error + Send + Sync>;
    ///
    /// fn copy(rows: &[&str], extract: &mut RunningPhase<'_, Extract>, connection: &mut Connection) -> Result<(), Failure> {
    ///     let mut done: usize = extract.resume_point()?.unwrap_or(0);
    ///     for batch in rows[done..].chunks(1_000) {
    ///         let transaction = connection.transaction()?;
    ///         for row in batch {
    ///             transaction.execute("insert into rows values (?1)", [row])?;
    ///         }
    ///         done += batch.len();
    ///         extract.update_progress(Counts { conversations: 0, messages: batch.len() as u64 });
    ///         extract.checkpoint_in(transaction, &done)?; // the batch and its cursor, together or not at all
    ///     }
    ///     Ok(())
    /// }
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("rows.db");
    /// let context = Run::builder("import").journal(SqliteJournal::open(&path)?).begin::<Etl>()?;
    /// let mut connection = Connection::open(&path)?;
    /// # connection.execute_batch("create table rows (row text)")?;
    /// let (copied, ()) = context.phase(Extract).run(|extract| copy(&["a", "b"], extract, &mut connection))?;
    /// # assert_eq!(connection.query_row("select count(*) from rows", [], |row| row.get::<_, i64>(0))?, 2);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "sqlite"))]
    /// # fn main() {}
    /// ```
    ///
    /// Count what is in the batch before: the checkpoint tells of it. While the transaction is open, no other event of the run can be
    /// recorded in SQLite, where one connection writes at a time.
    ///
    /// # Errors
    ///
    /// As [`checkpoint`](RunningPhase::checkpoint). [`Error::Journal`] also if the run has no journal in such a database, or one in
    /// another database, and if the transaction cannot be committed. With an error, the transaction was rolled back; only if
    /// [it is not known](crate::JournalError::is_in_doubt) whether it was committed, whoever opens the run again finds out.
    pub fn checkpoint_in<C: Serialize + ?Sized>(
        &mut self,
        transaction: impl JournalTransaction,
        cursor: &C,
    ) -> Result<(), Error> {
        self.engine.checkpoint_in(transaction, cursor)
    }
}

impl<Ph: Phase, P> Context<Running<Ph>, P> {
    /// Commits a transaction of the caller's with a checkpoint in it: see [`RunningPhase::checkpoint_in`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn checkpoint_in<C: Serialize + ?Sized>(
        &mut self,
        transaction: impl JournalTransaction,
        cursor: &C,
    ) -> Result<(), Error> {
        self.engine.checkpoint_in(transaction, cursor)
    }
}
