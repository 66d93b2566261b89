//! Who sends messages, and what they are called.

use std::collections::BTreeMap;

use super::{markup, sender};
use crate::message::{Message, Moment};
use crate::staging::StagedPerson;

/// The senders so far. This is the only state that grows during an import, by one short entry for each person.
#[derive(Default)]
pub(crate) struct People(BTreeMap<String, Option<LatestName>>);

struct LatestName {
    name: String,
    seen_at: Moment,
}

impl People {
    pub(crate) fn learn_of(&mut self, message: &Message<'_>) {
        let Some(sender) = sender::sender(message) else { return };
        let name = message.display_name.as_deref().filter(|_| !sender::is_event(message));
        self.learn(&sender, name, message.sent_at);
    }

    /// Messages come in any order, so a name counts by the time of its message.
    fn learn(&mut self, id: &str, name: Option<&str>, sent_at: Moment) {
        if !self.0.contains_key(id) {
            self.0.insert(id.to_owned(), None);
        }
        let Some(latest) = self.0.get_mut(id) else { return };
        let Some(name) = name else { return };
        if let Some(known) = latest.as_mut().filter(|known| known.name == name) {
            known.seen_at = if known.seen_at < sent_at { sent_at } else { known.seen_at };
        } else if latest.as_ref().is_none_or(|known| known.seen_at <= sent_at) {
            *latest = Some(LatestName { name: name.to_owned(), seen_at: sent_at });
        }
    }

    /// By id, with their latest names.
    pub(crate) fn in_order(self) -> impl Iterator<Item = StagedPerson> {
        let name = |latest: LatestName| markup::name(&latest.name).into_owned();
        self.0.into_iter().map(move |(id, latest)| StagedPerson { id, display_name: latest.map(name) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learnt(seen: &[(&str, Option<&str>, i64)]) -> Vec<(String, Option<String>)> {
        let mut people = People::default();
        for (id, name, at) in seen {
            people.learn(id, *name, Moment::at(*at).unwrap());
        }
        people.in_order().map(|person| (person.id, person.display_name)).collect()
    }

    fn named(id: &str, name: Option<&str>) -> (String, Option<String>) {
        (id.to_owned(), name.map(str::to_owned))
    }

    #[test]
    fn a_person_is_there_once() {
        let people = learnt(&[("8:b", None, 1), ("8:a", Some("Ada"), 1), ("8:a", Some("Ada"), 2), ("8:b", None, 2)]);
        assert_eq!(people, [named("8:a", Some("Ada")), named("8:b", None)]);
    }

    #[test]
    fn the_name_of_the_latest_message_counts() {
        let people = learnt(&[("8:a", Some("Ada B."), 3), ("8:a", Some("Ada"), 1), ("8:a", Some("Ada"), 2), ("8:a", None, 4)]);
        assert_eq!(people, [named("8:a", Some("Ada B."))]);
        let people = learnt(&[("8:a", Some("Ada"), 1), ("8:a", Some("Ada"), 3), ("8:a", Some("Ada B."), 2)]);
        assert_eq!(people, [named("8:a", Some("Ada"))]);
    }

    #[test]
    fn a_name_is_read_like_a_text() {
        assert_eq!(learnt(&[("8:a", Some("Bo O&apos;Neil"), 1)]), [named("8:a", Some("Bo O'Neil"))]);
    }
}
