//! A server that is gone without a word is noticed: while nothing is asked of it, the system looks every ten seconds whether it is
//! there, unless the program says otherwise.

use std::fs;
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::thread;
use std::time::Duration;

use etl_context::{Database, DbConfig, PostgresRuns};

use super::patience::eventually;

/// After how long the client of this database, which has said something and hears nothing, looks whether the server is there.
fn looks_after(database: impl FnOnce(SocketAddr) -> Database) -> Duration {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let database = database(server.local_addr().unwrap());
    let asking = thread::spawn(move || PostgresRuns::connect(database));
    let (mut connection, client) = server.accept().unwrap();
    connection.read_exact(&mut [0; 8]).unwrap();
    let looks = eventually("nothing is on its way", || time_to_look(client));
    drop(connection);
    assert!(asking.join().unwrap().is_err());
    looks
}

/// As `/proc/net/tcp` has it: `02` is the timer that looks whether the other side is there, and it runs in hundredths of a second.
fn time_to_look(client: SocketAddr) -> Option<Duration> {
    let port = format!(":{:04X}", client.port());
    let sockets = fs::read_to_string("/proc/net/tcp").unwrap();
    let mut sockets = sockets.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let timer = sockets.find(|socket| socket[1].ends_with(&port) && socket[3] == "01").unwrap()[5].to_owned();
    let hundredths = timer.strip_prefix("02:")?;
    Some(Duration::from_millis(10 * u64::from_str_radix(hundredths, 16).unwrap()))
}

#[test]
fn the_system_looks_for_the_server_every_ten_seconds() {
    let looks = looks_after(|at| DbConfig { host: at.ip().to_string(), port: at.port(), ..DbConfig::default() }.into());
    assert!(looks <= Duration::from_secs(10), "{looks:?}");
}

#[test]
fn a_program_may_have_it_look_at_other_times() {
    let looks = looks_after(|at| format!("host={} port={} keepalives_idle=1000", at.ip(), at.port()).into());
    assert!(looks > Duration::from_secs(900), "{looks:?}");
}
