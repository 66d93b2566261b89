//! What a command answers, and with which exit code.

use std::process::ExitCode;

use etl_context::JournalError;

/// The question was answered, and all is well.
pub(crate) const YES: u8 = 0;
/// It was answered, and the answer is no: see each command.
pub(crate) const NO: u8 = 1;
/// The command line is wrong.
pub(crate) const USAGE: u8 = 2;
/// Something is not there, or cannot be read or written.
pub(crate) const TROUBLE: u8 = 3;

/// What goes to standard output, and the exit code.
pub(crate) struct Answer {
    pub(crate) text: String,
    /// For people, who may have colours.
    pub(crate) is_for_people: bool,
    pub(crate) exit_code: u8,
}

impl Answer {
    pub(crate) fn for_people(text: String) -> Self {
        Answer { text, is_for_people: true, exit_code: YES }
    }

    /// As it stands, for scripts and files.
    pub(crate) fn data(text: String) -> Self {
        Answer { text, is_for_people: false, exit_code: YES }
    }

    /// One document in JSON.
    pub(crate) fn json(document: &impl ToString) -> Self {
        Answer::data(document.to_string() + "\n")
    }

    pub(crate) fn with_code(self, exit_code: u8) -> Self {
        Answer { exit_code, ..self }
    }
}

/// Why there is no answer.
pub(crate) struct Failure {
    message: String,
    exit_code: u8,
}

impl Failure {
    /// What was asked for cannot be.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Failure { message: message.into(), exit_code: USAGE }
    }

    pub(crate) fn trouble(message: impl Into<String>) -> Self {
        Failure { message: message.into(), exit_code: TROUBLE }
    }

    /// Says it on standard error.
    pub(crate) fn told(self) -> ExitCode {
        anstream::eprintln!("etl-runs: {}", self.message);
        ExitCode::from(self.exit_code)
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        Failure::trouble(error.to_string())
    }
}
