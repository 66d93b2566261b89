//! One file holds many runs, each under its key, and none gets into the way of another.

use etl_context::{Context, Etl, Event, Extract, Journal, Load, Run, Running, Transform};

use super::database_file::DatabaseFile;

/// Whatever could be taken for something else: by a file system, by a path, by a text that ends at a zero byte.
fn keys() -> Vec<String> {
    let keys =
        ["", "import", "Import", "import ", "import/1", "import%2f1", "..", "../import", "a\0b", "a", "é", "e\u{301}", "';--"];
    let long = ["x".repeat(300), "x".repeat(299), "\u{1F680}".repeat(100)];
    keys.into_iter().map(str::to_owned).chain(long).collect()
}

fn cursor(event: &Event) -> Option<u64> {
    if let Event::Checkpointed { cursor, .. } = event { cursor.as_u64() } else { None }
}

#[test]
fn runs_go_on_side_by_side_whatever_their_keys_are() {
    let database = DatabaseFile::new();
    let open: Vec<_> = keys().iter().map(|key| database.begin(key).start(Extract).unwrap()).collect();
    assert_eq!(database.locks().len(), keys().len());
    for (number, mut extract) in (0..).zip(open) {
        extract.checkpoint(&number).unwrap();
        drop(extract.complete(()).unwrap());
    }
    for (number, key) in (0..).zip(keys()) {
        let events = database.open().key(&key).load().unwrap();
        let cursors: Vec<_> = events.iter().filter_map(cursor).collect();
        assert_eq!((events.len(), cursors), (4, vec![number]), "{key:?}");
    }
    assert!(database.locks().is_empty(), "{:?}", database.locks());
    let beside: Vec<_> = database.folder().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(beside, ["runs.db"]);
}

#[test]
fn without_a_key_a_run_is_found_by_its_name() {
    let database = DatabaseFile::new();
    let begin = |name: &str| Run::builder(name).journal(database.open()).begin::<Etl>().unwrap();
    drop(begin("one").start(Extract).unwrap().complete(()).unwrap());
    drop(begin("other"));
    assert_eq!((database.record("one").unwrap().events(), database.record("other").unwrap().events()), (3, 1));
    let error = database.open().load().unwrap_err().to_string();
    assert!(error.contains("does not know which run is meant; say so with `key`"), "{error}");
}

#[test]
fn a_run_that_has_not_begun_leaves_nothing() {
    let database = DatabaseFile::new();
    assert_eq!(database.open().key("import").load().unwrap(), []);
    let runs: i64 = database.connection().query_row("select count(*) from etl_context_runs", [], |row| row.get(0)).unwrap();
    assert_eq!(runs, 0);
}

#[test]
fn a_run_that_is_deleted_takes_its_events_along_and_leaves_its_key() {
    let database = DatabaseFile::new();
    for key in ["one", "other"] {
        drop(database.begin(key).start(Extract).unwrap().complete(()).unwrap());
    }
    database.change("delete from etl_context_runs where key = 'one'");
    let events: i64 = database.connection().query_row("select count(*) from etl_context_events", [], |row| row.get(0)).unwrap();
    assert_eq!(events, 3);
    assert_eq!(database.begin("one").record().events(), 1);
    assert_eq!(database.record("other").unwrap().events(), 3);
}

#[test]
fn threads_of_one_process_each_have_a_run() {
    const THREADS: usize = 4;
    const CHECKPOINTS: usize = 50;
    let database = DatabaseFile::new();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let mut extract: Context<Running<Extract>> = database.begin(&thread.to_string()).start(Extract).unwrap();
            scope.spawn(move || {
                (0..CHECKPOINTS).for_each(|number| extract.checkpoint(&number).unwrap());
                extract.complete(()).unwrap().start(Transform).unwrap().complete(()).unwrap().start(Load).unwrap().complete(())
            });
        }
    });
    for thread in 0..THREADS {
        assert_eq!(database.record(&thread.to_string()).unwrap().events(), CHECKPOINTS as u64 + 7);
    }
}
