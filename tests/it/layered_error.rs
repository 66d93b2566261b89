//! An author's own error, with an error behind it.

use std::error::Error;
use std::fmt;
use std::io;

#[derive(Debug)]
pub(crate) enum ImportError {
    Unreadable(io::Error),
    Empty,
}

impl ImportError {
    pub(crate) fn unreadable() -> Self {
        ImportError::Unreadable(io::Error::new(io::ErrorKind::NotFound, "no such file"))
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportError::Unreadable(_) => f.write_str("export.tar cannot be read"),
            ImportError::Empty => f.write_str("export.tar is empty"),
        }
    }
}

impl Error for ImportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            ImportError::Unreadable(error) => Some(error),
            ImportError::Empty => None,
        }
    }
}

impl From<io::Error> for ImportError {
    fn from(error: io::Error) -> Self {
        ImportError::Unreadable(error)
    }
}
