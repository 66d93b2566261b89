//! What was seen of a value while it was written? How many entries it has, and whether anything in it has to be looked at closely.

use std::cell::Cell;

/// So many keys of one object are compared; one with more is looked at more closely.
const COMPARED: usize = 16;

/// Whether a key of a result says something of its phase: a status, or a count.
pub(crate) fn is_word(key: &str) -> bool {
    key == "status" || key.ends_with("_processed")
}

/// What was seen of a value so far.
#[derive(Default)]
pub(super) struct Seen {
    entries: Cell<usize>,
    /// Whether it could be that the text is not all there is to say.
    doubtful: Cell<bool>,
    /// The key that was written last, unless it is in doubt.
    key: Cell<Option<Key>>,
}

#[derive(Clone, Copy)]
struct Key {
    sum: u32,
    is_word: bool,
}

impl Key {
    /// The sum is FNV-1a: two keys with one sum are most likely the same.
    #[inline]
    fn of(key: &str) -> Self {
        let sum = key.bytes().fold(0x811c_9dc5, |sum: u32, byte| (sum ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Key { sum, is_word: is_word(key) }
    }
}

impl Seen {
    pub(super) fn entries(&self) -> usize {
        self.entries.get()
    }

    pub(super) fn is_doubtful(&self) -> bool {
        self.doubtful.get()
    }

    pub(super) fn doubt(&self) {
        self.doubtful.set(true);
    }

    /// A key is written. One that begins so is no author's: it stands for a value that was refused.
    #[inline]
    pub(super) fn key(&self, key: &str) {
        self.key.set((!key.starts_with('\0')).then(|| Key::of(key)));
    }

    /// A struct is written. `serde_json` writes values that are text already as structs with names of its own.
    #[inline]
    pub(super) fn name(&self, name: &'static str) {
        if name.starts_with('$') {
            self.doubt();
        }
    }
}

/// The keys of one object so far.
#[derive(Default)]
pub(super) struct Keys {
    sums: [u32; COMPARED],
    length: usize,
}

impl Keys {
    /// The object, so many levels down, has this key.
    #[inline]
    pub(super) fn add(&mut self, key: &str, depth: usize, seen: &Seen) {
        seen.key(key);
        self.add_seen(depth, seen);
    }

    /// The same of the key that was written last.
    #[inline]
    pub(super) fn add_seen(&mut self, depth: usize, seen: &Seen) {
        seen.entries.set(seen.entries.get() + 1);
        let plain = seen.key.take().filter(|key| depth > 1 || !key.is_word);
        let known = &self.sums[..self.length.min(COMPARED)];
        match (plain.filter(|key| !known.contains(&key.sum)), self.sums.get_mut(self.length)) {
            (Some(key), Some(place)) => *place = key.sum,
            _ => seen.doubt(),
        }
        self.length += 1;
    }
}
