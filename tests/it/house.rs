//! `src/` is a house: its blocks stand in an order, each imports from its own and from those below, and no import goes in a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// From the roof down. A file or a folder of `src/` stands in one block.
const BLOCKS: &[&[&str]] = &[
    &["lib", "guide", "journal_contract"],
    &["runs"],
    &["context", "etl_context", "run"],
    &["parts", "report"],
    &["engine", "error"],
    &["journal", "observe"],
    &["record", "pipeline", "counting"],
    &["json", "text", "stopper"],
];

const MOST_FLAT_FILES: usize = 8;

#[test]
fn everything_in_src_stands_in_one_block() {
    let standing: BTreeSet<_> = House::read().files.keys().map(|file| room(file).to_owned()).collect();
    let planned: Vec<_> = BLOCKS.iter().flat_map(|block| block.iter().map(ToString::to_string)).collect();
    assert_eq!(standing, planned.iter().cloned().collect(), "a room without a block, or a block without a room");
    assert_eq!(standing.len(), planned.len(), "a room stands in two blocks");
}

#[test]
fn few_files_lie_flat() {
    let flat: Vec<_> = House::read().files.into_keys().filter(|file| !file.contains('/')).collect();
    assert!(flat.len() <= MOST_FLAT_FILES, "{} files lie flat in src: {}", flat.len(), flat.join(", "));
}

#[test]
fn no_import_goes_up() {
    let upward: Vec<_> = House::read().imports().into_iter().filter(|import| block(&import.to) < block(&import.from)).collect();
    assert!(upward.is_empty(), "these import from a block above their own:\n{}", lines(&upward));
}

#[test]
fn no_imports_go_in_a_circle() {
    let circle = a_circle(&House::read().imports());
    assert!(circle.is_empty(), "these imports go in a circle:\n{}", lines(&circle));
}

#[test]
fn each_folder_says_its_question_its_types_and_what_it_may_import() {
    for (file, text) in House::read().files {
        if file.ends_with("/mod.rs") && file.matches('/').count() == 1 {
            let head: String = text.lines().take_while(|line| line.is_empty() || line.starts_with("//")).collect();
            let says = ["?", "[`", "imports"].map(|word| head.to_lowercase().contains(word));
            assert_eq!(says, [true; 3], "src/{file} begins with:\n{head}");
        }
    }
}

#[test]
fn the_map_in_contributing_is_the_house() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let contributing = fs::read_to_string(root.join("CONTRIBUTING.md")).unwrap();
    let mapped = mapped(&contributing);
    let source = root.join("src");
    let files =
        files_in(&source).into_iter().map(|file| file.strip_prefix(&source).unwrap().to_str().unwrap().replace('\\', "/"));
    assert_eq!(mapped.keys().cloned().collect::<BTreeSet<_>>(), files.collect());
    for (file, question) in &mapped {
        assert!(question.ends_with('?'), "the map asks nothing of src/{file}: {question}");
    }
    // The root begins with what users read, and these are no Rust.
    for (file, text) in House::read().files.into_iter().filter(|(file, _)| file != "lib.rs") {
        let head: Vec<_> = text.lines().map_while(|line| line.strip_prefix("//! ")).collect();
        let head = head.join(" ").replace("[`", "`").replace("`]", "`");
        assert!(head.starts_with(&mapped[&file]), "src/{file} does not begin with its question: {}", mapped[&file]);
    }
}

#[test]
fn imports_are_seen_in_every_form() {
    let text = "use crate::engine::{Engine, limits::{self, Limits}};\nuse super::part::Part;\n// crate::run::Run\n\
                fn now() -> crate::stopper::Stopper { $crate::context::Context }\n#[cfg(test)]\nuse crate::run::Run;\n";
    let house = House {
        files: [("parts/mod.rs", text), ("engine/mod.rs", ""), ("engine/limits.rs", ""), ("part.rs", ""), ("stopper.rs", "")]
            .map(|(file, text)| (file.to_owned(), text.to_owned()))
            .into(),
    };
    let imports = house.imports();
    let seen: Vec<_> = imports.iter().map(|import| (import.line, import.to.as_str())).collect();
    assert_eq!(seen, [(1, "engine/limits.rs"), (1, "engine/mod.rs"), (2, "part.rs"), (4, "stopper.rs")]);
}

#[test]
fn a_circle_is_found_and_a_tree_is_none() {
    let import = |from: &str, to: &str| Import { from: from.to_owned(), line: 1, to: to.to_owned() };
    let tree = [import("a", "b"), import("a", "c"), import("b", "c")];
    assert!(a_circle(&tree).is_empty());
    let circle = a_circle(&[&tree[..], &[import("c", "b"), import("c", "d")]].concat());
    assert_eq!(lines(&circle), "src/b:1 imports src/c\nsrc/c:1 imports src/b");
}

/// The question of each file, by its path in `src/`. Indentation says what lies in which folder, whose question is that of `mod.rs`.
fn mapped(contributing: &str) -> BTreeMap<String, String> {
    let tree = contributing.split("\nsrc/\n").nth(1).and_then(|rest| rest.split("\n```").next()).unwrap();
    let mut folders: Vec<&str> = Vec::new();
    let mut questions = BTreeMap::new();
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let depth = (line.len() - line.trim_start().len()) / 2;
        let (name, question) = line.trim_start().split_once(' ').unwrap();
        folders.truncate(depth - 1);
        let folder = name.strip_suffix('/');
        let path = [&folders[..], &[folder.unwrap_or(name)]].concat().join("/");
        folders.extend(folder);
        let file = if folder.is_some() { path + "/mod.rs" } else { path };
        questions.insert(file, question.trim().to_owned());
    }
    questions
}

/// The files of `src/`, by their paths in it.
struct House {
    files: BTreeMap<String, String>,
}

/// One file takes something from another one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Import {
    from: String,
    line: usize,
    to: String,
}

impl House {
    fn read() -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let files = files_in(&source).into_iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
        let named = files.map(|file| {
            let name = file.strip_prefix(&source).unwrap().to_str().unwrap().replace('\\', "/");
            (name, fs::read_to_string(file).unwrap())
        });
        House { files: named.collect() }
    }

    /// Every import of one file by another one, without those of unit tests, which may look at everything.
    fn imports(&self) -> Vec<Import> {
        let of_file = |(from, text): (&String, &String)| {
            let found: BTreeSet<_> = paths(text)
                .into_iter()
                .filter_map(|(line, path)| Some((line, self.file_of(&absolute(from, &path)?))))
                .filter(|(_, to)| to != from)
                .collect();
            found.into_iter().map(|(line, to)| Import { from: from.clone(), line, to }).collect::<Vec<_>>()
        };
        self.files.iter().flat_map(of_file).collect()
    }

    /// The file in which a path ends: that of the longest part of it which is a module. What the root has, it has from `lib.rs`.
    fn file_of(&self, path: &[String]) -> String {
        let longest_first = (1..=path.len()).rev().map(|length| path[..length].join("/"));
        let candidates = longest_first.flat_map(|module| [format!("{module}.rs"), format!("{module}/mod.rs")]);
        candidates.into_iter().find(|file| self.files.contains_key(file)).unwrap_or_else(|| "lib.rs".to_owned())
    }
}

/// Each path that begins with `crate::`, `super::` or `self::`, with its line; a group in braces is a path for each item.
fn paths(text: &str) -> Vec<(usize, Vec<String>)> {
    let code: Vec<_> = text.lines().take_while(|line| line.trim() != "#[cfg(test)]").map(without_comment).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (position, _) in code.match_indices(start) {
            let before = code[..position].chars().next_back();
            if before.is_none_or(|character| !character.is_alphanumeric() && !"_$:".contains(character)) {
                let line = code[..position].matches('\n').count() + 1;
                let mut branches = Vec::new();
                expand(&code[position..], &[], &mut branches);
                found.extend(branches.into_iter().map(|path| (line, path)));
            }
        }
    }
    found
}

fn without_comment(line: &str) -> &str {
    line.split("//").next().unwrap_or_default()
}

/// Follows a path over its groups; gives back what is left of the text behind it.
fn expand<'a>(text: &'a str, before: &[String], found: &mut Vec<Vec<String>>) -> &'a str {
    let mut path = before.to_vec();
    let mut rest = text.trim_start();
    loop {
        if let Some(inside) = rest.strip_prefix('{') {
            rest = inside.trim_start();
            while !rest.is_empty() && !rest.starts_with('}') {
                rest = expand(rest, &path, found).trim_start();
                rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            }
            return rest.strip_prefix('}').unwrap_or(rest);
        }
        let end = rest.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(rest.len());
        let (name, behind) = rest.split_at(end);
        if !name.is_empty() && (name != "self" || path.is_empty()) {
            path.push(name.to_owned());
        }
        let Some(further) = behind.strip_prefix("::") else {
            found.push(path);
            return behind.split_once([',', '}', ';']).map_or("", |(skipped, _)| &behind[skipped.len()..]);
        };
        rest = further;
    }
}

/// The path from the root, without `crate`; `None` for one that begins outside of `src/`.
fn absolute(from: &str, path: &[String]) -> Option<Vec<String>> {
    let module = from.strip_suffix(".rs")?;
    let module = module.strip_suffix("/mod").unwrap_or(module);
    let mut here: Vec<_> = if module == "lib" { Vec::new() } else { module.split('/').map(str::to_owned).collect() };
    let mut rest = path;
    while let [first, others @ ..] = rest {
        match first.as_str() {
            "crate" => here.clear(),
            "super" => drop(here.pop()),
            "self" => {}
            _ => break,
        }
        rest = others;
    }
    Some([here, rest.to_vec()].concat())
}

/// Some imports that lead from a file back to it; none if no imports do.
fn a_circle(imports: &[Import]) -> Vec<Import> {
    let mut left = imports.to_vec();
    loop {
        let importing: BTreeSet<_> = left.iter().map(|import| import.from.clone()).collect();
        let before = left.len();
        left.retain(|import| importing.contains(&import.to));
        if left.len() == before {
            break;
        }
    }
    // From here on each import leads to one more, so a walk comes back to where it was.
    let mut walk: Vec<Import> = Vec::new();
    let mut next = left.first();
    while let Some(import) = next {
        if let Some(start) = walk.iter().position(|earlier| earlier.from == import.from) {
            return walk.split_off(start);
        }
        walk.push(import.clone());
        next = left.iter().find(|following| following.from == import.to);
    }
    walk
}

fn lines(imports: &[Import]) -> String {
    let line = |import: &Import| format!("src/{}:{} imports src/{}", import.from, import.line, import.to);
    imports.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The file or folder of `src/` that a file is in.
fn room(file: &str) -> &str {
    file.split('/').next().unwrap_or_default().trim_end_matches(".rs")
}

fn block(file: &str) -> usize {
    BLOCKS.iter().position(|block| block.contains(&room(file))).unwrap_or(BLOCKS.len())
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_in(&path) } else { vec![path] }).collect()
}
