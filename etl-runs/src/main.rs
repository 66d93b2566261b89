//! The next morning: which runs were there, and what happened in them?
//!
//! Lists, shows, compares and prunes the runs that etl-context has recorded in a folder, an SQLite file or a PostgreSQL database. It
//! takes no run from its owner, and all but `prune` only read.
//!
//! ```text
//! etl-runs list runs taxi
//! etl-runs show runs taxi 2026-11-25 --html run.html
//! etl-runs show import.jsonl
//! etl-runs list postgres://watcher@db.example.org/imports
//! ```

mod age;
mod answer;
mod colour;
mod command_line;
mod commands;
mod days;
mod found;
mod place;
mod screen;
mod text;

use std::process::ExitCode;

use clap::Parser;

use crate::answer::Failure;
use crate::command_line::CommandLine;

fn main() -> ExitCode {
    let asked = match CommandLine::try_parse() {
        Ok(asked) => asked,
        Err(mistake) => {
            // Nobody is left to be told if this fails.
            let _ = mistake.print();
            return ExitCode::from(u8::try_from(mistake.exit_code()).unwrap_or(answer::USAGE));
        }
    };
    asked.color.write_global();
    let answered = commands::answer(asked.command).and_then(|answer| screen::print(&answer).map(|()| answer.exit_code));
    answered.map_or_else(Failure::told, ExitCode::from)
}
