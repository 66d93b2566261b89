//! This test program a second time, as a process that can be killed.
//!
//! A test that is a child's part is `#[ignore]`d, and does nothing unless a parent started it.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child as Process, ChildStdout, Command, ExitStatus, Stdio};

const GIVEN: &str = "ETL_CONTEXT_TEST_CHILD_IS_GIVEN";

/// What the child says, told apart from what the test harness prints.
const SAID: &str = "child says: ";

pub(crate) struct Child {
    process: Process,
    output: BufReader<ChildStdout>,
}

impl Child {
    /// Starts the test `name` of the module `module`, and gives it a text, which it finds with [`given`].
    pub(crate) fn start(module: &str, name: &str, given: &str) -> Self {
        Child::spawn(Command::new(env::current_exe().unwrap()), module, name, given)
    }

    /// The same, as a process to which every write to a file fails as on a full disk.
    #[cfg(unix)]
    pub(crate) fn start_without_room(module: &str, name: &str, given: &str) -> Self {
        let mut shell = Command::new("sh");
        // Without the trap, the limit would end it.
        shell.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"]).arg(env::current_exe().unwrap());
        Child::spawn(shell, module, name, given)
    }

    fn spawn(mut command: Command, module: &str, name: &str, given: &str) -> Self {
        let (_, module) = module.split_once("::").unwrap();
        command.args([&format!("{module}::{name}"), "--exact", "--ignored", "--nocapture"]).env(GIVEN, given);
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

/// One that is still there, frozen perhaps, is not left behind when a test fails.
impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// In the child: what the parent gave it, such as the path of a journal; `None` if there is no parent.
pub(crate) fn given() -> Option<String> {
    env::var(GIVEN).ok()
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
