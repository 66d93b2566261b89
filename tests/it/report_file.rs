//! A run that was told to write its report has written it in every outcome, and says if it could not.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use etl_context::{
    Error, Etl, Event, Extract, FileJournal, Load, MemoryJournal, Observation, Observer, Run, RunBuilder, Stopper, Transform,
    pipeline,
};
use tempfile::TempDir;

pipeline! {
    Short {
        Extract after Idle;
    }
}

pipeline! {
    Nightly {
        Users = "users" after Idle;
        Orders = "orders" after Idle;
        Merge = "merge" after (Users, Orders);
    }
}

const NO_REPORT: &str = "no report";

/// A folder of its own for each test, with the reports in it.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self) -> RunBuilder {
        Run::builder("import").report(self.path("run.json"))
    }

    /// How the run is, by its report.
    fn status(&self) -> String {
        let Ok(text) = fs::read_to_string(self.path("run.json")) else { return NO_REPORT.to_owned() };
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        report["status"].as_str().unwrap().to_owned()
    }

    fn files(&self) -> Vec<String> {
        let names = fs::read_dir(self.0.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

#[test]
fn the_end_of_the_path_says_the_form() {
    let folder = Folder::new();
    let names = ["run.html", "run.md", "run.json", "run.MD", "report", ".md"];
    let builder = names.iter().fold(Run::builder("import"), |builder, name| builder.report(folder.path(name)));
    drop(builder.begin::<Etl>().unwrap());
    let beginnings = names.map(|name| fs::read_to_string(folder.path(name)).unwrap().chars().take(9).collect::<String>());
    assert_eq!(
        beginnings,
        ["<!DOCTYPE", "# `import", "{\n  \"run_i", "# `import", "<!DOCTYPE", "<!DOCTYPE"].map(|text| &text[..9])
    );
    assert_eq!(folder.files().len(), names.len(), "{:?}", folder.files());
}

#[test]
fn it_is_there_as_soon_as_the_run_is_completed() {
    let folder = Folder::new();
    let extract = folder.run().begin::<Short>().unwrap().start(Extract).unwrap();
    assert_eq!(folder.status(), NO_REPORT);
    let context = extract.complete(()).unwrap();
    assert_eq!(folder.status(), "completed");
    drop(context);
    assert_eq!(folder.status(), "completed");
}

#[test]
fn it_is_there_as_soon_as_a_phase_has_failed_and_again_when_it_was_made_good() {
    let folder = Folder::new();
    let failed = folder.run().begin::<Short>().unwrap().start(Extract).unwrap().fail("no disk").unwrap();
    assert_eq!(folder.status(), "failed");
    let _completed = failed.retry().unwrap().complete(()).unwrap();
    assert_eq!(folder.status(), "completed");
}

#[test]
fn a_run_that_was_stopped_tells_that() {
    let (folder, stopper) = (Folder::new(), Stopper::default());
    let extract = folder.run().stopper(&stopper).begin::<Etl>().unwrap().start(Extract).unwrap();
    stopper.stop();
    drop(extract);
    assert_eq!(folder.status(), "stopped");

    let (folder, stopper) = (Folder::new(), Stopper::default());
    let extracted = folder.run().stopper(&stopper).begin::<Etl>().unwrap().start(Extract).unwrap().complete(()).unwrap();
    assert_eq!(folder.status(), NO_REPORT);
    stopper.stop();
    let _refused = extracted.start(Transform).unwrap_err();
    assert_eq!(folder.status(), "stopped");
}

#[test]
fn a_context_that_is_dropped_writes_it() {
    let folder = Folder::new();
    drop(folder.run().begin::<Etl>().unwrap());
    assert_eq!(folder.status(), "pending");
    drop(folder.run().begin::<Etl>().unwrap().start(Extract).unwrap().complete(()).unwrap());
    assert_eq!(folder.status(), "unfinished");
    drop(folder.run().begin::<Etl>().unwrap().start(Extract).unwrap());
    assert_eq!(folder.status(), "failed");
    let mut context = folder.run().begin_dynamic().unwrap();
    context.start_phase("extract", None).unwrap();
    context.end_phase(()).unwrap();
    context.set_phase_status("extract", "failed").unwrap();
    drop(context);
    assert_eq!(folder.status(), "failed");
}

#[test]
fn a_panic_writes_it() {
    let folder = Folder::new();
    let context = folder.run().begin::<Etl>().unwrap();
    let panicked = catch_unwind(AssertUnwindSafe(|| context.phase(Extract).run(|_| -> Result<(), String> { panic!("a bug") })));
    assert!(panicked.is_err());
    assert!(fs::read_to_string(folder.path("run.json")).unwrap().contains("\"panicked\""));
}

#[test]
fn a_finished_run_that_is_opened_again_writes_it() {
    let (folder, journal) = (Folder::new(), MemoryJournal::new());
    let finished = folder.run().journal(journal.clone()).begin::<Short>().unwrap().start(Extract).unwrap().complete(()).unwrap();
    let first = finished.summary();
    drop(finished);
    fs::remove_file(folder.path("run.json")).unwrap();
    drop(folder.run().journal(journal).begin::<Short>().unwrap());
    assert_eq!(fs::read_to_string(folder.path("run.json")).unwrap(), serde_json::to_string_pretty(&first).unwrap() + "\n");
}

#[test]
fn of_several_branches_the_last_one_writes_it() {
    let folder = Folder::new();
    let [users, orders] = folder.run().begin::<Nightly>().unwrap().fork();
    let users = users.start(Users).unwrap();
    drop(orders.start(Orders).unwrap().complete(()).unwrap());
    assert_eq!(folder.status(), NO_REPORT);
    drop(users.complete(()).unwrap());
    assert_eq!(folder.status(), "unfinished");

    let [users, orders] = folder.run().begin::<Nightly>().unwrap().fork();
    let users = users.start(Users).unwrap().complete(()).unwrap();
    let joined = users.join(orders.start(Orders).unwrap().complete(()).unwrap()).map_err(Error::from).unwrap();
    let merged = joined.start(Merge).unwrap().complete(()).unwrap();
    assert_eq!(folder.status(), "completed");
    drop(merged);
}

#[test]
fn one_that_cannot_be_written_is_told_with_its_path_and_reason() {
    let folder = Folder::new();
    let path = folder.path("missing").join("run.html");
    let context = Run::builder("import").report(&path).begin::<Short>().unwrap().start(Extract).unwrap().complete(()).unwrap();
    let summary = context.summary();
    assert_eq!(summary.status().as_str(), "completed");
    let told = summary.first_observer_failures()[0].to_string();
    let expected = format!("the report at phase_ended: `{}` cannot be written: ", path.display());
    assert!(told.starts_with(&expected) && told.len() > expected.len(), "{told}");
    assert!(summary.to_string().contains("the report at phase_ended"), "{summary}");
}

#[test]
fn one_that_cannot_be_written_when_the_run_is_closed_is_told_to_the_observers() {
    struct Listens(std::sync::mpsc::Sender<String>);

    impl Observer for Listens {
        fn observe(&mut self, _: &Event, _: &Observation<'_>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            Ok(())
        }

        fn closed(&mut self, run: &Observation<'_>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            let told = run.observer_failures().iter().map(ToString::to_string).collect::<Vec<_>>();
            Ok(self.0.send(told.join("\n"))?)
        }
    }

    let folder = Folder::new();
    let (sender, told) = std::sync::mpsc::channel();
    let builder = Run::builder("import").report(folder.path("missing").join("run.html")).observe(Listens(sender));
    drop(builder.begin::<Etl>().unwrap());
    let told = told.recv().unwrap();
    assert!(told.starts_with("the report at closed: `") && told.contains("run.html` cannot be written: "), "{told}");
}

#[test]
fn an_earlier_report_stays_whole_where_a_new_one_cannot_be_written() {
    let folder = Folder::new();
    drop(folder.run().begin::<Etl>().unwrap());
    let before = fs::read(folder.path("run.json")).unwrap();
    let context = folder.run().begin::<Short>().unwrap();
    // What is to be written beside the report is in the way itself.
    let run = context.record().run_id();
    fs::create_dir(folder.path(&format!(".run.json.{run}"))).unwrap();
    let completed = context.start(Extract).unwrap().complete(()).unwrap();
    assert_eq!(completed.summary().observer_failures(), 1);
    assert_eq!(fs::read(folder.path("run.json")).unwrap(), before);
}

#[test]
fn nothing_else_is_left_beside_it() {
    let folder = Folder::new();
    drop(folder.run().begin::<Etl>().unwrap().start(Extract).unwrap().complete(()).unwrap());
    assert_eq!(folder.files(), ["run.json"]);
}

fn refusal(builder: RunBuilder) -> String {
    let error = builder.begin::<Etl>().unwrap_err();
    assert!(matches!(error, Error::Report { .. }), "{error}");
    error.to_string()
}

#[test]
fn the_file_of_the_journal_is_refused_under_every_name() {
    let folder = Folder::new();
    let path = folder.path("run.jsonl");
    let journal = || FileJournal::open(&path).unwrap();
    let told = refusal(Run::builder("import").journal(journal()).report(&path));
    assert!(told.ends_with("that is the file of the run's journal; give the report a path of its own"), "{told}");

    fs::create_dir(folder.path("sub")).unwrap();
    refusal(Run::builder("import").journal(journal()).report(folder.path("sub").join("..").join("run.jsonl")));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&path, folder.path("link.html")).unwrap();
        refusal(Run::builder("import").report(folder.path("link.html")).journal(journal()));
    }
    // Nothing was begun.
    assert_eq!(fs::read(&path).unwrap_or_default(), b"");
}

#[test]
#[cfg(feature = "sqlite")]
fn the_database_of_the_journal_is_refused() {
    let folder = Folder::new();
    let path = folder.path("runs.db");
    let journal = etl_context::SqliteJournal::open(&path).unwrap();
    refusal(Run::builder("import").journal(journal).report(&path));
}

#[test]
fn what_is_no_file_is_refused() {
    let folder = Folder::new();
    assert!(refusal(Run::builder("import").report(folder.0.path())).ends_with("that is a folder; name a file in it"));
    assert!(refusal(Run::builder("import").report(Path::new("/"))).ends_with("that names no file"));
    assert!(refusal(Run::builder("import").report(folder.path("missing").join(".."))).contains("cannot be written to"));
}

#[test]
fn a_run_that_does_not_begin_leaves_an_earlier_report_as_it_is() {
    let folder = Folder::new();
    fs::write(folder.path("run.json"), "last night's").unwrap();
    let journal = MemoryJournal::new();
    drop(Run::builder("export").journal(journal.clone()).begin::<Etl>().unwrap());
    folder.run().journal(journal).begin::<Etl>().unwrap_err();
    assert_eq!(fs::read(folder.path("run.json")).unwrap(), b"last night's");
}

#[test]
fn it_tells_how_the_other_observers_fared() {
    struct Failing;

    impl Observer for Failing {
        fn observe(&mut self, _: &Event, _: &Observation<'_>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            Err("the collector is down".into())
        }
    }

    let folder = Folder::new();
    drop(folder.run().observe(Failing).begin::<Etl>().unwrap().start(Extract).unwrap().fail("no disk").unwrap());
    let report = fs::read_to_string(folder.path("run.json")).unwrap();
    assert!(report.contains("\"observer_failures\": 3") && report.contains("the collector is down"), "{report}");
}

/// A run of many rounds ends in each of them.
#[test]
fn many_rounds_do_not_write_it_many_times() {
    pipeline! {
        Rounds {
            Extract after Idle | Load;
            Load after Extract;
        }
    }

    let folder = Folder::new();
    let mut context = folder.run().begin::<Rounds>().unwrap().start(Extract).unwrap().complete(()).unwrap();
    let mut written = 0;
    for _ in 0..500 {
        let loaded = context.start(Load).unwrap().complete(()).unwrap();
        written += u32::from(fs::remove_file(folder.path("run.json")).is_ok());
        context = loaded.start(Extract).unwrap().complete(()).unwrap();
        written += u32::from(fs::remove_file(folder.path("run.json")).is_ok());
    }
    assert!((100..400).contains(&written), "{written}");
    drop(context);
    assert_ne!(folder.status(), NO_REPORT);
}
