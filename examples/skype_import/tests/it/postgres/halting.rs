//! Processes that are killed at a known place: in the middle of their n-th write to the database, before it is committed.

use std::process::{Command, Stdio};
use std::thread;

use postgres::Client;

/// Makes the n-th write of events or messages wait, as `halt_at` says, for a lock that the test holds. A sequence counts also
/// what is never committed.
const HALT: &str = "
    create sequence writes;
    create table halt_at (write bigint);
    insert into halt_at values (null);
    create function halt() returns trigger language plpgsql as $$
    begin
        if nextval('public.writes') = (select write from public.halt_at) then
            perform pg_advisory_lock(1);
        end if;
        return null;
    end $$;
    create trigger halt after insert on etl_context.events for each statement execute function halt();
    create trigger halt after insert on skype.messages for each statement execute function halt();
    select pg_advisory_lock(1)";

/// A database whose writers are halted.
pub(crate) struct Halting {
    /// The only client beside those that are killed.
    pub(crate) client: Client,
}

impl Halting {
    /// The tables have to be there.
    pub(crate) fn new(mut client: Client) -> Self {
        client.batch_execute(HALT).unwrap();
        Halting { client }
    }

    /// Starts the program, kills it in the middle of this write of its own, and ends what it has left on the server. Gives the
    /// statement that was being executed.
    pub(crate) fn kill_in_write(&mut self, write: i64, command: &mut Command) -> String {
        self.client.batch_execute("alter sequence writes restart").unwrap();
        self.client.execute("update halt_at set write = $1", &[&write]).unwrap();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let statement = loop {
            if let Some(statement) = self.waiting() {
                break statement;
            }
            assert!(child.try_wait().unwrap().is_none(), "the process ended before its write {write}");
            thread::yield_now();
        };
        child.kill().unwrap();
        child.wait().unwrap();
        self.client.execute("update halt_at set write = null", &[]).unwrap();
        self.disconnect_others();
        statement
    }

    fn waiting(&mut self) -> Option<String> {
        const WAITING: &str = "
            select query from pg_locks join pg_stat_activity using (pid)
            where datname = current_database() and locktype = 'advisory' and not granted";
        self.client.query_opt(WAITING, &[]).unwrap().map(|row| row.get(0))
    }

    /// A server notices only when it next writes to a client that the client is gone.
    fn disconnect_others(&mut self) {
        const OTHERS: &str = "
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid()";
        while !self.client.query(OTHERS, &[]).unwrap().is_empty() {
            thread::yield_now();
        }
    }
}
