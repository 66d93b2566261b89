//! What is written down in two places says the same in both.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const LONGEST_FILE: usize = 400;

/// Where the other packages of the workspace have their sources.
const PROGRAMS: [&str; 2] = ["etl-runs/src", "examples/skype_import/src"];

#[test]
fn the_changelog_has_one_heading_for_this_version() {
    let heading = format!("## [{}]", env!("CARGO_PKG_VERSION"));
    let headings = read("CHANGELOG.md").lines().filter(|line| line.starts_with(&heading)).count();
    assert_eq!(headings, 1, "CHANGELOG.md has {headings} headings that begin with `{heading}`");
}

#[test]
fn the_readme_tells_how_to_depend_on_this_version() {
    let dependency = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(read("README.md").contains(&dependency), "README.md has no `{dependency}`");
}

#[test]
fn readme_and_documentation_tell_the_minimum_rust_version() {
    let version = env!("CARGO_PKG_RUST_VERSION");
    assert!(read("README.md").contains(&format!("**Minimum supported Rust version**: {version}.")));
    assert!(read("src/lib.rs").contains(&format!("//! # Minimum supported Rust version\n//!\n//! {version}.")));
}

#[test]
fn no_source_file_is_too_long() {
    let programs = PROGRAMS.iter().flat_map(|folder| files_in(&root().join(folder)));
    let programs = programs.filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
    for file in source_files().into_iter().chain(programs) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= LONGEST_FILE, "{} has {lines} lines; the most is {LONGEST_FILE}", file.display());
    }
}

#[test]
fn readme_and_documentation_list_the_features_that_exist() {
    let manifest = read("Cargo.toml");
    let features: BTreeSet<_> = section(&manifest, "[features]", "[").filter_map(|line| line.split_once(" = ")).collect();
    let features: BTreeSet<_> = features.into_iter().map(|(name, _)| name).filter(|name| *name != "default").collect();

    let readme = read("README.md");
    assert_eq!(table_keys(section(&readme, "## Features", "## ")), features, "in README.md");

    let documentation = read("src/lib.rs").replace("//! ", "");
    assert_eq!(table_keys(section(&documentation, "# Features", "# ")), features, "in src/lib.rs");
}

#[test]
fn every_promise_names_tests_that_exist() {
    let page = read("docs/guarantees.md");
    let (tested, _) = page.split_once("\n## What no test holds\n").unwrap();
    let promises: Vec<_> = tested.split("\n- ").skip(1).filter_map(|item| item.split("\n\n").next()).collect();
    assert!(promises.len() > 40, "only {} promises were found", promises.len());
    for promise in promises {
        let quoted = promise.split('`').skip(1).step_by(2);
        let tests: Vec<_> = quoted.filter(|name| name.contains("::")).collect();
        assert!(!tests.is_empty(), "no test holds this: {promise}");
        for test in tests {
            assert!(is_test(test), "`{test}` is no test, and is to hold this: {promise}");
        }
    }
}

/// Whether the module has a test of this name, as in `durable::two_owners::its_lock_is_never_deleted`; that of another package
/// of the workspace begins with its name, as in `skype_import::sqlite::importing_again_changes_no_row`.
fn is_test(path: &str) -> bool {
    let Some((module, name)) = path.rsplit_once("::") else { return false };
    let folder_of = |package: &str| {
        let mut folders = ["examples/", ""].into_iter().map(|folder| format!("{folder}{package}/"));
        folders.find(|folder| root().join(folder).join("Cargo.toml").exists())
    };
    let in_package = module.split_once("::").and_then(|(package, module)| Some((folder_of(package)?, module)));
    let (package, module) = in_package.unwrap_or((String::new(), module));
    let file = root().join(format!("{package}tests/it/{}.rs", module.replace("::", "/")));
    let source = fs::read_to_string(file).unwrap_or_default();
    let attributes = source.split(&format!("fn {name}(")).next().unwrap_or_default();
    attributes.len() < source.len() && attributes.trim_end().ends_with("#[test]")
}

/// The lines between a heading and the next one.
fn section<'a>(text: &'a str, heading: &'a str, next: &'a str) -> impl Iterator<Item = &'a str> {
    text.lines().skip_while(move |line| *line != heading).skip(1).take_while(move |line| !line.starts_with(next))
}

/// What stands in backticks at the start of each row of a table.
fn table_keys<'a>(lines: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    lines.filter_map(|line| line.strip_prefix("| `")).filter_map(|row| row.split('`').next()).collect()
}

fn source_files() -> Vec<PathBuf> {
    files_in(&root().join("src"))
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}
