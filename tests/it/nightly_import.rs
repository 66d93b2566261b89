//! The example `nightly_import` ends as an undisturbed night does, however often it is killed, and tells in every case how it went.

use std::fs;
use std::hint::spin_loop;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use etl_context::{PhaseRecord, PhaseStatus, RunRecord};
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;

use crate::seeded::Seeded;

const ROWS: u64 = 6_000;

/// What may be seen of a night: its rows, its rejected rows, and what its report says of them.
type Left = (Vec<(i64, String, i64)>, Vec<Value>, String);

/// The folder of a night.
struct Night(TempDir);

impl Night {
    fn new() -> Self {
        Night(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(program());
        command.arg(self.0.path()).env("NIGHTLY_ROWS", ROWS.to_string()).env("NIGHTLY_PAUSE", "1").env_remove("RUST_LOG");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs it to its end: whether it succeeded, and what the operator was told.
    fn run(&self, failures: u64) -> (bool, String) {
        let output = self.command().env("NIGHTLY_FAILURES", failures.to_string()).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        (output.status.success(), told.strip_prefix("To the operator:\n\n").unwrap_or_else(|| panic!("{told}")).to_owned())
    }

    fn record(&self) -> RunRecord {
        RunRecord::read(self.path("run.jsonl")).unwrap().unwrap()
    }

    fn attempts(&self, phase: &str) -> usize {
        self.record().phase(phase).map_or(0, PhaseRecord::attempts)
    }

    fn left(&self) -> Left {
        let database = Connection::open(self.path("rides.db")).unwrap();
        let mut rows = database.prepare("SELECT id, zone, cents FROM rides ORDER BY id").unwrap();
        let rows = rows.query_map((), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
        let rejects = fs::read_to_string(self.path("rejects.jsonl")).unwrap();
        let rejects = rejects.lines().map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            line["run"].take();
            line["attempt"].take();
            line
        });
        (rows.collect::<Result<_, _>>().unwrap(), rejects.collect(), self.reported())
    }

    /// What the page says of the rejected rows, and the report of each phase, without times and attempts.
    fn reported(&self) -> String {
        let page = fs::read_to_string(self.path("report.html")).unwrap();
        let (_, rejects) = page.split_once("<table class=\"errors rejects\">").unwrap();
        let rows = rejects.split_once("<tbody>").unwrap().1.split_once("</table>").unwrap().0;
        let title = page.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0;
        let record = self.record();
        let reports = ["fetch", "load"].map(|phase| {
            let report = record.phase(phase).unwrap().latest_report().unwrap();
            let (counted, rejected) = (report.tally().clone(), report.rejected().reasons().to_vec());
            (report.status(), counted, report.totals().clone(), report.result().cloned(), rejected)
        });
        format!("{title}\n{rows}\n{reports:#?}")
    }
}

/// The example, built once.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--all-features", "--example", "nightly_import", "--message-format", "json"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let messages = String::from_utf8(built.stdout).unwrap();
        let messages = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let program = messages.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next_back();
        program.expect("cargo says where the program is")
    })
}

/// Goes on with the night in a process that is killed somewhere; false if it has come to its end before.
fn is_killed(night: &Night, chance: &mut Seeded) -> bool {
    let mut process = night.command().spawn().unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    // It says when a phase begins and ends; the load is the longest by far.
    let patience = usize::try_from(chance.below(4)).unwrap();
    let heard = lines.by_ref().take(patience).count();
    (0..chance.below(5_000_000)).for_each(|_| spin_loop());
    process.kill().unwrap();
    let finished = process.wait().unwrap().success();
    assert!(finished || heard == patience, "it ended by itself, and did not succeed");
    !finished
}

/// Kills nights so often, three times each at most, for four attempts are all that the load has.
fn disturb(kills: u64) {
    let undisturbed = Night::new();
    assert!(undisturbed.run(0).0);
    let undisturbed = undisturbed.left();
    assert_eq!((undisturbed.0.len(), undisturbed.1.len()), (5_940, 60));
    let mut chance = Seeded(7);
    let (mut killed, mut interrupted) = (0, 0);
    while killed < kills {
        let night = Night::new();
        for _ in 0..3 {
            if killed == kills || !is_killed(&night, &mut chance) {
                break;
            }
            killed += 1;
        }
        let (succeeded, told) = night.run(0);
        assert!(succeeded, "{told}");
        assert!(
            night.left() == undisturbed,
            "the same rows, the same rejected rows, and the same report:\n{:#?}",
            night.reported()
        );
        interrupted += night.attempts("fetch") + night.attempts("load") - 2;
    }
    println!("of {kills} kills {interrupted} hit a running phase");
    assert!(interrupted > usize::try_from(kills).unwrap() / 3, "of {kills} kills {interrupted} hit a running phase");
}

#[test]
fn a_night_that_is_killed_forty_times_ends_as_an_undisturbed_one() {
    disturb(40);
}

#[test]
#[ignore = "the same, scheduled"]
fn scheduled_kills_of_a_night() {
    disturb(100);
}

#[test]
fn a_load_that_fails_three_times_goes_on_from_its_checkpoint_and_tells_the_operator() {
    let night = Night::new();
    let (succeeded, told) = night.run(3);
    assert!(succeeded && told.starts_with("taxi-rides: completed after"), "{told}");
    assert!(told.contains("6,000 (3,000 before)") && told.contains("3 errors"), "{told}");
    assert_eq!((night.attempts("load"), night.attempts("notify")), (4, 1));
    let undisturbed = Night::new();
    assert!(undisturbed.run(0).0);
    let (left, undisturbed) = (night.left(), undisturbed.left());
    assert!((left.0, left.1) == (undisturbed.0, undisturbed.1), "the same rows, the same rejected rows");
}

#[test]
fn a_night_with_no_attempt_left_tells_the_operator_and_so_it_does_when_it_is_started_again() {
    let night = Night::new();
    let (succeeded, told) = night.run(9);
    assert!(!succeeded && told.starts_with("taxi-rides: failed after"), "{told}");
    let (succeeded, told) = night.run(0);
    assert!(!succeeded && told.contains("phase `load` has no attempt left: the run allows 4, and 4 failed"), "{told}");
    assert_eq!((night.attempts("load"), night.attempts("notify")), (4, 2));
    assert!(fs::read_to_string(night.path("report.html")).unwrap().contains("has no attempt left"));
    let allowed = night.command().env("NIGHTLY_ATTEMPTS", "5").output().unwrap();
    assert!(allowed.status.success(), "{}", String::from_utf8_lossy(&allowed.stdout));
}

/// What Ctrl-C does.
fn interrupt(process: &Child) {
    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_night_that_is_stopped_tells_the_operator_and_is_not_failed() {
    let night = Night::new();
    // So many that it cannot be done before the signal arrives.
    let mut process = night.command().env("NIGHTLY_ROWS", "2000000").spawn().unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("load")));
    interrupt(&process);
    let output = process.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success() && told.contains("taxi-rides: stopped after"), "{told}");
    assert_eq!((night.attempts("load"), night.record().status("notify")), (1, PhaseStatus::Completed));
    assert!(fs::read_to_string(night.path("report.html")).unwrap().contains("stopped"));
}

#[test]
fn a_pause_of_days_ends_with_a_signal() {
    let night = Night::new();
    let mut process = night.command().env("NIGHTLY_FAILURES", "1").env("NIGHTLY_PAUSE", "172800000").spawn().unwrap();
    let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("next attempt in")));
    interrupt(&process);
    let output = process.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success() && told.contains("next: load"), "{told}");
    // What is left of it is done when it is started again.
    let (succeeded, told) = night.run(0);
    assert!(succeeded, "{told}");
    assert_eq!((night.attempts("load"), night.attempts("notify")), (2, 2));
}
