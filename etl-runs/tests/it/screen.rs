//! Colours, pipes that nobody reads to the end, help, completions.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::nights;
use crate::places::Place;
use crate::program::{program, run, text};

fn filled() -> Place {
    let place = Place::folder();
    nights::write(place.folder.path());
    place
}

#[test]
fn colours_are_for_terminals_and_for_who_asks_for_them() {
    const GREEN: &str = "\u{1b}[32mcompleted\u{1b}[0m";
    let place = filled();
    let list = ["list", "runs", "taxi"];
    let plain = run(place.folder.path(), &list).out;
    assert!(!plain.contains('\u{1b}'), "{plain}");
    let coloured = run(place.folder.path(), &[&list[..], &["--color", "always"]].concat()).out;
    assert_eq!(coloured.matches(GREEN).count(), 3, "{coloured}");
    assert!(coloured.contains("\u{1b}[31mfailed\u{1b}[0m") && coloured.contains("\u{1b}[33munfinished\u{1b}[0m"), "{coloured}");
    let forced = program(place.folder.path()).args(list).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert_eq!(text(&forced.stdout), coloured);
    let refused = program(place.folder.path()).args(list).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").output().unwrap();
    assert_eq!(text(&refused.stdout), plain);
    for command in [
        ["show", "runs", "taxi", "2026-11-22", "--color=always"].as_slice(),
        &["compare", "runs", "taxi", "2026-11-21", "2026-11-22", "--color=always"],
    ] {
        let coloured = run(place.folder.path(), command).with_code(1).out;
        assert!(coloured.contains("\u{1b}[31mfailed\u{1b}[0m"), "{coloured}");
    }
    for option in ["--json", "--markdown"] {
        let data = run(place.folder.path(), &[&list[..], &["--color=always", option]].concat()).out;
        assert!(!data.contains('\u{1b}'), "{data}");
    }
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let place = filled();
    let journal = std::fs::read(place.folder.path().join("runs/taxi/2026-11-21.jsonl")).unwrap();
    // More than a pipe takes.
    (0..2_000).for_each(|run| std::fs::write(place.folder.path().join(format!("runs/taxi/{run}.jsonl")), &journal).unwrap());
    let mut command = program(place.folder.path());
    let mut child = command.args(["list", "runs", "taxi"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(first.starts_with("run "), "{first}");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_is_told_of() {
    let place = filled();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = program(place.folder.path()).args(["list", "runs", "taxi"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).starts_with("etl-runs: cannot write to standard output: "), "{output:?}");
}

#[test]
fn help_says_which_places_there_are_and_what_the_exit_codes_mean() {
    let folder = Place::folder();
    let help = run(folder.folder.path(), &["--help"]).with_code(0).out;
    for part in ["postgres://user@host/db", "Exit codes:", "\n  3  something is not there", "NO_COLOR", "COLUMNS"] {
        assert!(help.contains(part), "{part}: {help}");
    }
    for command in ["list", "show", "compare", "missing", "prune", "rejects", "html", "completions"] {
        assert!(help.contains(&format!("\n  {command} ")), "{command}: {help}");
        let of_command = run(folder.folder.path(), &[command, "--help"]).with_code(0).out;
        assert!(of_command.contains(&format!("Usage: etl-runs {command} ")), "{of_command}");
    }
    for (command, code) in [
        ("show", "Exits with 1 if the run did not complete"),
        ("missing", "Exits with 1"),
        ("compare", "Exits with 1"),
        ("list", "Exits with 3"),
    ] {
        assert!(run(folder.folder.path(), &[command, "--help"]).out.contains(code), "{command}");
    }
    assert!(run(folder.folder.path(), &["--version"]).with_code(0).out.starts_with("etl-runs 0."));
    assert_eq!(run(folder.folder.path(), &[]).code, 2);
    assert_eq!(run(folder.folder.path(), &["list", "runs", "--fast"]).code, 2);
}

#[test]
fn every_shell_is_told_the_commands() {
    let folder = Place::folder();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(folder.folder.path(), &["completions", shell]).with_code(0).out;
        assert!(script.contains("missing") && script.contains("keep-within"), "{shell}: {script}");
    }
    run(folder.folder.path(), &["completions", "tcl"]).with_code(2);
}
