//! What is said to the database? Statements that are prepared once, on a connection that is made anew when it breaks.

use std::collections::HashMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use postgres::types::ToSql;
use postgres::{Client, Row, Statement, Transaction};

use crate::journal::JournalError;
use crate::journal::postgres::call::{Call, GivenUp};
use crate::journal::postgres::database::Database;
use crate::journal::postgres::fault::Fault;

/// How long to wait before the database is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// In a transaction whose statements are planned for their very values.
pub(super) const PLANNED_ANEW: &str = "
    select pg_catalog.set_config(name, 'force_custom_plan', true) from pg_catalog.pg_settings where name = 'plan_cache_mode'";

/// The client, on its thread.
pub(super) struct Session {
    database: Database,
    client: Option<Client>,
    /// The statements that this connection has prepared.
    statements: HashMap<&'static str, Statement>,
    /// The call that is being made.
    call: Arc<Call>,
}

impl Session {
    pub(super) fn new(database: Database) -> Self {
        Session { database, client: None, statements: HashMap::new(), call: Arc::default() }
    }

    /// Does the work, again and again while the fault is one that passes and patience lasts. Once it is in doubt whether something
    /// has happened, it stays so over all tries, whatever the last one says, until somebody has looked.
    pub(super) fn make<T>(
        &mut self,
        call: Arc<Call>,
        patience: Duration,
        mut work: impl FnMut(&mut Session) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.call = call;
        let begun = Instant::now();
        loop {
            if self.call.is_given_up() {
                return Err(nobody_waits());
            }
            let fault = match work(self) {
                Ok(done) => return Ok(done),
                Err(fault) => fault,
            };
            let passes = fault.passes();
            if passes {
                self.disconnect();
            }
            if !passes || begun.elapsed() >= patience {
                return Err(if self.is_in_doubt() { Fault::InDoubt(Box::new(fault)) } else { fault });
            }
            thread::sleep(PAUSE);
        }
    }

    fn connect(&mut self) -> Result<(), Fault> {
        // What the events promise does not depend on how the database or the role is set up. And each statement finds what it needs by an
        // index, in its order: how large a table has become the server learns late, and takes one of many parts for an empty one. So one
        // plan is as good for all values, and is made once.
        const SETTINGS: &str = "
            set enable_seqscan = off; set enable_bitmapscan = off; set enable_sort = off;
            set enable_hashjoin = off; set enable_mergejoin = off; set jit = off;
            set search_path = pg_catalog, pg_temp;
            set default_transaction_isolation = 'read committed';
            set lock_timeout = '5s';
            select pg_catalog.set_config(name, 'force_generic_plan', false) from pg_catalog.pg_settings where name = 'plan_cache_mode';
            select pg_catalog.set_config('synchronous_commit', 'on', false) where pg_catalog.current_setting('synchronous_commit') = 'off'";
        if self.client.as_ref().is_none_or(Client::is_closed) {
            self.disconnect();
            let mut client = self.database.connect()?;
            client.batch_execute(SETTINGS)?;
            self.check_encoding(&mut client)?;
            self.client = Some(client);
        }
        Ok(())
    }

    /// What is recorded may have any character in it, and a database with another encoding has no place for most of them.
    fn check_encoding(&self, client: &mut Client) -> Result<(), Fault> {
        let encoding = client.query_one("select current_setting('server_encoding')", &[])?;
        match encoding.get(0) {
            "UTF8" => Ok(()),
            other => Err(Fault::Refused(JournalError::new(format!(
                "the {} has the encoding {other}, which cannot hold every text; create one with `encoding 'UTF8' template template0`",
                self.database
            )))),
        }
    }

    fn disconnect(&mut self) {
        self.client = None;
        self.statements.clear();
    }

    fn client(&mut self) -> Result<&mut Client, Fault> {
        self.connect()?;
        self.client.as_mut().ok_or_else(|| Fault::Refused(JournalError::new("there is no connection to the database")))
    }

    fn prepared(&mut self, sql: &'static str) -> Result<Statement, Fault> {
        // A connection that is made anew has prepared nothing.
        self.connect()?;
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client()?.prepare(sql)?;
        self.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    /// The rows of one statement, which is a transaction of its own.
    pub(super) fn query(&mut self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Fault> {
        let statement = self.prepared(sql)?;
        Ok(self.client()?.query(&statement, parameters)?)
    }

    /// The same of a statement that is planned for these very values: a long list of them is looked up in another way than one that might have
    /// any length.
    pub(super) fn query_anew(&mut self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Fault> {
        let mut transaction = self.transaction()?;
        transaction.execute(PLANNED_ANEW, &[])?;
        let rows = transaction.query(sql, parameters)?;
        transaction.commit()?;
        Ok(rows)
    }

    /// The only row of one statement, if there is one.
    pub(super) fn query_one(&mut self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>, Fault> {
        Ok(self.query(sql, parameters)?.into_iter().next())
    }

    /// The rows of a statement that must not be thought undone if it was done: without its answer, the call is in doubt.
    pub(super) fn change_rows(&mut self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Fault> {
        self.prepared(sql)?;
        self.sent(|session| session.query(sql, parameters))
    }

    /// The only row of such a statement, if there is one.
    pub(super) fn change(&mut self, sql: &'static str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Option<Row>, Fault> {
        Ok(self.change_rows(sql, parameters)?.into_iter().next())
    }

    /// Several statements that hold together, of which the same is true.
    pub(super) fn change_together<T>(&mut self, work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        self.client()?;
        self.sent(|session| {
            let mut transaction = session.transaction()?;
            let done = work(&mut transaction)?;
            transaction.commit()?;
            Ok(done)
        })
    }

    fn sent<T>(&mut self, work: impl FnOnce(&mut Session) -> Result<T, Fault>) -> Result<T, Fault> {
        let was_in_doubt = self.call.send().map_err(|GivenUp| nobody_waits())?;
        let outcome = work(self);
        // What was sent before may still be on its way.
        if !was_in_doubt && !outcome.as_ref().is_err_and(Fault::leaves_doubt) {
            self.call.settle();
        }
        outcome
    }

    /// Whether something was sent of which it is not known whether it has happened.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.call.is_in_doubt()
    }

    /// What was sent has not happened, and cannot happen any more.
    pub(super) fn settle(&mut self) {
        self.call.settle();
    }

    /// Several statements that hold together; dropped without a commit, they have not happened.
    pub(super) fn transaction(&mut self) -> Result<Transaction<'_>, Fault> {
        Ok(self.client()?.transaction()?)
    }
}

fn nobody_waits() -> Fault {
    Fault::Refused(JournalError::new("nobody waits for an answer of the database any more"))
}
