//! One run has one owner, whatever name its database is opened by; the other runs of the database are open to others.

use std::fs;
use std::os::unix::fs::symlink;

use etl_context::{Extract, Journal, SqliteJournal};

use super::database_file::DatabaseFile;
use crate::child::{self, Child};

const ROUNDS: usize = 20;

#[test]
#[ignore = "the part of a process that wants the run"]
fn process_that_wants_it() {
    let Some(path) = child::given() else { return };
    child::say("ready");
    child::listen();
    let mut journal = SqliteJournal::open(&path).unwrap().key("import");
    match journal.load() {
        Ok(_) => {
            child::say("owns it");
            child::listen();
        }
        Err(error) => child::say(&format!("{} {error}", error.is_owned())),
    }
}

fn process(database: &DatabaseFile) -> Child {
    let mut child = Child::start(module_path!(), "process_that_wants_it", database.given());
    assert_eq!(child.hear().as_deref(), Some("ready"));
    child
}

fn assert_told(told: &str, database: &DatabaseFile, owner: u32) {
    let (is_owned, message) = told.split_once(' ').unwrap();
    assert_eq!(is_owned, "true", "{message}");
    let start = format!("the run `import` in the database `{}` is owned by process {owner} on host ", database.given());
    assert!(message.starts_with(&start), "process {owner} owns it: {message}");
    assert!(message.contains(" since 2"), "{message}");
}

#[test]
fn of_two_processes_exactly_one_owns_it_and_the_other_is_told_who() {
    let database = DatabaseFile::new();
    for _ in 0..ROUNDS {
        let (mut one, mut other) = (process(&database), process(&database));
        one.tell("go");
        other.tell("go");
        let (said, other_said) = (one.hear().unwrap(), other.hear().unwrap());
        let (owner, loser, told) = match (said.as_str(), other_said.as_str()) {
            ("owns it", told) => (one, other, told),
            (told, "owns it") => (other, one, told),
            both => panic!("nobody owns it: {both:?}"),
        };
        assert_told(told, &database, owner.id());
        loser.end();
        owner.end();
    }
}

#[test]
fn when_its_owner_is_killed_the_next_one_enters_at_once() {
    let database = DatabaseFile::new();
    for _ in 0..ROUNDS {
        let mut owner = process(&database);
        owner.tell("go");
        assert_eq!(owner.hear().as_deref(), Some("owns it"));
        assert!(database.open().key("import").load().unwrap_err().is_owned());
        owner.kill();
        owner.end();
        database.open().key("import").load().unwrap();
    }
}

#[test]
fn it_is_not_owned_twice_in_one_process_and_others_are_free() {
    let database = DatabaseFile::new();
    let owner = database.begin("import");
    let error = database.open().key("import").load().unwrap_err();
    assert_told(&format!("{} {error}", error.is_owned()), &database, std::process::id());
    drop(database.begin("other"));
    drop(owner);
    drop(database.begin("import"));
}

/// Owners come and go, each of which removes the lock of the one before: never are there two at once.
#[test]
fn threads_that_take_it_in_turns_never_own_it_together() {
    let database = DatabaseFile::new();
    drop(database.begin("import").start(Extract).unwrap().complete(()).unwrap());
    let owners = std::sync::atomic::AtomicUsize::new(0);
    let order = std::sync::atomic::Ordering::SeqCst;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut taken = 0;
                while taken < 50 {
                    let mut journal = database.open().key("import");
                    match journal.load() {
                        Ok(events) => {
                            assert_eq!(owners.fetch_add(1, order), 0, "two own it");
                            assert_eq!(events.len(), 3);
                            owners.fetch_sub(1, order);
                            taken += 1;
                        }
                        Err(error) => assert!(error.is_owned(), "{error}"),
                    }
                }
            });
        }
    });
    assert!(database.locks().is_empty());
}

#[test]
fn a_symbolic_link_to_its_database_has_the_same_lock() {
    let database = DatabaseFile::new();
    let link = database.folder().join("link.db");
    symlink(database.path(), &link).unwrap();
    let mut by_link = SqliteJournal::open(&link).unwrap().key("import");
    by_link.load().unwrap();
    assert_eq!(database.locks(), ["runs.db.import.lock"]);
    assert!(database.open().key("import").load().unwrap_err().is_owned());
}

#[test]
fn a_lock_that_was_left_behind_keeps_nobody_out_and_what_somebody_else_wrote_into_one_stays() {
    let database = DatabaseFile::new();
    let lock = database.folder().join("runs.db.import.lock");
    fs::write(&lock, "process 1 on host elsewhere since 2020-01-01T00:00:00Z").unwrap();
    drop(database.begin("import"));
    assert!(!lock.exists());
    fs::write(&lock, "something else").unwrap();
    drop(database.begin("import"));
    assert_eq!(fs::read_to_string(&lock).unwrap(), "something else");
}

#[test]
fn a_lock_that_is_a_link_is_refused_and_what_it_leads_to_is_left_as_it_is() {
    let database = DatabaseFile::new();
    let theirs = database.folder().join("theirs");
    fs::write(&theirs, "").unwrap();
    symlink(&theirs, database.folder().join("runs.db.import.lock")).unwrap();
    let error = database.open().key("import").load().unwrap_err().to_string();
    assert!(error.contains("it is a link, or no file at all"), "{error}");
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "");
}
