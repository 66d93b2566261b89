//! The package's README shows what is printed.

use std::path::Path;
use std::{env, fs};

use tempfile::TempDir;

use crate::nights;
use crate::program::run;

#[test]
fn each_command_of_the_readme_prints_what_stands_there() {
    const BLOCK: &str = "```console\n$ etl-runs ";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let folder = TempDir::new().unwrap();
    nights::write(folder.path());

    let mut blocks = readme.split(BLOCK);
    let mut printed = blocks.next().unwrap().to_owned();
    for block in blocks {
        let (command, rest) = block.split_once('\n').unwrap();
        let (_, after) = rest.split_once("```").unwrap();
        let said = run(folder.path(), &command.split(' ').collect::<Vec<_>>());
        assert!(said.code <= 1, "{said:?}");
        printed.extend([BLOCK, command, "\n", &said.out, "```", after]);
    }
    assert!(readme.matches(BLOCK).count() > 5);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &printed).unwrap();
    }
    assert_eq!(printed, fs::read_to_string(&path).unwrap());
}
