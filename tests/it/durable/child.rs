//! This test program a second time, as a process that can be killed.
//!
//! A test that is a child's part is `#[ignore]`d, and does nothing unless a parent started it.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child as Process, ChildStdout, Command, ExitStatus, Stdio};

const JOURNAL: &str = "ETL_CONTEXT_TEST_JOURNAL";

/// What the child says, told apart from what the test harness prints.
const SAID: &str = "child says: ";

pub(crate) struct Child {
    process: Process,
    output: BufReader<ChildStdout>,
}

impl Child {
    /// Starts the test `name` of the module `module`, which finds the journal with [`journal`].
    pub(crate) fn start(module: &str, name: &str, journal: &Path) -> Self {
        let (_, module) = module.split_once("::").unwrap();
        let mut command = Command::new(env::current_exe().unwrap());
        command.args([&format!("{module}::{name}"), "--exact", "--ignored", "--nocapture"]).env(JOURNAL, journal);
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Child { process, output }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The next thing that it says; `None` once it has ended.
    pub(crate) fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.output.read_line(&mut line).unwrap() > 0 {
            if let Some((_, said)) = line.trim_end().split_once(SAID) {
                return Some(said.to_owned());
            }
            line.clear();
        }
        None
    }

    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Ends it as a crash would. What it said before can still be heard.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
    }

    /// Waits until it has ended. A child that listens hears that nobody is there any more.
    pub(crate) fn end(mut self) -> ExitStatus {
        drop(self.process.stdin.take());
        self.process.wait().unwrap()
    }
}

/// In the child: the journal that the parent named; `None` if there is no parent.
pub(crate) fn journal() -> Option<PathBuf> {
    env::var_os(JOURNAL).map(PathBuf::from)
}

/// In the child: tells the parent. What is said is said, whatever becomes of the child afterwards.
pub(crate) fn say(said: &str) {
    println!("\n{SAID}{said}");
}

/// In the child: waits for a word of the parent; `None` if the parent has gone.
pub(crate) fn listen() -> Option<String> {
    let mut line = String::new();
    let length = std::io::stdin().read_line(&mut line).unwrap();
    (length > 0).then(|| line.trim_end().to_owned())
}
