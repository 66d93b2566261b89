//! The next morning: what happened in last night's run?
//!
//! Prints a run as a table, and writes it as an HTML page, as Markdown or as a trace for <https://ui.perfetto.dev>. The run is in a
//! journal file, or in PostgreSQL, and is only read, so this also works while another process goes on with it. Of a database it lists
//! the latest runs unless it is told which one to show.
//!
//! ```text
//! cargo run -p show_run -- import.jsonl
//! cargo run -p show_run -- --html import.html --markdown import.md --trace import.json import.jsonl
//! cargo run -p show_run --features postgres -- --postgres postgres://nightly@db.example.org/imports
//! ```

mod command_line;
#[cfg(feature = "postgres")]
mod database;

use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use etl_context::{RunRecord, RunSummary};

use crate::command_line::{Asked, Source, USAGE};

fn main() -> ExitCode {
    let asked = match command_line::parse(env::args_os().skip(1)) {
        Ok(asked) => asked,
        Err(mistake) => {
            eprintln!("show_run: {mistake}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match show(&asked) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("show_run: {message}");
            ExitCode::FAILURE
        }
    }
}

fn show(asked: &Asked) -> Result<(), String> {
    let summary = match &asked.source {
        Source::File(journal) => read(journal)?,
        #[cfg(feature = "postgres")]
        Source::Database { url, run: Some(run) } => database::read(url, *run)?,
        #[cfg(feature = "postgres")]
        Source::Database { url, run: None } => {
            print!("{}", database::list(url)?);
            return Ok(());
        }
    };
    print!("{summary}");
    if let Some(page) = &asked.html {
        write(page, &summary.to_html())?;
    }
    if let Some(file) = &asked.markdown {
        write(file, &summary.to_markdown())?;
    }
    if let Some(file) = &asked.trace {
        write(file, &summary.to_trace())?;
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
