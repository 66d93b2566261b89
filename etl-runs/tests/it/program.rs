//! The program, and what it says.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// What it said, and its exit code.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn by(output: &Output) -> Self {
        let code = output.status.code().expect("it was not killed");
        Said { code, out: text(&output.stdout), err: text(&output.stderr) }
    }

    /// What stands in the document that it printed.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// In an environment that says nothing of a terminal.
pub(crate) fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etl-runs"));
    for variable in ["COLUMNS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "TERM"] {
        command.env_remove(variable);
    }
    command.current_dir(folder).stdin(Stdio::null());
    command
}

/// Runs it in this folder.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Said {
    Said::by(&program(folder).args(arguments).output().unwrap())
}

/// The same on lines of so many columns.
pub(crate) fn run_at(columns: usize, folder: &Path, arguments: &[&str]) -> Said {
    Said::by(&program(folder).env("COLUMNS", columns.to_string()).args(arguments).output().unwrap())
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
