//! What is counted? The two documented counters, an author's own, and counts whose type is no longer known.

use std::fmt;
use std::sync::Arc;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::text::counter::counted;
use crate::text::line::one_line;

/// What a phase counts: a small struct of `u64`s, declared with [`counters!`](crate::counters).
///
/// The library moves counts around as an array, one place for each name, so that adding them is adding a few numbers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no set of counters",
    label = "counters are expected here",
    note = "declare them with `counters! {{ pub struct Rows {{ pub rows: u64 }} }}`"
)]
pub trait Counters: Copy + Default + fmt::Debug + PartialEq + Send + Sync + 'static {
    /// One name for each counter, at most [`MAX_COUNTERS`].
    const NAMES: &'static [&'static str];

    /// The counts in the order of the names; the places after the last name are zero.
    fn to_values(self) -> CounterValues;

    /// The counts from values in the order of the names.
    fn from_values(values: CounterValues) -> Self;
}

/// The most counters that one phase can have.
pub const MAX_COUNTERS: usize = 8;

/// One value for each of a phase's counters, in the order of [`Counters::NAMES`].
pub type CounterValues = [u64; MAX_COUNTERS];

counters! {
    /// Conversations and messages: what a phase counts, unless it is declared to count something of its own.
    ///
    /// ```
    /// use etl_context::Counts;
    ///
    /// let batch = Counts { messages: 250, ..Counts::default() };
    /// ```
    pub struct Counts {
        /// Conversations processed, or expected.
        pub conversations: u64,
        /// Messages processed, or expected.
        pub messages: u64,
    }
}

/// What a phase counts that counts nothing, as declared with `counts ()`.
impl Counters for () {
    const NAMES: &'static [&'static str] = &[];

    #[inline]
    fn to_values(self) -> CounterValues {
        CounterValues::default()
    }

    #[inline]
    fn from_values(_: CounterValues) -> Self {}
}

/// Counts whose type is not known here: names and values, side by side.
///
/// This is how counts are recorded and reported, so that one record can hold phases that count different things.
///
/// ```
/// use etl_context::{Counts, Tally};
///
/// let tally = Tally::of(Counts { conversations: 5, messages: 100 });
/// assert_eq!(tally.get("messages"), Some(100));
/// assert_eq!(tally.get("rows"), None);
/// ```
#[derive(Clone)]
pub struct Tally {
    names: Names,
    values: Values,
}

/// Most phases count one thing or two, and a run keeps two tallies of each attempt: so only these two values lie in a tally
/// itself. The others lie elsewhere, unless all of them are zero.
#[derive(Clone, Default)]
struct Values {
    first: [u64; 2],
    others: Option<Arc<[u64; MAX_COUNTERS - 2]>>,
}

impl Values {
    #[inline]
    fn new([first, second, others @ ..]: CounterValues) -> Self {
        let others = others.iter().any(|value| *value > 0).then(|| Arc::new(others));
        Values { first: [first, second], others }
    }

    fn all(&self) -> CounterValues {
        let mut all = CounterValues::default();
        let (first, others) = all.split_at_mut(self.first.len());
        first.copy_from_slice(&self.first);
        if let Some(values) = &self.others {
            others.copy_from_slice(&**values);
        }
        all
    }
}

/// The names of counters: those of a type, or read from a journal.
#[derive(Clone)]
enum Names {
    Declared(&'static [&'static str]),
    Read(Arc<[String]>),
}

impl Tally {
    /// The counts with their names.
    #[must_use]
    pub fn of<C: Counters>(counts: C) -> Self {
        Tally::new(C::NAMES, counts.to_values())
    }

    #[inline]
    pub(crate) fn new(names: &'static [&'static str], values: CounterValues) -> Self {
        Tally { names: Names::Declared(names), values: Values::new(values) }
    }

    /// Counts that were read; `None` if there are more than a phase can have.
    pub(crate) fn read(counts: Vec<(String, u64)>) -> Option<Self> {
        if counts.len() > MAX_COUNTERS {
            return None;
        }
        let mut values = CounterValues::default();
        for (value, (_, count)) in values.iter_mut().zip(&counts) {
            *value = *count;
        }
        let names = counts.into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        if names == Counts::NAMES {
            return Some(Tally::new(Counts::NAMES, values));
        }
        Some(Tally { names: Names::Read(names.into()), values: Values::new(values) })
    }

    /// Counts whose names were read before.
    pub(crate) fn known(names: &Arc<[String]>, values: CounterValues) -> Self {
        Tally { names: Names::Read(Arc::clone(names)), values: Values::new(values) }
    }

    /// The same counters, all at zero.
    pub(crate) fn zeroed(&self) -> Self {
        Tally { names: self.names.clone(), values: Values::default() }
    }

    /// The counts as a type, by their names; `None` if these are not what `C` counts.
    ///
    /// What a phase counts may have changed since it was counted. A counter that is new was not counted, so it is zero, and one that is
    /// gone is left out. Where both are the case, one may have become the other, and nobody can tell: then this is `None`.
    ///
    /// ```
    /// use etl_context::{Counts, Tally, counters};
    ///
    /// counters! { struct Sizes { bytes: u64, messages: u64, conversations: u64 } }
    /// counters! { struct Rows { rows: u64, messages: u64 } }
    ///
    /// let tally = Tally::of(Counts { conversations: 5, messages: 100 });
    /// assert_eq!(tally.typed(), Some(Sizes { bytes: 0, messages: 100, conversations: 5 }));
    /// assert_eq!(tally.typed::<Rows>(), None);
    /// ```
    #[must_use]
    pub fn typed<C: Counters>(&self) -> Option<C> {
        if self.names().eq(C::NAMES.iter().copied()) {
            return Some(C::from_values(self.values.all()));
        }
        let known = C::NAMES.iter().map(|name| self.get(name));
        let found = known.clone().flatten().count();
        let mut values = CounterValues::default();
        values.iter_mut().zip(known).for_each(|(value, count)| *value = count.unwrap_or_default());
        (found == C::NAMES.len() || found == self.names().count()).then(|| C::from_values(values))
    }

    /// The value of the counter `name`; `None` if there is none of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u64> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Name and value of each counter, in the order of their declaration.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.names().zip(self.values.all())
    }

    /// The names for a sentence, as in `rows, bytes`.
    pub(crate) fn joined_names(&self) -> String {
        self.names().map(|name| one_line(name, 64)).collect::<Vec<_>>().join(", ")
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let (declared, read): (&[&str], &[String]) = match &self.names {
            Names::Declared(names) => (names, &[]),
            Names::Read(names) => (&[], names),
        };
        declared.iter().copied().chain(read.iter().map(String::as_str))
    }
}

impl PartialEq for Tally {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Tally {}

/// As in `2 conversations, 100 messages`.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.iter().map(|(name, count)| counted(name, count));
        f.pad(&counts.collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// As in `{"conversations": 5, "messages": 100}`.
impl Serialize for Tally {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Tally {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Tally;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {MAX_COUNTERS} counts by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tally, A::Error> {
                let mut counts = Vec::new();
                while let Some(count) = map.next_entry()? {
                    counts.push(count);
                }
                let length = counts.len();
                Tally::read(counts).ok_or_else(|| A::Error::invalid_length(length, &self))
            }
        }

        deserializer.deserialize_map(InOrder)
    }
}
