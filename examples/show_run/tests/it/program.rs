//! The program, and what it says.

use std::path::Path;
use std::process::{Command, Output};

/// Runs it in this folder.
pub(crate) fn show(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_show_run")).args(arguments).current_dir(folder).output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
