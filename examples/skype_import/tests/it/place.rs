//! An empty directory, in which the programs run.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

use tempfile::TempDir;

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// An empty directory, in which the programs run and to which they write.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Place(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Output {
        self.command(program, arguments).output().unwrap()
    }

    pub(crate) fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let directory = self.0.path();
        let mut command = Command::new(file_of(program));
        command.args(arguments).current_dir(directory).env("TMPDIR", directory).env("TMP", directory).env_remove("RUST_LOG");
        command
    }

    pub(crate) fn import(&self, arguments: &[&str]) -> Output {
        self.run("skype_import", arguments)
    }

    /// Imports what must be a good export; gives what was printed.
    #[track_caller]
    pub(crate) fn import_well(&self, arguments: &[&str]) -> String {
        let output = self.import(arguments);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(text(&output.stderr), "");
        text(&output.stdout)
    }

    #[track_caller]
    pub(crate) fn generate(&self, order: &str) {
        let output = self.run("generate_export", &order.split(' ').collect::<Vec<_>>());
        assert!(output.status.success(), "{output:?}");
    }
}

/// Where cargo has put the program.
fn file_of(program: &str) -> &'static str {
    match program {
        "skype_import" => env!("CARGO_BIN_EXE_skype_import"),
        "generate_export" => env!("CARGO_BIN_EXE_generate_export"),
        _ => panic!("there is no program {program}"),
    }
}
