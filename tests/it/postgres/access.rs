//! How a database is reached, and what is said if it cannot be.

use std::error::Error;
use std::fmt::Debug;
use std::net::TcpListener;

use etl_context::{Database, DbConfig, Journal, JournalError, PostgresJournal, PostgresRuns, Run};

use super::server::{Role, TestDatabase, database};

/// With everything that means something in a connection string, or in SQL.
const SECRET: &str = "s3cr:t@/?#&='\\ %20é";

/// The same as a part of an URL.
const SECRET_IN_URL: &str = "s3cr%3At%40%2F%3F%23%26%3D%27%5C%20%2520%C3%A9";

/// A part of it that is nowhere else.
const PART: &str = "s3cr";

/// What is shown of the error, to whomever.
fn shown(error: &JournalError) -> String {
    let source = error.source().map(|source| format!("{source} {source:?}")).unwrap_or_default();
    format!("{error} {error:?} {source}")
}

fn error_of(database: impl Into<Database>) -> JournalError {
    let database = database.into();
    let error = PostgresRuns::connect(&database).unwrap_err();
    assert_eq!(PostgresJournal::connect(&database).unwrap_err().to_string(), error.to_string());
    error
}

/// A role that may write a journal.
fn writer(database: &TestDatabase) -> Role {
    let role = database.role(SECRET);
    database.client().batch_execute(&format!("grant create on database {} to {}", database.config().dbname, role.0)).unwrap();
    role
}

fn assert_secret(shown: &str) {
    assert!(!shown.contains(PART), "{shown}");
}

fn assert_debug_is_secret(shown: &impl Debug) {
    assert_secret(&format!("{shown:?} {shown:#?}"));
}

#[test]
fn a_password_opens_the_database_however_it_is_given_and_is_shown_nowhere() {
    let Some(database) = database() else { return };
    let config = database.config_of(&writer(&database), SECRET);
    assert_debug_is_secret(&config);
    let DbConfig { host, dbname, user, .. } = &config;
    let url = format!("postgres://{user}:{SECRET_IN_URL}@{}/{dbname}", host.replace('/', "%2F"));
    let quoted = SECRET.replace('\\', "\\\\").replace('\'', "\\'");
    let words = format!("host={host} user={user} dbname={dbname} password='{quoted}'");
    for database in [Database::from(&config), Database::from(url), Database::from(words)] {
        assert_debug_is_secret(&database);
        assert_secret(&database.to_string());
        let journal = PostgresJournal::connect(&database).unwrap();
        assert_debug_is_secret(&journal);
        assert_debug_is_secret(&PostgresRuns::connect(&database).unwrap());
        let context = Run::builder("import").journal(journal).begin_dynamic().unwrap();
        let refused = PostgresJournal::connect(&database).unwrap().key("import").load().unwrap_err();
        assert_secret(&shown(&refused));
        assert_debug_is_secret(&context);
        assert_secret(&format!("{} {}", context.get_summary(), serde_json::to_string(&context.get_summary()).unwrap()));
    }
    assert_secret(&everything_in_the_tables(&database));
}

fn everything_in_the_tables(database: &TestDatabase) -> String {
    let all = "select r::text || e::text || l::text from etl_context.runs r, etl_context.events e, etl_context.run_list l";
    let rows = database.client().query(all, &[]).unwrap();
    assert!(!rows.is_empty());
    rows.iter().map(|row| row.get::<_, String>(0)).collect()
}

#[test]
fn a_wrong_password_is_refused_and_not_shown() {
    let Some(database) = database() else { return };
    let role = database.role("another one");
    let error = error_of(database.config_of(&role, SECRET));
    let expected = format!("password authentication failed for user \"{}\"", role.0);
    assert!(error.to_string().contains(&expected), "{error}");
    assert!(error.to_string().contains(&database.config().dbname), "{error}");
    assert_secret(&shown(&error));
}

#[test]
fn a_connection_string_that_cannot_be_read_is_not_shown() {
    let strings = [
        format!("postgres://nightly:{PART}"),
        format!("postgres://nightly:{PART}@db:port/imports"),
        format!("postgres://nightly:p@{PART}@db/imports"),
        format!("postgres://nightly:p@{PART}:5432/x@db/imports"),
        format!("postgresql://nightly:p@{PART}/x@db/imports"),
        format!("postgres://nightly:{PART}@db/imports?unheard_of=1"),
        format!("host=db password='{PART}"),
        format!("host=db password=a {PART}"),
        format!("host=db password=a {PART}=b"),
        format!("{PART}://nightly@db/imports"),
        format!("\0{PART}"),
        PART.to_owned(),
    ];
    for string in strings {
        let database = Database::from(&string);
        assert_debug_is_secret(&database);
        let error = error_of(&database);
        assert!(error.to_string().starts_with("the connection string cannot be read; it looks like "), "{string}: {error}");
        assert_secret(&shown(&error));
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let socket = DbConfig { host: "/no/such/folder".to_owned(), port: 1, ..config("imports") };
    // Nobody listens any more at a port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let network = DbConfig { host: "127.0.0.1".to_owned(), port, ..config("imports") };
    for config in [socket, network] {
        let error = error_of(&config);
        let expected = format!("cannot use the database imports on {}:{}: ", config.host, config.port);
        assert!(error.to_string().starts_with(&expected), "{error}");
        assert_secret(&shown(&error));
    }
}

fn config(dbname: &str) -> DbConfig {
    DbConfig { dbname: dbname.to_owned(), user: "nightly".to_owned(), password: SECRET.to_owned(), ..DbConfig::default() }
}

#[test]
fn whoever_debugs_a_program_sees_which_database_it_uses() {
    let config = config("imports");
    let expected = r#"DbConfig { host: "localhost", port: 5432, dbname: "imports", user: "nightly", .. }"#;
    assert_eq!(format!("{config:?}"), expected);
    assert_eq!(format!("{:?}", Database::from(config)), "Database(database imports on localhost:5432)");
    let Some(database) = database() else { return };
    let runs = PostgresRuns::connect(database.url()).unwrap();
    assert!(format!("{runs:?}").contains(&format!("(database {} on ", database.config().dbname)), "{runs:?}");
}

#[test]
fn a_database_that_does_not_exist_is_named() {
    let Some(database) = database() else { return };
    let error = error_of(&DbConfig { dbname: "no_such".to_owned(), ..database.config() });
    assert!(error.to_string().contains("database \"no_such\" does not exist (SQLSTATE 3D000)"), "{error}");
}

#[test]
fn a_key_with_a_zero_byte_is_refused_and_a_name_is_not() {
    let Some(database) = database() else { return };
    let journal = || PostgresJournal::connect(database.url()).unwrap();
    let expected = "PostgreSQL cannot keep a run whose key has a zero byte in it; give it another `key`";
    assert_eq!(journal().key("im\0port").load().unwrap_err().to_string(), expected);
    let error = Run::builder("im\0port").journal(journal()).begin_dynamic().unwrap_err();
    assert!(error.to_string().ends_with(expected), "{error}");

    let context = Run::builder("im\0port").journal(journal().key("import")).begin_dynamic().unwrap();
    let runs = PostgresRuns::connect(database.url()).unwrap();
    let listed = runs.list_runs("im\0port", 10).unwrap();
    assert_eq!(runs.read(listed[0].run_id).unwrap().as_ref(), Some(context.record()));
}

#[test]
fn a_journal_that_is_not_told_which_run_is_meant_says_so() {
    let Some(database) = database() else { return };
    let error = PostgresJournal::connect(database.url()).unwrap().load().unwrap_err();
    assert_eq!(error.to_string(), "the journal does not know which run is meant; say so with `key`");
}

#[test]
fn what_a_role_may_not_do_is_named() {
    let Some(database) = database() else { return };
    let role = database.role(SECRET);
    let config = database.config_of(&role, SECRET);
    // It may not make the tables, but there are none to read.
    assert_denied(&PostgresJournal::connect(&config).unwrap_err(), &format!("database {}", config.dbname));
    assert_eq!(PostgresRuns::connect(&config).unwrap().list_runs(None, 1).unwrap(), []);

    let journal = PostgresJournal::connect(database.url()).unwrap();
    let context = Run::builder("import").journal(journal).begin_dynamic().unwrap();
    assert_denied(&error_of(&config), "schema etl_context");
    let grant = |right: &str| database.client().batch_execute(&format!("grant {right} to {}", role.0)).unwrap();
    grant("usage on schema etl_context");
    assert_denied(&error_of(&config), "table format");
    grant("select on etl_context.format");
    assert_denied(&PostgresRuns::connect(&config).unwrap().list_runs(None, 1).unwrap_err(), "view run_list");

    // Who may read, may read, and no more.
    grant("select on all tables in schema etl_context");
    let runs = PostgresRuns::connect(&config).unwrap();
    let listed = runs.list_runs("import", 1).unwrap();
    assert_eq!(runs.read(listed[0].run_id).unwrap().as_ref(), Some(context.record()));
    assert_denied(&PostgresJournal::connect(&config).unwrap().key("import").load().unwrap_err(), "table runs");
}

fn assert_denied(error: &JournalError, what: &str) {
    let expected = format!(": permission denied for {what} (SQLSTATE 42501)");
    assert!(error.to_string().ends_with(&expected), "{error} does not end with {expected}");
    assert_secret(&shown(error));
}
