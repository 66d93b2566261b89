//! The commands, a file for each.

pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod html;
pub(crate) mod list;
pub(crate) mod missing;
pub(crate) mod prune;
pub(crate) mod rejects;
pub(crate) mod show;

use crate::answer::{Answer, Failure};
use crate::command_line::Command;

pub(crate) fn answer(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::List(asked) => list::answer(&asked),
        Command::Show(asked) => show::answer(&asked),
        Command::Compare(asked) => compare::answer(&asked),
        Command::Missing(asked) => missing::answer(&asked),
        Command::Prune(asked) => prune::answer(&asked),
        Command::Rejects(asked) => rejects::answer(&asked),
        Command::Html(asked) => html::answer(&asked),
        Command::Completions(asked) => Ok(completions::answer(&asked)),
    }
}
