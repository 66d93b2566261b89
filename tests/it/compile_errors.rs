//! Wrong programs do not compile, and the compiler says why in the words of the documentation.
//!
//! Each program in `tests/ui` makes one mistake. It begins with what the compiler must print on every toolchain, behind
//! `//~`. The `.stderr` beside it is all that the compiler prints, on one toolchain.

mod compiler;
mod errors_page;
mod run_time_twins;
mod snapshot;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::{env, fs};

/// The toolchain that the snapshots were written with. The compiler's own text changes from release to release, so no other
/// one can be held to them.
const SNAPSHOT_TOOLCHAIN: &str = "1.95.";

/// Here the compiler lists types of other crates, which change with them; such a text is not ours to keep.
const WITHOUT_SNAPSHOT: [&str; 2] = ["deserialised_context", "result_not_serialisable"];

/// What the compiler says of each program, by its name. It is asked once.
static ERRORS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| compiler::errors_of(&WrongProgram::all()));

/// A program that makes one mistake.
struct WrongProgram {
    name: String,
    path: PathBuf,
}

impl WrongProgram {
    fn all() -> Vec<WrongProgram> {
        let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
        let programs = files.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
        let mut programs = programs.map(WrongProgram::at).collect::<Vec<_>>();
        programs.sort_by(|left, right| left.name.cmp(&right.name));
        programs
    }

    fn all_with_snapshot() -> Vec<WrongProgram> {
        let mut programs = WrongProgram::all();
        programs.retain(|program| !WITHOUT_SNAPSHOT.contains(&program.name.as_str()));
        programs
    }

    fn at(path: PathBuf) -> WrongProgram {
        WrongProgram { name: path.file_stem().unwrap().to_str().unwrap().to_owned(), path }
    }

    fn named(name: &str) -> WrongProgram {
        WrongProgram::at(folder().join(name).with_extension("rs"))
    }

    /// What the compiler must print, on every toolchain.
    fn sentences(&self) -> Vec<String> {
        let text = fs::read_to_string(&self.path).unwrap();
        let sentences = text.lines().map_while(|line| line.strip_prefix("//~ ")).map(str::to_owned).collect::<Vec<_>>();
        assert!(!sentences.is_empty(), "{}.rs does not begin with `//~` and what the compiler must print", self.name);
        sentences
    }

    /// All that the compiler prints, on one toolchain.
    fn snapshot(&self) -> String {
        let path = self.path.with_extension("stderr");
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui")
}

/// The compiler writes the crate's name before a type if the program knows another type of that name.
fn without_crate_name(text: &str) -> String {
    text.replace("etl_context::", "")
}

fn assert_says(program: &WrongProgram, printed: &str) {
    for sentence in program.sentences() {
        let says = without_crate_name(printed).contains(&sentence);
        assert!(says, "the compiler does not say this about {}.rs:\n{sentence}\nbut this:\n{printed}", program.name);
    }
}

#[test]
fn no_wrong_program_compiles_and_the_compiler_says_why() {
    for program in WrongProgram::all() {
        let printed = ERRORS.get(&program.name).unwrap_or_else(|| panic!("{}.rs compiles", program.name));
        assert_says(&program, printed);
    }
}

#[test]
fn every_snapshot_says_why() {
    for program in WrongProgram::all_with_snapshot() {
        assert_says(&program, &program.snapshot());
    }
}

/// To write the snapshots anew, run this test with `UPDATE_GOLDEN=1`, and read every one of them as a user would.
#[test]
fn snapshots_hold_on_the_toolchain_they_were_written_with() {
    let release = compiler::release();
    if !release.starts_with(SNAPSHOT_TOOLCHAIN) || release.contains('-') {
        println!("this is Rust {release}; the snapshots were written with {SNAPSHOT_TOOLCHAIN}x");
        return;
    }
    for program in WrongProgram::all_with_snapshot() {
        let printed = snapshot::of(&ERRORS[&program.name]);
        if env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(program.path.with_extension("stderr"), &printed).unwrap();
        }
        assert_eq!(printed, program.snapshot(), "{}.stderr is not what the compiler prints", program.name);
    }
}
