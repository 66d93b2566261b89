//! How does a refusal of a lower block become an error? Each in the words that it has there.

use std::str::FromStr;

use crate::error::Error;
use crate::journal::JournalError;
use crate::pipeline::phase::{InvalidName, PhaseName, PhaseStatus};
use crate::pipeline::table::NotHere;
use crate::record::NotAdmitted;
use crate::record::stored::NotReadable;
use crate::text::sentence;

impl From<InvalidName> for Error {
    fn from(InvalidName { name, reason }: InvalidName) -> Self {
        Error::InvalidPhaseName { name, reason }
    }
}

impl From<NotAdmitted> for Error {
    fn from(refused: NotAdmitted) -> Self {
        match refused {
            NotAdmitted::AlreadyInProgress { running, asked } => Error::AlreadyInProgress { running, asked },
            NotAdmitted::NoneInProgress { asked, state } => Error::NoneInProgress { asked, state },
        }
    }
}

impl From<NotHere> for Error {
    fn from(NotHere { phase, after, pipeline, allowed }: NotHere) -> Self {
        Error::OutOfOrder { phase, after, pipeline, allowed }
    }
}

impl From<NotReadable> for Error {
    fn from(NotReadable { phase, what, reason }: NotReadable) -> Self {
        Error::StoredShape { phase, what, reason }
    }
}

/// A journal that cannot be opened, under `?`.
impl From<JournalError> for Error {
    fn from(source: JournalError) -> Self {
        Error::Journal { refused: "the journal cannot be used".to_owned(), source }
    }
}

impl FromStr for PhaseName {
    type Err = Error;

    /// # Errors
    ///
    /// [`Error::InvalidPhaseName`], with the reason.
    fn from_str(name: &str) -> Result<Self, Error> {
        Ok(PhaseName::parse(name)?)
    }
}

impl FromStr for PhaseStatus {
    type Err = Error;

    /// Exact and case-sensitive.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidStatus`] for any other word.
    fn from_str(word: &str) -> Result<Self, Error> {
        PhaseStatus::from_word(word).ok_or_else(|| Error::invalid_status(word, sentence::STATUS_RULE))
    }
}
