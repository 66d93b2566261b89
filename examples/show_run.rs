//! The next morning: what happened in last night's run?
//!
//! Prints the run in a journal as a table, and writes it as an HTML page or as Markdown. The journal is only read, so this
//! also works while another process writes to it.
//!
//! ```text
//! cargo run --example show_run -- import.jsonl
//! cargo run --example show_run -- --html import.html --markdown import.md import.jsonl
//! ```

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use etl_context::{RunRecord, RunSummary};

const USAGE: &str = "usage: show_run [--html <page>] [--markdown <file>] <journal>";

/// What the command line asks for.
#[derive(Default)]
struct Asked {
    html: Option<PathBuf>,
    markdown: Option<PathBuf>,
    journal: PathBuf,
}

fn main() -> ExitCode {
    let Some(asked) = read_arguments(env::args_os().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match show(&asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("show_run: {message}");
            ExitCode::FAILURE
        }
    }
}

/// `None` if the arguments make no sense.
fn read_arguments(mut arguments: impl Iterator<Item = OsString>) -> Option<Asked> {
    let mut asked = Asked::default();
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--html") => asked.html = Some(arguments.next()?.into()),
            Some("--markdown") => asked.markdown = Some(arguments.next()?.into()),
            Some(option) if option.starts_with('-') => return None,
            _ if asked.journal.as_os_str().is_empty() => asked.journal = argument.into(),
            _ => return None,
        }
    }
    (!asked.journal.as_os_str().is_empty()).then_some(asked)
}

fn show(asked: &Asked) -> Result<(), String> {
    let summary = read(&asked.journal)?;
    print!("{summary}");
    if let Some(page) = &asked.html {
        write(page, &summary.to_html())?;
    }
    if let Some(file) = &asked.markdown {
        write(file, &summary.to_markdown())?;
    }
    Ok(())
}

fn read(journal: &Path) -> Result<RunSummary, String> {
    let record = RunRecord::read(journal).map_err(|error| error.to_string())?;
    let record = record.ok_or_else(|| format!("the journal `{}` holds no run yet", journal.display()))?;
    Ok(record.summary())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|error| format!("cannot write `{}`: {error}", path.display()))?;
    eprintln!("wrote {}", path.display());
    Ok(())
}
