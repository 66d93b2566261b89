//! Reads a part of an export in large blocks, and shows what lies in them.

use std::fs::File;
use std::io::{self, Read, Take};

/// So much is read at once. An element that is larger makes the window grow.
const BLOCK: usize = 1 << 18;

pub(crate) struct Window {
    input: Take<File>,
    buffer: Vec<u8>,
    /// Where what was not consumed yet begins in the buffer.
    begin: usize,
    /// Where what was read ends in it.
    end: usize,
    /// The place in the part that `begin` has.
    offset: u64,
}

impl Window {
    /// `file` stands at the place `offset` of a part, of which `length` bytes are left.
    pub(crate) fn new(file: File, offset: u64, length: u64) -> Self {
        Window { input: file.take(length), buffer: vec![0; BLOCK], begin: 0, end: 0, offset }
    }

    /// What was read and not consumed yet.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.begin..self.end]
    }

    /// Where in the part this begins.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    pub(crate) fn consume(&mut self, length: usize) {
        self.begin += length;
        self.offset += length as u64;
    }

    /// Reads on behind what is there; false at the end of the part.
    pub(crate) fn fill(&mut self) -> io::Result<bool> {
        if self.begin > 0 {
            self.buffer.copy_within(self.begin..self.end, 0);
            self.end -= self.begin;
            self.begin = 0;
        }
        if self.end == self.buffer.len() {
            self.buffer.resize(2 * self.end, 0);
        }
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(length) => {
                    self.end += length;
                    return Ok(length > 0);
                }
                Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
                Err(problem) => return Err(problem),
            }
        }
    }

    /// The bytes at a place that is not before this one, if the part is so long. What was before them is consumed.
    pub(crate) fn at(&mut self, offset: u64, length: usize) -> io::Result<Option<&[u8]>> {
        loop {
            let skipped = usize::try_from(offset - self.offset).unwrap_or(usize::MAX).min(self.end - self.begin);
            self.consume(skipped);
            if self.offset == offset && self.end - self.begin >= length {
                return Ok(Some(&self.buffer[self.begin..self.begin + length]));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }
}
