//! `completions`: what a shell needs to complete the command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::answer::Answer;
use crate::command_line::CommandLine;

/// Print completions for a shell.
///
/// As in `etl-runs completions bash > ~/.local/share/bash-completion/completions/etl-runs`.
#[derive(Debug, Args)]
pub(crate) struct Asked {
    /// Which shell
    shell: Shell,
}

pub(crate) fn answer(asked: &Asked) -> Answer {
    let mut script = Vec::new();
    clap_complete::generate(asked.shell, &mut CommandLine::command(), "etl-runs", &mut script);
    Answer::data(String::from_utf8_lossy(&script).into_owned())
}
