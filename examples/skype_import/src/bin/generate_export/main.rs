//! Writes a made-up Skype export of any size, to try the import with.
//!
//! ```sh
//! cargo run --release -p skype_import --bin generate_export -- \
//!     --conversations 500 --messages 200000 --seed 1 --output messages.json
//! ```
//!
//! The same seed always gives the same export. One conversation at a time is made and written, the newest message first.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may panic"))]

mod chat;
mod command_line;
mod content;
mod export;
mod phrases;
mod random;

use std::fs::File;
use std::io;
use std::process::ExitCode;

use command_line::{Order, Request};

fn main() -> ExitCode {
    match command_line::parse(std::env::args_os().skip(1)) {
        Ok(Request::Help) => {
            print!("{}", command_line::HELP);
            ExitCode::SUCCESS
        }
        Ok(Request::Export(order)) => match write(&order) {
            Ok(()) => ExitCode::SUCCESS,
            Err(problem) => {
                eprintln!("cannot write the export to {}: {problem}", order.target());
                ExitCode::FAILURE
            }
        },
        Err(problem) => {
            eprintln!("{problem}; see generate_export --help");
            ExitCode::from(2)
        }
    }
}

fn write(order: &Order) -> io::Result<()> {
    match &order.output {
        Some(file) => export::write(order, File::create(file)?),
        None => export::write(order, io::stdout().lock()),
    }
}
