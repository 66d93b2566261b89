//! How does a const panic name the value that it refuses?
//!
//! `panic!` in a const takes one string and formats nothing, so the sentence is put together here.

const CAPACITY: usize = 320;

/// A sentence that is built while the compiler evaluates a constant. What does not fit is cut.
pub(crate) struct Message {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl Message {
    pub(crate) const fn new(start: &str) -> Self {
        Message { bytes: [0; CAPACITY], length: 0 }.with(start)
    }

    pub(crate) const fn with(mut self, text: &str) -> Self {
        let text = text.as_bytes();
        let mut index = 0;
        while index < text.len() && self.length < CAPACITY {
            self.bytes[self.length] = text[index];
            self.length += 1;
            index += 1;
        }
        self
    }

    /// Stops the evaluation with the sentence.
    #[track_caller]
    #[allow(clippy::panic, reason = "this is how a constant reports a mistake")]
    pub(crate) const fn refuse(&self) -> ! {
        match str::from_utf8(self.bytes.split_at(self.length).0) {
            Ok(sentence) => panic!("{}", sentence),
            Err(_cut_inside_a_character) => panic!("the value is invalid and too long to show"),
        }
    }
}

/// `==` for strings, which a constant cannot use yet.
pub(crate) const fn same_text(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut index = 0;
    while index < left.len() {
        if left[index] != right[index] {
            return false;
        }
        index += 1;
    }
    true
}
