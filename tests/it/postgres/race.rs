//! Of many that want a run, one gets it.

use std::sync::Barrier;
use std::thread;

use etl_context::{Journal, PostgresJournal};

use super::server::database;
use crate::child::{self, Child};

const PROCESSES: usize = 8;
const ROUNDS: usize = 50;

#[test]
#[ignore = "the part of a process that wants the run"]
fn process_that_wants_it() {
    let Some(url) = child::given() else { return };
    while let Some(key) = child::listen() {
        let mut journal = PostgresJournal::connect(&url).unwrap().key(key);
        child::say("ready");
        child::listen();
        match journal.load() {
            Ok(_) => child::say("owns it"),
            Err(error) => child::say(&format!("{} {error}", error.is_owned())),
        }
        child::listen();
        drop(journal);
        child::say("let it go");
    }
}

fn tell_all(processes: &mut [Child], word: &str) {
    for process in processes {
        process.tell(word);
    }
}

fn hear_all(processes: &mut [Child]) -> Vec<String> {
    processes.iter_mut().map(|process| process.hear().unwrap()).collect()
}

#[test]
fn of_eight_processes_exactly_one_owns_it_and_the_others_are_told_who() {
    let Some(database) = database() else { return };
    let start = |_| Child::start(module_path!(), "process_that_wants_it", &database.url());
    let mut processes: Vec<_> = (0..PROCESSES).map(start).collect();
    for round in 0..ROUNDS {
        // Every run is raced for twice: when nobody has begun it, and when its owner has let it go.
        let key = format!("run {}", round / 2);
        tell_all(&mut processes, &key);
        assert!(hear_all(&mut processes).iter().all(|said| said == "ready"));
        tell_all(&mut processes, "go");
        check(&hear_all(&mut processes), &processes, &key);
        tell_all(&mut processes, "let it go");
        assert!(hear_all(&mut processes).iter().all(|said| said == "let it go"));
    }
}

fn check(said: &[String], processes: &[Child], key: &str) {
    let owners: Vec<_> = said.iter().zip(processes).filter(|(said, _)| *said == "owns it").collect();
    assert_eq!(owners.len(), 1, "{said:?}");
    let told = format!("true run `{key}` is owned by process {} on host ", owners[0].1.id());
    for said in said.iter().filter(|said| *said != "owns it") {
        assert!(said.starts_with(&told), "{said} does not start with {told}");
    }
}

/// Also if they ask for it within the same moment.
#[test]
fn of_eight_threads_exactly_one_owns_it() {
    let Some(database) = database() else { return };
    for round in 0..ROUNDS {
        let journal = |_| PostgresJournal::connect(database.url()).unwrap().key(format!("run {round}"));
        let mut journals: Vec<_> = (0..PROCESSES).map(journal).collect();
        let start = Barrier::new(PROCESSES);
        let take = |journal: &mut PostgresJournal| {
            start.wait();
            journal.load().is_ok()
        };
        let owners = thread::scope(|scope| {
            let taking: Vec<_> = journals.iter_mut().map(|journal| scope.spawn(|| take(journal))).collect();
            taking.into_iter().map(|taking| taking.join().unwrap()).filter(|taken| *taken).count()
        });
        assert_eq!(owners, 1, "round {round}");
    }
}

#[test]
fn it_is_not_taken_twice_in_one_process() {
    let Some(database) = database() else { return };
    let journal = || PostgresJournal::connect(database.url()).unwrap().key("import");
    let mut owner = journal();
    owner.load().unwrap();
    let error = journal().load().unwrap_err();
    assert!(error.is_owned());
    let told = format!("run `import` is owned by process {} on host ", std::process::id());
    assert!(error.to_string().starts_with(&told), "{error}");
    drop(owner);
    journal().load().unwrap();
}
