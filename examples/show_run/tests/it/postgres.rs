//! Runs in a database, whoever owns them.

#[path = "../../../../tests/it/postgres/patience.rs"]
#[allow(dead_code, reason = "the tests of the crate use more of it")]
mod patience;
#[path = "../../../../tests/it/postgres/server.rs"]
#[allow(dead_code, reason = "the tests of the crate use more of it")]
mod server;

use std::path::Path;
use std::{env, fs};

use etl_context::{Context, Error, Etl, Extract, Idle, Load, PostgresJournal, Run, Transform};
use tempfile::TempDir;

use self::server::{TestDatabase, database};
use crate::program::{show, text};

fn begun(database: &TestDatabase, key: &str) -> Context<Idle, Etl> {
    let journal = PostgresJournal::connect(database.config()).unwrap().key(key);
    Run::builder("import").journal(journal).begin().unwrap()
}

#[track_caller]
fn shown(place: &TempDir, database: &TestDatabase, arguments: &[&str]) -> String {
    let url = database.url();
    let output = show(place.path(), &[&["--postgres", &url], arguments].concat());
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

#[test]
fn the_list_of_runs_is_the_golden_one() {
    let Some(database) = database() else { return };
    let place = TempDir::new().unwrap();
    assert!(shown(&place, &database, &[]).starts_with("there is no run in the database "));

    let (extracted, ()) = begun(&database, "import/monday").phase(Extract).run(|_| Ok::<_, Error>(())).unwrap();
    let (transformed, ()) = extracted.phase(Transform).run(|_| Ok::<_, Error>(())).unwrap();
    drop(transformed.phase(Load).run(|_| Ok::<_, Error>(())).unwrap());
    drop(begun(&database, "import/tuesday").start(Extract).unwrap().fail("the export is empty").unwrap());
    let _killed = begun(&database, "import/wednesday").start(Extract).unwrap();
    let expire = "update etl_context.runs set expires = clock_timestamp() - interval '1 minute' where key = 'import/wednesday'";
    database.client().execute(expire, &[]).unwrap();
    let _running = begun(&database, "import/thursday").start(Extract).unwrap();
    let _idle = begun(&database, "import/friday");
    compare(&masked(&shown(&place, &database, &[])));
}

fn compare(printed: &str) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/list.txt");
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, printed).unwrap();
    }
    assert_eq!(printed, fs::read_to_string(&golden).unwrap_or_default(), "the list is not {}", golden.display());
}

/// The list without what differs from run to run: ids, times, durations and this process. It stays as wide as it is.
fn masked(list: &str) -> String {
    let heading = list.lines().next().unwrap();
    let [key, began, owner] = ["key", "began", "owner"].map(|column| heading.find(column).unwrap());
    let masked_line = |line: &str| {
        let masked = line.char_indices().take_while(|(column, _)| *column < owner).map(|(column, character)| match character {
            _ if line == heading => character,
            '0'..='9' | 'a'..='f' if column < key => '0',
            '0'..='9' if column >= began => '0',
            _ => character,
        });
        let owner = line.get(owner..).unwrap_or_default();
        let owner = if owner.starts_with("process ") { "process 0 on host here" } else { owner };
        masked.collect::<String>() + owner + "\n"
    };
    list.lines().map(masked_line).collect()
}

#[test]
fn a_run_is_shown_by_its_id_while_another_process_owns_it() {
    let Some(database) = database() else { return };
    let place = TempDir::new().unwrap();
    let running = begun(&database, "import").start(Extract).unwrap();
    let id = running.record().run_id().to_string();
    let printed = shown(&place, &database, &[&id, "--html", "run.html", "--markdown", "run.md"]);

    assert!(printed.starts_with("import: running"), "{printed}");
    assert!(printed.contains(&format!("run {id}, began ")), "{printed}");
    for file in ["run.html", "run.md"] {
        assert!(fs::read_to_string(place.path().join(file)).unwrap().contains(&id), "{file}");
    }
    drop(running.complete(()).unwrap());
}

#[test]
fn what_cannot_be_shown_is_said() {
    let Some(database) = database() else { return };
    let place = TempDir::new().unwrap();
    let url = database.url();
    let unknown = "01a20a5d-1eeb-75a0-9ed9-abd5ba0c0fd2";
    for (arguments, status, message) in [
        (vec![unknown], 1, format!("there is no run {unknown} in the database ")),
        (vec!["monday"], 2, "monday is not the id of a run; without one, the latest runs are listed".to_owned()),
        (vec!["--html", "run.html"], 2, "--html, --markdown and --trace need the id of a run".to_owned()),
    ] {
        let output = show(place.path(), &[&["--postgres", &url], arguments.as_slice()].concat());
        assert_eq!(output.status.code(), Some(status), "{output:?}");
        assert!(text(&output.stderr).starts_with(&format!("show_run: {message}")), "{output:?}");
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
}
