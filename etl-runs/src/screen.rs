//! Standard output: how wide it is, whether it has colours, and what becomes of an answer that nobody reads to its end.

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use crate::answer::{Answer, Failure};
use crate::colour::painted;

/// Where nobody says.
const WIDTH: usize = 100;
/// A table has to be readable.
const NARROWEST: usize = 40;

/// How long a line may be: what `COLUMNS` says, or else what the terminal says.
pub(crate) fn width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
    said.or_else(terminal).unwrap_or(WIDTH).max(NARROWEST)
}

/// Somebody sits there who can be asked.
pub(crate) fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Whether the answer is yes.
pub(crate) fn ask(question: &str) -> Result<bool, Failure> {
    let failed = |error: io::Error| Failure::trouble(format!("cannot ask: {error}"));
    write!(io::stderr(), "{question} [y/N] ").map_err(failed)?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(failed)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

pub(crate) fn print(answer: &Answer) -> Result<(), Failure> {
    let stdout = io::stdout().lock();
    let has_colours = answer.is_for_people && AutoStream::choice(&stdout) != ColorChoice::Never;
    let text = if has_colours { &painted(&answer.text) } else { &answer.text };
    match write_to(stdout, text) {
        // Whoever reads it has enough, as `head` has.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::trouble(format!("cannot write to standard output: {error}"))),
    }
}

fn write_to(mut stdout: impl Write, text: &str) -> io::Result<()> {
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}
