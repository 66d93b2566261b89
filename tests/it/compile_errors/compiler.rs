//! Asks the compiler what it thinks of the wrong programs.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::WrongProgram;

/// The release of the compiler at work, such as `1.95.0` or `1.97.0-nightly`.
pub(super) fn release() -> String {
    let compiler = env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let output = Command::new(compiler).arg("--version").output().unwrap();
    let version = String::from_utf8(output.stdout).unwrap();
    version.split(' ').nth(1).expect("as in `rustc 1.95.0 (…)`").to_owned()
}

/// The errors of each program that does not compile, by its name.
///
/// `cargo check` is what the programs' authors use, and constants must be refused there already.
pub(super) fn errors_of(programs: &[WrongProgram]) -> BTreeMap<String, String> {
    // Beside the tests themselves, so that what their dependencies have in common is not built again.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["check", "--offline", "--bins", "--keep-going", "--message-format=json", "--target-dir"])
        .arg(target)
        .current_dir(package_of(programs))
        .output()
        .unwrap();
    let errors = errors_in(&String::from_utf8(output.stdout).unwrap());
    assert!(!errors.is_empty(), "cargo did not get as far as the programs:\n{}", String::from_utf8_lossy(&output.stderr));
    errors
}

/// A throw-away package whose binaries are the programs, so that one run of cargo checks them all.
fn package_of(programs: &[WrongProgram]) -> PathBuf {
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wrong_programs");
    let library = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut manifest = format!(
        "[package]\nname = \"wrong-programs\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\netl-context = {{ path = '{}' }}\nserde = \"1\"\nserde_json = \"1\"\n",
        library.display()
    );
    for WrongProgram { name, path } in programs {
        write!(manifest, "\n[[bin]]\nname = '{name}'\npath = '{}'\n", path.display()).unwrap();
    }
    fs::create_dir_all(&package).unwrap();
    fs::write(package.join("Cargo.toml"), manifest).unwrap();
    // The same dependencies as the tests have: nothing needs to be looked up.
    fs::copy(library.join("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    package
}

/// The rendered errors among cargo's messages, and what the compiler notes beside them, by the name of the program.
fn errors_in(messages: &str) -> BTreeMap<String, String> {
    let mut errors = BTreeMap::<String, String>::new();
    for message in messages.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        let (program, text) = (&message["target"]["name"], &message["message"]["rendered"]);
        if message["message"]["level"] == "error" || message["message"]["level"] == "note" {
            errors.entry(program.as_str().unwrap().to_owned()).or_default().push_str(text.as_str().unwrap());
        }
    }
    errors
}
