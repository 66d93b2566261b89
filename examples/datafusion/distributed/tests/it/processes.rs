//! Coordinators and workers. Whatever a test waits for is something that one of them says.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};

use tempfile::TempDir;

/// So many messages that a query over them is not over before somebody is killed who has said that rows were read.
pub const MANY: u64 = if cfg!(debug_assertions) { 80_000 } else { 2_000_000 };

const PROGRAM: &str = env!("CARGO_BIN_EXE_etl-context-distributed");

/// A worker, which ends with the test.
pub struct Worker {
    process: Child,
    pub address: String,
}

impl Worker {
    pub fn start() -> Self {
        let mut command = Command::new(PROGRAM);
        let mut process = command.args(["worker", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let line = BufReader::new(process.stdout.take().unwrap()).lines().next().unwrap().unwrap();
        let address = line.strip_prefix("worker listens on ").unwrap().to_owned();
        Worker { process, address }
    }

    pub fn two() -> [Self; 2] {
        [Worker::start(), Worker::start()]
    }

    /// As `kill -9` does.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// It is there, and does nothing any more.
    pub fn freeze(&self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-STOP", &id]).status().unwrap().success());
    }

    /// Whether it says that a task of it has operators at work.
    pub fn is_busy(&self) -> bool {
        let told = Command::new(PROGRAM).args(["tasks", &self.address]).output().unwrap();
        assert!(told.status.success(), "{told:?}");
        String::from_utf8(told.stdout).unwrap().lines().any(|task| !task.ends_with(" 0 streams open"))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks until no task is at work any more, so often that this ends one way or the other.
pub fn until_idle(workers: &[Worker]) {
    let are_idle = |_| !workers.iter().any(Worker::is_busy);
    assert!((0..2_000).any(are_idle), "tasks are still at work");
}

pub fn addresses(workers: &[Worker]) -> String {
    workers.iter().map(|worker| worker.address.as_str()).collect::<Vec<_>>().join(",")
}

pub fn command(folder: &Path, messages: u64, workers: &str) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["run", "--workers", workers, "--messages", &messages.to_string(), "--patience", "5", "--folder"]).arg(folder);
    command
}

/// Runs to its end.
pub fn output(folder: &Path, messages: u64, workers: &str) -> Output {
    command(folder, messages, workers).output().unwrap()
}

/// A job in a folder, in the middle of a query of this phase, on two workers.
pub fn in_the_middle_of(phase: &str) -> (TempDir, [Worker; 2], Coordinator) {
    let (folder, workers) = (tempfile::tempdir().unwrap(), Worker::two());
    let mut coordinator = Coordinator::start(folder.path(), MANY, &addresses(&workers));
    coordinator.until_rows_are_read(phase);
    (folder, workers, coordinator)
}

/// A coordinator at work.
pub struct Coordinator {
    process: Child,
    said: Lines<BufReader<ChildStderr>>,
    summary: ChildStdout,
}

impl Coordinator {
    fn start(folder: &Path, messages: u64, workers: &str) -> Self {
        let mut command = command(folder, messages, workers);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (said, summary) = (BufReader::new(process.stderr.take().unwrap()).lines(), process.stdout.take().unwrap());
        Coordinator { process, said, summary }
    }

    /// Waits until it says that rows were read in this phase.
    fn until_rows_are_read(&mut self, phase: &str) {
        let said = self.said.by_ref().map(Result::unwrap);
        let mut before = Vec::new();
        for line in said {
            if line.starts_with(phase) && line.ends_with("rows read") {
                return;
            }
            before.push(line);
        }
        panic!("it ended before rows were read in {phase}: {before:?}");
    }

    /// As `kill -9` does.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// As Ctrl-C does.
    pub fn interrupt(&self) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    }

    /// Waits for its end: whether it succeeded, and what it printed.
    pub fn end(mut self) -> (bool, String) {
        let said = self.said.by_ref().map(Result::unwrap).collect::<Vec<_>>().join("\n");
        let summary = std::io::read_to_string(&mut self.summary).unwrap();
        (self.process.wait().unwrap().success(), format!("{summary}\n{said}"))
    }
}
