//! Where is it measured? On a PostgreSQL server of its own, in a temporary folder, that syncs or does not.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use postgres::{Client, NoTls};
use tempfile::TempDir;

/// A server that stops when this is dropped.
pub struct Server {
    folder: TempDir,
    programs: PathBuf,
    databases: u32,
}

impl Server {
    /// Starts one. Its checkpoints are far apart, so that none falls into a sample.
    pub fn start() -> Server {
        let folder = TempDir::with_prefix("etl-context-benches-").unwrap();
        let server = Server { folder, programs: programs(), databases: 0 };
        if let Some(user) = unprivileged() {
            said("chown", &[user, &server.path()]);
        }
        server.run("initdb", &["-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"]);
        let options = "-c listen_addresses='' -c unix_socket_directories=.. -c max_connections=400 -c max_wal_size=8GB";
        server.run("pg_ctl", &["start", "-w", "-D", "data", "-l", "log", "-o", options]);
        server
    }

    /// Whether the server waits for the disk from now on.
    pub fn sync(&self, is_on: bool) {
        let mut client = self.client("postgres");
        let setting = if is_on { "on" } else { "off" };
        client.batch_execute(&format!("alter system set fsync = {setting}")).unwrap();
        client.batch_execute("select pg_reload_conf()").unwrap();
        while client.query_one("show fsync", &[]).unwrap().get::<_, &str>(0) != setting {}
        client.batch_execute("checkpoint").unwrap();
    }

    /// The name of an empty database.
    pub fn database(&mut self) -> String {
        self.databases += 1;
        let name = format!("bench_{}", self.databases);
        self.client("postgres").batch_execute(&format!("create database {name}")).unwrap();
        name
    }

    pub fn url(&self, database: &str) -> String {
        format!("host={} user=postgres dbname={database}", self.path())
    }

    pub fn client(&self, database: &str) -> Client {
        Client::connect(&self.url(database), NoTls).unwrap()
    }

    fn path(&self) -> String {
        self.folder.path().display().to_string()
    }

    /// Runs one of the server's programs, and not as root, which they refuse.
    fn run(&self, program: &str, arguments: &[&str]) {
        let program = self.programs.join(program);
        let mut command = match unprivileged() {
            None => Command::new(&program),
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(&program);
                command
            }
        };
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success(), "{} {arguments:?}", program.display());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.run("pg_ctl", &["stop", "-w", "-m", "immediate", "-D", "data"]);
    }
}

/// Whom the server runs as if this runs as root.
fn unprivileged() -> Option<&'static str> {
    let is_root = said("id", &["-u"]).as_deref() == Some("0");
    is_root.then(|| if said("id", &["-u", "postgres"]).is_some() { "postgres" } else { "nobody" })
}

/// Where the server's programs are: as Debian has them, or beside `pg_config`, or on the path.
fn programs() -> PathBuf {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin"));
    let configured = said("pg_config", &["--bindir"]).map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = debian.chain(configured).chain(env::split_paths(&path));
    let has_programs = |folder: &PathBuf| ["initdb", "pg_ctl"].iter().all(|program| Path::join(folder, program).exists());
    folders.find(has_programs).expect("a PostgreSQL server on this machine")
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
