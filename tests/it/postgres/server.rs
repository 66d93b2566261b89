//! A PostgreSQL server of the tests' own, in a temporary folder, reached by a socket in that folder.

use std::io::Write;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child as Process, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};
use std::{env, fs};

use etl_context::DbConfig;
use postgres::{Client, NoTls};
use tempfile::TempDir;

use super::patience::eventually;

/// The server that all tests share. It stops when the last of them has ended.
static SHARED: Mutex<Weak<Server>> = Mutex::new(Weak::new());

/// A database that nobody else uses.
pub(crate) struct TestDatabase {
    server: Arc<Server>,
    name: String,
}

/// An empty database; `None` if there is no PostgreSQL on this machine, which the gate does not let pass.
pub(crate) fn database() -> Option<TestDatabase> {
    database_with("")
}

/// The same, created with these options.
pub(crate) fn database_with(options: &str) -> Option<TestDatabase> {
    let programs = programs()?;
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let server = shared.upgrade().unwrap_or_else(|| Arc::new(Server::start(programs)));
    *shared = Arc::downgrade(&server);
    Some(TestDatabase::new(server, options))
}

/// An empty database on a server that nobody else uses, so that it can be killed.
pub(crate) fn database_of_its_own() -> Option<TestDatabase> {
    programs().map(|programs| TestDatabase::new(Arc::new(Server::start(programs)), ""))
}

impl TestDatabase {
    fn new(server: Arc<Server>, options: &str) -> Self {
        static DATABASES: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        server.client("postgres").batch_execute(&format!("create database {name} {options}")).unwrap();
        TestDatabase { server, name }
    }

    /// How the database is reached, as a connection string.
    pub(crate) fn url(&self) -> String {
        self.server.url(&self.name)
    }

    pub(crate) fn config(&self) -> DbConfig {
        let host = self.server.folder.path().display().to_string();
        DbConfig { host, dbname: self.name.clone(), user: "postgres".into(), ..DbConfig::default() }
    }

    pub(crate) fn client(&self) -> Client {
        self.server.client(&self.name)
    }

    /// How a role with a password reaches the database, that of its creation or another one.
    pub(crate) fn config_of(&self, role: &Role, password: &str) -> DbConfig {
        DbConfig { user: role.0.clone(), password: password.to_owned(), ..self.config() }
    }

    /// A role that has no rights, and has to give its password.
    pub(crate) fn role(&self, password: &str) -> Role {
        let role = format!("role_of_{}", self.name);
        let password = password.replace('\'', "''");
        let create = format!("create role {role} login password '{password}' in role {WITH_PASSWORD}");
        self.client().batch_execute(&create).unwrap();
        Role(role)
    }

    /// Changes how the database is set up, for those who connect from now on.
    pub(crate) fn alter(&self, setting: &str) {
        self.client().batch_execute(&format!("alter database {} {setting}", self.name)).unwrap();
    }

    /// Waits until the connections of journals are closed on the server's side, too.
    pub(crate) fn is_left_by_journals(&self) {
        const OTHERS: &str = "
            select count(*) from pg_stat_activity
            where datname = current_database() and application_name = 'etl-context'";
        let mut client = self.client();
        eventually("the server has noticed that the process is gone", || {
            (client.query_one(OTHERS, &[]).unwrap().get::<_, i64>(0) == 0).then_some(())
        });
    }

    /// The server dies, as when its machine loses power, and starts again.
    pub(crate) fn crash(&self) {
        self.server.control("stop", &["-m", "immediate"]);
        self.server.control("start", START);
    }
}

/// Somebody who is no superuser.
pub(crate) struct Role(pub(crate) String);

/// Members of this role have to give their password, and nobody else.
const WITH_PASSWORD: &str = "with_password";

struct Server {
    folder: TempDir,
    programs: PathBuf,
    guard: Option<Process>,
}

/// Few connections are slow to come by if many tests want one at once. What a server that is killed has written, its machine
/// still knows, so it need not wait for the disk.
const START: &[&str] =
    &["-l", "log", "-o", "-c listen_addresses='' -c unix_socket_directories=.. -c max_connections=200 -c fsync=off"];

impl Server {
    fn start(programs: PathBuf) -> Self {
        let folder = TempDir::with_prefix("etl-context-postgres-").unwrap();
        hand_over(folder.path());
        let mut server = Server { folder, programs, guard: None };
        server.run("initdb", &["-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        let rules = format!("local all +{WITH_PASSWORD} scram-sha-256\nlocal all all trust\n");
        fs::write(server.folder.path().join("data/pg_hba.conf"), rules).unwrap();
        server.control("start", START);
        server.guard = Some(server.guard());
        server.client("postgres").batch_execute(&format!("create role {WITH_PASSWORD}")).unwrap();
        server
    }

    fn control(&self, action: &str, options: &[&str]) {
        self.run("pg_ctl", &[&[action, "-w", "-t", "120", "-D", "data"], options].concat());
    }

    /// Runs one of the server's programs in its folder, and not as root, which they refuse.
    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = self.command(&self.programs.join(program));
        // A server that is started keeps whatever it is given, so it is not given a pipe that is read until it is closed.
        let output = self.folder.path().join(format!("{program}.out"));
        let file = fs::File::create(&output).unwrap();
        command.args(arguments).stdin(Stdio::null());
        let status = command.stdout(file.try_clone().unwrap()).stderr(file).status().unwrap();
        assert!(status.success(), "{program} {arguments:?}: {}", fs::read_to_string(&output).unwrap());
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = match unprivileged() {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", &user.name, "--"]).arg(program);
                command
            }
        };
        command.current_dir(self.folder.path());
        command
    }

    /// A process that stops the server when this one is gone, even if it was killed: then nobody writes to it any more.
    fn guard(&self) -> Process {
        let script = "trap '' INT TERM; read nothing; \"$0\" stop -m immediate -D data; rm -r \"$PWD\"";
        let mut command = self.command(Path::new("sh"));
        command.arg("-c").arg(script).arg(self.programs.join("pg_ctl"));
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    fn url(&self, database: &str) -> String {
        format!("host={} user=postgres dbname={database}", self.folder.path().display())
    }

    fn client(&self, database: &str) -> Client {
        Client::connect(&self.url(database), NoTls).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let Some(mut guard) = self.guard.take() else { return };
        drop(guard.stdin.take());
        let _ = guard.wait();
    }
}

/// Whom a server runs as if the tests run as root.
struct User {
    name: String,
    id: u32,
}

fn unprivileged() -> Option<User> {
    (said("id", &["-u"])? == "0").then(|| {
        let user = |name: &str| Some(User { name: name.to_owned(), id: said("id", &["-u", name])?.parse().ok()? });
        user("postgres").or_else(|| user("nobody")).expect("a user that is not root")
    })
}

fn hand_over(folder: &Path) {
    if let Some(user) = unprivileged() {
        chown(folder, Some(user.id), None).unwrap();
    }
}

/// Where the server's programs are: as Debian has them, or beside `pg_config`, or on the path.
fn programs() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|version| version.path().join("bin"));
    let configured = said("pg_config", &["--bindir"]).map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    let mut folders = debian.chain(configured).chain(env::split_paths(&path));
    let found = folders.find(|folder| folder.join("pg_ctl").exists() && folder.join("initdb").exists());
    if found.is_none() {
        assert!(env::var("CI").as_deref() != Ok("true"), "there is no PostgreSQL server, which the gate needs");
        say_that_it_is_skipped();
    }
    found
}

/// Past the capture of the test harness, which would keep it from whoever runs the tests.
fn say_that_it_is_skipped() {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        let _ = std::io::stderr().write_all(b"skipped: the tests of the feature `postgres`, for there is no PostgreSQL server\n");
    });
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
