//! What the user asked for on the command line.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use thiserror::Error;

pub(crate) const HELP: &str = "\
Writes a made-up Skype export as JSON.

Usage: generate_export --conversations N --messages M --seed S [OPTIONS]

  --conversations N  how many conversations the export has
  --messages M       how many messages they have together
  --seed S           a number; the same seed gives the same export
  --bad B            give B of the messages no id or no readable time [default: 0]
  --output FILE      write to FILE instead of the standard output
  --help             show this text
";

#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    Help,
    Export(Order),
}

#[derive(Debug, PartialEq)]
pub(crate) struct Order {
    pub(crate) conversations: u64,
    pub(crate) messages: u64,
    pub(crate) seed: u64,
    pub(crate) bad: u64,
    /// The standard output, if there is none.
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, PartialEq, Error)]
pub(crate) enum CommandLineError {
    #[error("there is no option {0}")]
    UnknownOption(String),
    #[error("{0} needs a value after it")]
    NoValue(String),
    #[error("{option} needs a whole number, but got {value:?}")]
    NoNumber { option: String, value: OsString },
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{messages} messages need at least one conversation")]
    NoConversation { messages: u64 },
    #[error("{bad} of {messages} messages cannot be bad")]
    TooManyBad { bad: u64, messages: u64 },
}

impl Order {
    pub(crate) fn target(&self) -> String {
        match &self.output {
            Some(file) => file.display().to_string(),
            None => "the standard output".to_owned(),
        }
    }

    fn checked(self) -> Result<Self, CommandLineError> {
        let Self { messages, bad, .. } = self;
        if messages > 0 && self.conversations == 0 {
            Err(CommandLineError::NoConversation { messages })
        } else if bad > messages {
            Err(CommandLineError::TooManyBad { bad, messages })
        } else {
            Ok(self)
        }
    }
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, CommandLineError> {
    let mut arguments = arguments.into_iter();
    let (mut conversations, mut messages, mut seed) = (None, None, None);
    let mut bad = 0;
    let mut output = None;
    while let Some(argument) = arguments.next() {
        let option = argument.to_string_lossy();
        let mut value = || {
            let no_value = || CommandLineError::NoValue(option.to_string());
            arguments.next().ok_or_else(no_value)
        };
        match &*option {
            "--help" | "-h" => return Ok(Request::Help),
            "--conversations" => conversations = Some(number(&option, &value()?)?),
            "--messages" => messages = Some(number(&option, &value()?)?),
            "--seed" => seed = Some(number(&option, &value()?)?),
            "--bad" => bad = number(&option, &value()?)?,
            "--output" => output = Some(PathBuf::from(value()?)),
            _ => return Err(CommandLineError::UnknownOption(option.into_owned())),
        }
    }
    let order = Order {
        conversations: conversations.ok_or(CommandLineError::Missing("--conversations"))?,
        messages: messages.ok_or(CommandLineError::Missing("--messages"))?,
        seed: seed.ok_or(CommandLineError::Missing("--seed"))?,
        bad,
        output,
    };
    order.checked().map(Request::Export)
}

fn number(option: &str, value: &OsStr) -> Result<u64, CommandLineError> {
    let number = value.to_str().and_then(|value| value.parse().ok());
    number.ok_or_else(|| CommandLineError::NoNumber { option: option.to_owned(), value: value.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(arguments: &str) -> Result<Request, CommandLineError> {
        parse(arguments.split_whitespace().map(OsString::from))
    }

    #[test]
    fn an_order_is_read() {
        let expected = Order { conversations: 3, messages: 40, seed: 7, bad: 2, output: Some("export.json".into()) };
        assert_eq!(
            parse_text("--seed 7 --messages 40 --conversations 3 --bad 2 --output export.json"),
            Ok(Request::Export(expected))
        );
    }

    #[test]
    fn help_is_given_whatever_else_is_asked() {
        assert_eq!(parse_text("--seed 7 --help"), Ok(Request::Help));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (arguments, message) in [
            ("--fast", "there is no option --fast"),
            ("export.json", "there is no option export.json"),
            ("--messages", "--messages needs a value after it"),
            ("--seed x", "--seed needs a whole number, but got \"x\""),
            ("--conversations 1 --messages 1", "--seed is missing"),
            ("--conversations 0 --messages 1 --seed 1", "1 messages need at least one conversation"),
            ("--conversations 1 --messages 1 --seed 1 --bad 2", "2 of 1 messages cannot be bad"),
        ] {
            assert_eq!(parse_text(arguments).unwrap_err().to_string(), message);
        }
    }
}
