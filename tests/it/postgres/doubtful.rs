//! A database at the end of a way that breaks, which may refuse whoever comes back.

use std::time::Duration;

use etl_context::{Context, DbConfig, Etl, Event, Extract, Journal, PostgresJournal, Run, Running};

use super::patience::when_free;
use super::relay::Relay;
use super::server::{Role, TestDatabase, database};

/// Behind a way that breaks, as a role that can be refused.
pub(crate) struct Doubtful {
    pub(crate) database: TestDatabase,
    pub(crate) role: Role,
    pub(crate) relay: Relay,
}

const PASSWORD: &str = "until then";

impl Doubtful {
    pub(crate) fn new() -> Option<Self> {
        let database = database()?;
        let role = database.role(PASSWORD);
        let grant = format!("grant create on database {} to {}", database.config().dbname, role.0);
        database.client().batch_execute(&grant).unwrap();
        let relay = Relay::with(&database.config_of(&role, PASSWORD));
        Some(Doubtful { database, role, relay })
    }

    pub(crate) fn extracting(&self, lease: Duration) -> Context<Running<Extract>> {
        let journal = PostgresJournal::connect(self.relay.config()).unwrap().lease(lease);
        Run::builder("import").journal(journal).begin::<Etl>().unwrap().start(Extract).unwrap()
    }

    /// From now on, for those who connect.
    pub(crate) fn set(&self, what: &str) {
        let mut client = self.database.client();
        client.batch_execute("set default_transaction_read_only = off").unwrap();
        client.batch_execute(what).unwrap();
    }

    pub(crate) fn set_for_all(&self, setting: &str) {
        self.set(&format!("alter database {} set {setting}", self.database.config().dbname));
    }

    /// The rows that were recorded, as whoever opens the run again finds them.
    pub(crate) fn rows(&self) -> Vec<u64> {
        let config = DbConfig { user: "postgres".to_owned(), ..self.database.config() };
        let mut journal = when_free(PostgresJournal::connect(config).unwrap().key("import")).unwrap();
        let events = journal.load().unwrap();
        let rows = events.iter().filter_map(|event| match event {
            Event::Checkpointed { cursor, .. } => cursor.as_u64(),
            _ => None,
        });
        rows.collect()
    }
}
