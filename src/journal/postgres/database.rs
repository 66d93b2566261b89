//! Which database, and how is it reached?

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use postgres::config::Host;
use postgres::tls::{MakeTlsConnect, TlsConnect};
use postgres::{Client, Config, NoTls, Socket};

use crate::journal::JournalError;
use crate::journal::postgres::address;
use crate::journal::postgres::fault::Fault;

/// Where a PostgreSQL database is and who asks for it, as five plain values.
///
/// ```
/// use etl_context::DbConfig;
///
/// let config = DbConfig {
///     host: "db.example.org".into(),
///     dbname: "imports".into(),
///     user: "nightly".into(),
///     password: "secret".into(),
///     ..DbConfig::default()
/// };
/// assert_eq!(config.port, 5432);
/// assert!(!format!("{config:?}").contains("secret"));
/// ```
#[derive(Clone, PartialEq, Eq)]
#[allow(
    clippy::exhaustive_structs,
    reason = "programs write it as a literal; whatever else there is goes into a connection string"
)]
pub struct DbConfig {
    /// A name, an address, or the folder of a Unix socket.
    pub host: String,
    /// The port; 5432 unless it is set.
    pub port: u16,
    /// The database; that of the user's name if it is empty.
    pub dbname: String,
    /// The user; that of the operating system if it is empty.
    pub user: String,
    /// The password; none if it is empty. It is never shown.
    pub password: String,
}

impl Default for DbConfig {
    fn default() -> Self {
        let nothing = String::new;
        DbConfig { host: "localhost".to_owned(), port: 5432, dbname: nothing(), user: nothing(), password: nothing() }
    }
}

impl fmt::Debug for DbConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DbConfig { host, port, dbname, user, password: _ } = self;
        let mut shown = f.debug_struct("DbConfig");
        shown.field("host", host).field("port", port).field("dbname", dbname).field("user", user).finish_non_exhaustive()
    }
}

/// A PostgreSQL database and how to reach it: from a [`DbConfig`], a connection string as `psql` takes it, or a
/// [`postgres::Config`].
///
/// The connection is not encrypted unless [`with_tls`](Database::with_tls) says how.
#[derive(Clone)]
pub struct Database {
    /// `None` for a connection string that is none, or not a clear one.
    config: Option<Config>,
    connect: Arc<Connect>,
}

type Connect = dyn Fn(&Config) -> Result<Client, postgres::Error> + Send + Sync;

impl Database {
    fn new(config: Option<Config>) -> Self {
        Database { config, connect: Arc::new(|config| config.connect(NoTls)) }
    }

    /// Encrypts the connection, with a connector such as that of `postgres-native-tls` or `tokio-postgres-rustls`.
    #[must_use]
    pub fn with_tls<T>(mut self, connector: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::TlsConnect: Send,
        T::Stream: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        self.connect = Arc::new(move |config| config.connect(connector.clone()));
        self
    }

    /// # Errors
    ///
    /// For a connection string that is none. It may hold a password, so it is not shown.
    pub(super) fn check(&self) -> Result<(), JournalError> {
        match self.config {
            Some(_) => Ok(()),
            None => Err(JournalError::new(
                "the connection string cannot be read; it looks like `postgres://user:password@host:5432/dbname`, where an `@` \
                 in the password is written as `%40`, or `host=… port=… dbname=… user=… password=…`; a `DbConfig` takes every value as \
                 it is",
            )),
        }
    }

    /// A client of this database, for what a program loads there itself, as with
    /// [`run_in`](crate::PhaseScope::run_in). It must not be made or used on a thread of an asynchronous runtime.
    ///
    /// # Errors
    ///
    /// [`JournalError`] if the database cannot be reached.
    pub fn client(&self) -> Result<Client, JournalError> {
        self.check()?;
        let client = self.connect();
        client.map_err(|error| Fault::Database(error).saying(&format!("cannot connect to the {self}")))
    }

    /// How long it may take until every host was tried.
    pub(super) fn time_to_connect(&self) -> Duration {
        let config = self.config.as_ref();
        let hosts = config.map_or(1, |config| config.get_hosts().len().max(1));
        let each = config.and_then(Config::get_connect_timeout).copied().unwrap_or(PATIENCE);
        each.saturating_mul(u32::try_from(hosts).unwrap_or(u32::MAX))
    }

    pub(super) fn connect(&self) -> Result<Client, postgres::Error> {
        let mut config = self.config.clone().unwrap_or_default();
        notice_a_dead_server(&mut config);
        if config.get_application_name().is_none() {
            config.application_name("etl-context");
        }
        (self.connect)(&config)
    }
}

/// How long a server is waited for that does not answer, unless the author has said otherwise.
const PATIENCE: Duration = Duration::from_secs(10);

/// A server that is gone without a word is noticed within half a minute, unless the author has said otherwise.
fn notice_a_dead_server(config: &mut Config) {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(PATIENCE);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(3 * PATIENCE);
    }
    if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
        config.keepalives_idle(PATIENCE).keepalives_interval(PATIENCE).keepalives_retries(2);
    }
}

/// As in `database imports on db.example.org:5432`.
impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(config) = &self.config else { return f.write_str("database") };
        write!(f, "database {}", config.get_dbname().or(config.get_user()).unwrap_or("of the user's name"))?;
        for (index, host) in config.get_hosts().iter().enumerate() {
            let port = config.get_ports().get(index).or(config.get_ports().first()).unwrap_or(&5432);
            let before = if index == 0 { " on " } else { " or " };
            match host {
                Host::Tcp(host) => write!(f, "{before}{host}:{port}")?,
                #[cfg(unix)]
                Host::Unix(folder) => write!(f, "{before}{}:{port}", folder.display())?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({self})")
    }
}

impl From<&DbConfig> for Database {
    fn from(given: &DbConfig) -> Self {
        let mut config = Config::new();
        config.host(&given.host).port(given.port);
        if !given.dbname.is_empty() {
            config.dbname(&given.dbname);
        }
        if !given.user.is_empty() {
            config.user(&given.user);
        }
        if !given.password.is_empty() {
            config.password(&given.password);
        }
        Database::new(Some(config))
    }
}

impl From<DbConfig> for Database {
    fn from(config: DbConfig) -> Self {
        Database::from(&config)
    }
}

impl From<&str> for Database {
    fn from(connection_string: &str) -> Self {
        Database::new(address::read(connection_string))
    }
}

impl From<String> for Database {
    fn from(connection_string: String) -> Self {
        Database::from(connection_string.as_str())
    }
}

impl From<&String> for Database {
    fn from(connection_string: &String) -> Self {
        Database::from(connection_string.as_str())
    }
}

impl From<Config> for Database {
    fn from(config: Config) -> Self {
        Database::new(Some(config))
    }
}

impl From<&Database> for Database {
    fn from(database: &Database) -> Self {
        database.clone()
    }
}
