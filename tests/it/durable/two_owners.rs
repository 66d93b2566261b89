//! One journal has one owner, whatever name it is opened by.

use std::fs;

use etl_context::{FileJournal, RunRecord};

use super::every_event;
use super::journal_file::JournalFile;
use crate::child::{self, Child};

const ROUNDS: usize = 50;

#[test]
#[ignore = "the part of a process that wants the journal"]
fn process_that_wants_it() {
    let Some(path) = child::given() else { return };
    child::say("ready");
    child::listen();
    match FileJournal::open(&path) {
        Ok(_journal) => {
            child::say("owns it");
            child::listen();
        }
        Err(error) => child::say(&format!("{} {error}", error.is_owned())),
    }
}

fn process(file: &JournalFile) -> Child {
    let mut child = Child::start(module_path!(), "process_that_wants_it", file.given());
    assert_eq!(child.hear().as_deref(), Some("ready"));
    child
}

/// Lets two processes race; returns the one that owns the journal, and what the other one was told.
fn race(file: &JournalFile) -> (Child, String) {
    let (mut one, mut other) = (process(file), process(file));
    one.tell("go");
    other.tell("go");
    let (said, other_said) = (one.hear().unwrap(), other.hear().unwrap());
    let (owner, loser, told) = match (said.as_str(), other_said.as_str()) {
        ("owns it", told) => (one, other, told),
        (told, "owns it") => (other, one, told),
        both => panic!("nobody owns it: {both:?}"),
    };
    assert_ne!(told, "owns it", "both own it");
    loser.end();
    (owner, told.to_owned())
}

fn assert_told(told: &str, file: &JournalFile, owner: u32) {
    let (is_owned, message) = told.split_once(' ').unwrap();
    assert_eq!(is_owned, "true", "{message}");
    let start = format!("the journal `{}` is owned by process {owner} on host ", file.path().display());
    assert!(message.starts_with(&start), "process {owner} owns it: {message}");
    assert!(message.contains(" since 2"), "{message}");
}

#[test]
fn of_two_processes_exactly_one_owns_it_and_the_other_is_told_who() {
    let file = every_event::journal();
    for _ in 0..ROUNDS {
        let (owner, told) = race(&file);
        assert_told(&told, &file, owner.id());
        owner.end();
    }
}

#[test]
fn when_its_owner_is_killed_the_next_one_enters_at_once() {
    let file = every_event::journal();
    for _ in 0..ROUNDS {
        let mut owner = process(&file);
        owner.tell("go");
        assert_eq!(owner.hear().as_deref(), Some("owns it"));
        assert!(file.try_open().unwrap_err().is_owned());
        owner.kill();
        owner.end();
        file.open();
    }
}

#[test]
fn it_is_not_opened_twice_in_one_process() {
    let file = JournalFile::new();
    let owner = file.open();
    let error = file.try_open().unwrap_err();
    assert!(error.is_owned());
    assert_told(&format!("true {error}"), &file, std::process::id());
    drop(owner);
    file.open();
}

#[test]
fn a_run_owns_it_until_its_context_is_gone() {
    let file = every_event::journal();
    let run = every_event::open(&file).unwrap();
    assert!(file.try_open().unwrap_err().is_owned());
    drop(run);
    file.open();
}

#[test]
fn its_lock_is_never_deleted() {
    let file = JournalFile::new();
    let lock = file.folder().join("run.jsonl.lock");
    drop(file.open());
    assert!(lock.exists());
    file.write("no journal");
    file.try_open().unwrap_err();
    assert!(lock.exists());
}

#[test]
fn what_is_in_the_lock_only_serves_the_message() {
    for content in ["", "process 1 on host elsewhere since 2020-01-01T00:00:00Z", "\0\u{1}"] {
        let file = JournalFile::new();
        fs::write(file.folder().join("run.jsonl.lock"), content).unwrap();
        file.open();
    }
}

#[test]
fn it_is_read_while_somebody_owns_it() {
    let file = every_event::journal();
    let run = every_event::open(&file).unwrap();
    assert_eq!(RunRecord::read(file.path()).unwrap().as_ref(), Some(run.record()));
}

#[cfg(unix)]
mod by_another_name {
    use std::os::unix::fs::symlink;

    use super::*;

    fn link(file: &JournalFile) -> std::path::PathBuf {
        let link = file.folder().join("link.jsonl");
        symlink(file.path(), &link).unwrap();
        link
    }

    #[test]
    fn a_symbolic_link_to_it_has_the_same_lock() {
        let file = every_event::journal();
        let link = link(&file);
        let owner = file.open();
        assert!(FileJournal::open(&link).unwrap_err().is_owned());
        drop(owner);
        let _owner = FileJournal::open(&link).unwrap();
        assert!(file.try_open().unwrap_err().is_owned());
    }

    #[test]
    fn a_symbolic_link_to_a_folder_makes_no_difference() {
        let file = every_event::journal();
        let elsewhere = JournalFile::new();
        let folder = elsewhere.folder().join("link");
        symlink(file.folder(), &folder).unwrap();
        let _owner = file.open();
        assert!(FileJournal::open(folder.join("run.jsonl")).unwrap_err().is_owned());
    }

    #[test]
    fn a_journal_that_is_not_there_yet_may_be_begun_through_a_symbolic_link_to_its_folder() {
        let file = JournalFile::new();
        let elsewhere = JournalFile::new();
        let folder = elsewhere.folder().join("link");
        symlink(file.folder(), &folder).unwrap();
        let _owner = FileJournal::open(folder.join("run.jsonl")).unwrap();
        assert!(file.try_open().unwrap_err().is_owned());
    }

    #[test]
    fn a_symbolic_link_to_a_journal_that_is_not_there_yet_has_the_same_lock() {
        let file = JournalFile::new();
        let link = link(&file);
        let _owner = FileJournal::open(&link).unwrap();
        assert!(FileJournal::open(&link).unwrap_err().is_owned());
        assert!(file.try_open().unwrap_err().is_owned());
    }
}

/// A process that is just being started holds, for a moment, everything that its parent has open.
#[cfg(unix)]
#[test]
fn a_journal_that_was_closed_can_be_opened_while_other_processes_are_started() {
    use std::process::Command;
    use std::thread;

    let file = JournalFile::new();
    thread::scope(|scope| {
        let starting = scope.spawn(|| {
            for _ in 0..300 {
                Command::new("true").status().unwrap();
            }
        });
        while !starting.is_finished() {
            drop(file.open());
        }
    });
}
