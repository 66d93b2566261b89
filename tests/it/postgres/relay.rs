//! A way to the server that breaks when it is told to: after a number of bytes, or after the server has committed what it was asked to
//! and before it has said so; and a way on which everything stands still.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use etl_context::DbConfig;
use postgres::{Client, NoTls};
use tempfile::TempDir;

use super::server::TestDatabase;

/// As the server's own socket is called.
const SOCKET: &str = ".s.PGSQL.5432";

pub(crate) struct Relay {
    config: DbConfig,
    way: Arc<Way>,
    _folder: TempDir,
}

/// What is to become of what is passed on.
#[derive(Default)]
struct Way {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    is_to_lose_an_answer: bool,
    /// After how many bytes a connection is cut, whoever sends them.
    left: Option<usize>,
    stands_still: bool,
    connections: usize,
}

impl Relay {
    /// Its threads end with the tests.
    pub(crate) fn to(database: &TestDatabase) -> Self {
        Relay::with(&database.config())
    }

    pub(crate) fn with(config: &DbConfig) -> Self {
        let folder = TempDir::new().unwrap();
        let listener = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        let (server, way) = (PathBuf::from(&config.host).join(SOCKET), Arc::new(Way::default()));
        let state = Arc::clone(&way);
        thread::spawn(move || {
            for client in listener.incoming() {
                state.state().connections += 1;
                // A server that is gone is not reached.
                if let Ok(server) = UnixStream::connect(&server) {
                    connect(client.unwrap(), server, &state);
                }
            }
        });
        let config = DbConfig { host: folder.path().display().to_string(), ..config.clone() };
        Relay { config, way, _folder: folder }
    }

    pub(crate) fn config(&self) -> DbConfig {
        self.config.clone()
    }

    pub(crate) fn client(&self) -> Client {
        let DbConfig { host, dbname, user, .. } = &self.config;
        Client::connect(&format!("host={host} dbname={dbname} user={user}"), NoTls).unwrap()
    }

    /// The next answer that says that something is committed is lost, and the connection with it.
    pub(crate) fn lose_an_answer(&self) {
        self.way.state().is_to_lose_an_answer = true;
    }

    /// Whether that has happened.
    pub(crate) fn has_lost_it(&self) -> bool {
        !self.way.state().is_to_lose_an_answer
    }

    /// After so many bytes, the connection is cut that the next one comes by.
    pub(crate) fn cut_after(&self, bytes: usize) {
        self.way.state().left = Some(bytes);
    }

    /// Everything stays connected, and nothing is passed on any more.
    pub(crate) fn stand_still(&self) {
        self.way.state().stands_still = true;
    }

    /// What has been waiting is passed on, late as it is.
    pub(crate) fn go_on(&self) {
        self.way.state().stands_still = false;
        self.way.changed.notify_all();
    }

    /// How often somebody has connected.
    pub(crate) fn connections(&self) -> usize {
        self.way.state().connections
    }
}

/// Nothing waits for ever when a test ends.
impl Drop for Relay {
    fn drop(&mut self) {
        self.go_on();
    }
}

impl Way {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many of these bytes are passed on, once anything is.
    fn allowed(&self, bytes: usize) -> usize {
        let mut state = self.state();
        while state.stands_still {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let Some(left) = state.left else { return bytes };
        let allowed = left.min(bytes);
        state.left = (allowed == bytes).then(|| left - allowed);
        allowed
    }
}

fn connect(client: UnixStream, server: UnixStream, way: &Arc<Way>) {
    let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let (asked, answered) = (Arc::clone(way), Arc::clone(way));
    thread::spawn(move || {
        let cut = pass_on(&from_client, &to_server, &asked, |_| Heard::Passed).is_ok_and(|cut| cut);
        let _ = to_server.shutdown(Shutdown::Both);
        // A connection that is cut is so for both sides.
        let _ = if cut { from_client.shutdown(Shutdown::Both) } else { Ok(()) };
    });
    thread::spawn(move || {
        let _ = pass_on(&server, &client, &answered, |said| answered.hears(said));
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    });
}

/// What becomes of something that was said.
enum Heard {
    Passed,
    Kept,
    Lost,
}

/// Passes on what is said; true if the connection was cut.
fn pass_on(mut from: &UnixStream, mut to: &UnixStream, way: &Way, hears: impl Fn(&[u8]) -> Heard) -> std::io::Result<bool> {
    let mut said = Vec::new();
    let mut more = [0; 8192];
    loop {
        let length = from.read(&mut more)?;
        if length == 0 {
            return Ok(false);
        }
        said.extend(&more[..length]);
        match hears(&said) {
            Heard::Kept => continue,
            Heard::Lost => return Ok(true),
            Heard::Passed => {}
        }
        let allowed = way.allowed(said.len());
        to.write_all(&said[..allowed])?;
        if allowed < said.len() {
            return Ok(true);
        }
        said.clear();
    }
}

impl Way {
    /// Of what the server says, an answer may be to be lost.
    fn hears(&self, said: &[u8]) -> Heard {
        let mut state = self.state();
        if !state.is_to_lose_an_answer || is_in_transaction(said) {
            return Heard::Passed;
        }
        if is_committed(said) {
            state.is_to_lose_an_answer = false;
            return Heard::Lost;
        }
        Heard::Kept
    }
}

/// Whether the server says at last that it is ready for the next query, and that no transaction is open.
fn is_committed(said: &[u8]) -> bool {
    said.ends_with(&[b'Z', 0, 0, 0, 5, b'I'])
}

fn is_in_transaction(said: &[u8]) -> bool {
    said.ends_with(&[b'Z', 0, 0, 0, 5, b'T'])
}
