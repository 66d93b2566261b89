//! Where in a list is what belongs to a phase? A short list is searched, and of a long one an index knows.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use crate::pipeline::phase::PhaseName;

/// So many are searched: nearly all runs have fewer phases, and to look at a few names beats a map.
const SEARCHED: usize = 16;

/// What belongs to one phase.
pub(crate) trait OfPhase {
    fn phase_name(&self) -> &PhaseName;
}

/// A list of what belongs to phases, each of which is there once, in the order in which they were added.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ByName<T> {
    entries: Vec<T>,
    /// Where those are that are not searched.
    places: BTreeMap<PhaseName, usize>,
}

impl<T> Default for ByName<T> {
    fn default() -> Self {
        ByName { entries: Vec::new(), places: BTreeMap::new() }
    }
}

impl<T: OfPhase> ByName<T> {
    #[inline]
    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        let is_it = |entry: &T| *entry.phase_name() == *name;
        if self.entries.len() <= SEARCHED {
            return self.entries.iter().position(is_it);
        }
        self.place_among_many(name, is_it)
    }

    /// The same, of a name that is most likely the one that is in the list.
    #[inline]
    pub(crate) fn place_of(&self, name: &PhaseName) -> Option<usize> {
        let is_it = |entry: &T| entry.phase_name() == name;
        if self.entries.len() <= SEARCHED {
            return self.entries.iter().position(is_it);
        }
        self.place_among_many(name.as_str(), is_it)
    }

    #[cold]
    fn place_among_many(&self, name: &str, is_it: impl Fn(&T) -> bool) -> Option<usize> {
        let searched = self.entries[..SEARCHED].iter().position(is_it);
        searched.or_else(|| self.places.get(name).copied())
    }

    pub(crate) fn find(&self, name: &str) -> Option<&T> {
        self.place(name).map(|place| &self.entries[place])
    }

    /// Adds what is not there yet, and says where.
    pub(crate) fn push(&mut self, entry: T) -> usize {
        let place = self.entries.len();
        if place >= SEARCHED {
            self.places.insert(entry.phase_name().clone(), place);
        }
        self.entries.push(entry);
        place
    }
}

impl<T> Deref for ByName<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.entries
    }
}

/// Whoever changes an entry leaves its name as it is.
impl<T> DerefMut for ByName<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.entries
    }
}

impl OfPhase for PhaseName {
    fn phase_name(&self) -> &PhaseName {
        self
    }
}

impl<N> OfPhase for (PhaseName, N) {
    fn phase_name(&self) -> &PhaseName {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{ByName, SEARCHED};
    use crate::pipeline::phase::PhaseName;

    #[test]
    fn each_is_found_in_its_place_however_many_there_are() {
        let mut names = ByName::default();
        for number in 0..3 * SEARCHED {
            let name = PhaseName::parse(&format!("phase-{number}")).unwrap_or(PhaseName::new("none"));
            assert_eq!((names.place(name.as_str()), names.place_of(&name)), (None, None));
            assert_eq!(names.push(name), number);
            for (place, name) in names.iter().enumerate() {
                assert_eq!((names.place(name.as_str()), names.place_of(name)), (Some(place), Some(place)));
                assert_eq!(names.find(name.as_str()), Some(name));
            }
        }
    }
}
