//! A way to the server that breaks when it is told to: after the server has committed what it was asked to, and before it has said so.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use etl_context::DbConfig;
use postgres::{Client, NoTls};
use tempfile::TempDir;

use super::server::TestDatabase;

/// As the server's own socket is called.
const SOCKET: &str = ".s.PGSQL.5432";

pub(crate) struct Relay {
    config: DbConfig,
    is_to_break: Arc<AtomicBool>,
    _folder: TempDir,
}

impl Relay {
    /// Its threads end with the tests.
    pub(crate) fn to(database: &TestDatabase) -> Self {
        let folder = TempDir::new().unwrap();
        let listener = UnixListener::bind(folder.path().join(SOCKET)).unwrap();
        let config = database.config();
        let (server, is_to_break) = (PathBuf::from(&config.host).join(SOCKET), Arc::new(AtomicBool::new(false)));
        let breaks = Arc::clone(&is_to_break);
        thread::spawn(move || {
            for client in listener.incoming() {
                connect(client.unwrap(), UnixStream::connect(&server).unwrap(), &breaks);
            }
        });
        let config = DbConfig { host: folder.path().display().to_string(), ..config };
        Relay { config, is_to_break, _folder: folder }
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
        self.is_to_break.store(true, Ordering::SeqCst);
    }

    /// Whether that has happened.
    pub(crate) fn has_lost_it(&self) -> bool {
        !self.is_to_break.load(Ordering::SeqCst)
    }
}

fn connect(client: UnixStream, server: UnixStream, is_to_break: &Arc<AtomicBool>) {
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Both);
    });
    let breaks = Arc::clone(is_to_break);
    thread::spawn(move || {
        let _ = pass_on(&server, &client, &breaks);
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    });
}

/// Passes on what the server says, until an answer is to be lost.
fn pass_on(mut server: &UnixStream, mut client: &UnixStream, is_to_break: &AtomicBool) -> std::io::Result<()> {
    let mut said = Vec::new();
    let mut more = [0; 8192];
    loop {
        let length = server.read(&mut more)?;
        said.extend(&more[..length]);
        if length == 0 {
            return Ok(());
        }
        if is_to_break.load(Ordering::SeqCst) && !is_in_transaction(&said) {
            if is_committed(&said) {
                is_to_break.store(false, Ordering::SeqCst);
                return Ok(());
            }
            continue;
        }
        client.write_all(&said)?;
        said.clear();
    }
}

/// Whether the server says at last that it is ready for the next query, and that no transaction is open.
fn is_committed(said: &[u8]) -> bool {
    said.ends_with(&[b'Z', 0, 0, 0, 5, b'I'])
}

fn is_in_transaction(said: &[u8]) -> bool {
    said.ends_with(&[b'Z', 0, 0, 0, 5, b'T'])
}
