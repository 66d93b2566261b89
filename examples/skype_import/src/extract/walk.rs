//! Where is what in the JSON of a part? Walks over its objects and lists, and looks into as little of them as it can.

use std::io;

use crate::error::ImportError;
use crate::export::{Part, Window};
use crate::json::{self, Skim};

/// Why a part cannot be read on.
#[derive(Debug)]
pub(crate) enum Fault {
    Unreadable(io::Error),
    /// The place in the part, and what is wrong there.
    Malformed(u64, &'static str),
    /// Whoever asked for the walk ended it.
    Ended(ImportError),
}

impl From<io::Error> for Fault {
    fn from(problem: io::Error) -> Self {
        Fault::Unreadable(problem)
    }
}

impl From<ImportError> for Fault {
    fn from(problem: ImportError) -> Self {
        Fault::Ended(problem)
    }
}

impl Fault {
    /// As it is told to the user: by line and column, for which the part is read again up to there.
    pub(crate) fn told(self, part: &Part) -> ImportError {
        match self {
            Fault::Unreadable(problem) => part.unreadable(problem),
            Fault::Ended(problem) => problem,
            Fault::Malformed(offset, problem) => match line_and_column(part, offset) {
                Ok((line, column)) => ImportError::NotAnExport { file: part.name.clone(), problem, line, column },
                Err(problem) => problem,
            },
        }
    }
}

const CUT_OFF: &str = "EOF while parsing";

/// Where a value is in its part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Span {
    pub(crate) offset: u64,
    pub(crate) length: u64,
}

pub(crate) struct Walk(Window);

impl Walk {
    pub(crate) fn over(part: &Part) -> Result<Self, ImportError> {
        part.read_from(0).map(Walk)
    }

    /// The place in the part that was reached.
    pub(crate) fn offset(&self) -> u64 {
        self.0.offset()
    }

    /// The byte that begins the next value or ends a list; it stays where it is.
    pub(crate) fn peek(&mut self) -> Result<u8, Fault> {
        self.next()?.ok_or_else(|| self.malformed(CUT_OFF))
    }

    /// Skips what stands for nothing; `None` at the end of the part.
    fn next(&mut self) -> Result<Option<u8>, Fault> {
        loop {
            let bytes = self.0.bytes();
            let spaces = bytes.iter().position(|byte| !json::is_space(*byte));
            let (length, found) = (bytes.len(), spaces.map(|at| bytes[at]));
            self.0.consume(spaces.unwrap_or(length));
            if found.is_some() || !self.0.fill()? {
                return Ok(found);
            }
        }
    }

    fn step(&mut self) {
        self.0.consume(1);
    }

    /// Nothing but spaces may follow.
    pub(crate) fn end(&mut self) -> Result<(), Fault> {
        match self.next()? {
            None => Ok(()),
            Some(_) => Err(self.malformed("trailing characters")),
        }
    }

    /// Walks through an object: `member` is told each key, and has to walk over the value.
    pub(crate) fn object(&mut self, mut member: impl FnMut(&mut Self, &str) -> Result<(), Fault>) -> Result<(), Fault> {
        self.step();
        if self.peek()? == b'}' {
            self.step();
            return Ok(());
        }
        loop {
            if self.peek()? != b'"' {
                return Err(self.malformed("expected a key"));
            }
            let mut key = String::new();
            self.value(|written| key.push_str(&json::text(written).unwrap_or_default()))?;
            if self.peek()? != b':' {
                return Err(self.malformed("expected `:`"));
            }
            self.step();
            member(self, &key)?;
            if self.ends(b'}', "expected `,` or `}`")? {
                return Ok(());
            }
        }
    }

    /// Walks through a list: `element` has to walk over each element.
    pub(crate) fn list(&mut self, mut element: impl FnMut(&mut Self) -> Result<(), Fault>) -> Result<(), Fault> {
        self.step();
        if self.peek()? == b']' {
            self.step();
            return Ok(());
        }
        loop {
            element(self)?;
            if self.ends(b']', "expected `,` or `]`")? {
                return Ok(());
            }
        }
    }

    fn ends(&mut self, bracket: u8, expected: &'static str) -> Result<bool, Fault> {
        let found = self.peek()?;
        if found != bracket && found != b',' {
            return Err(self.malformed(expected));
        }
        self.step();
        Ok(found == bracket)
    }

    /// Walks over a value, which is shown in one piece.
    pub(crate) fn value<T>(&mut self, look: impl FnOnce(&[u8]) -> T) -> Result<(Span, T), Fault> {
        let first = self.peek()?;
        let mut skim = Skim::of(first).ok_or_else(|| self.malformed("expected value"))?;
        let mut seen = 0;
        let length = loop {
            let bytes = &self.0.bytes()[seen..];
            if let Some(end) = skim.end_in(bytes, seen == 0) {
                break seen + end;
            }
            seen += bytes.len();
            if !self.0.fill()? {
                if skim.may_end() {
                    break seen;
                }
                self.0.consume(seen);
                return Err(self.malformed(CUT_OFF));
            }
        };
        let span = Span { offset: self.0.offset(), length: length as u64 };
        let looked = look(&self.0.bytes()[..length]);
        self.0.consume(length);
        Ok((span, looked))
    }

    pub(crate) fn skip(&mut self) -> Result<(), Fault> {
        self.value(|_| ()).map(drop)
    }

    /// A fault at this place.
    pub(crate) fn malformed(&self, problem: &'static str) -> Fault {
        Fault::Malformed(self.0.offset(), problem)
    }
}

/// Both from 1; the column counts bytes.
fn line_and_column(part: &Part, offset: u64) -> Result<(u64, u64), ImportError> {
    let mut window = part.read_from(0)?;
    let (mut line, mut begins) = (1, 0);
    loop {
        let left = usize::try_from(offset - window.offset()).unwrap_or(usize::MAX);
        let bytes = window.bytes();
        let length = bytes.len().min(left);
        for at in memchr::memchr_iter(b'\n', &bytes[..length]) {
            line += 1;
            begins = window.offset() + at as u64 + 1;
        }
        window.consume(length);
        if length == left || !window.fill().map_err(|problem| part.unreadable(problem))? {
            return Ok((line, offset - begins + 1));
        }
    }
}
