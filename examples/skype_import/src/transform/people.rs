//! Who sends messages, and what they are called.

use std::collections::HashMap;

use crate::staging::Row;

/// The senders so far. This is the only state that grows during an import, by one short entry for each person.
#[derive(Default)]
pub(crate) struct People(HashMap<String, Option<LatestName>>);

struct LatestName {
    name: String,
    seen_at: String,
}

impl People {
    /// The row to write when a message says something new about its sender. Messages come in any order, so a name counts by
    /// the time of its message.
    pub(crate) fn learn(&mut self, id: &str, name: Option<&str>, sent_at: &str) -> Option<Row> {
        let is_new_person = !self.0.contains_key(id);
        let is_new_name = self.learn_name(id, name, sent_at);
        (is_new_person || is_new_name).then(|| Row::Person { id: id.to_owned(), display_name: name.map(str::to_owned) })
    }

    fn learn_name(&mut self, id: &str, name: Option<&str>, sent_at: &str) -> bool {
        let latest = self.0.entry(id.to_owned()).or_default();
        let Some(name) = name else {
            return false;
        };
        if latest.as_ref().is_some_and(|known| known.seen_at.as_str() > sent_at) {
            return false;
        }
        let is_new = latest.as_ref().is_none_or(|known| known.name != name);
        *latest = Some(LatestName { name: name.to_owned(), seen_at: sent_at.to_owned() });
        is_new
    }
}

/// The id of a sender. Some exports give it as the address of a contact that ends in the id: `https://…/contacts/8:live:ada`.
pub(crate) fn sender_id(from: &str) -> Option<&str> {
    let id = from.rsplit('/').next()?.trim();
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::unnecessary_wraps, reason = "what `learn` returns")]
    fn named(id: &str, name: Option<&str>) -> Option<Row> {
        Some(Row::Person { id: id.to_owned(), display_name: name.map(str::to_owned) })
    }

    #[test]
    fn a_person_is_new_once() {
        let mut people = People::default();
        assert_eq!(people.learn("8:a", Some("Ada"), "2021"), named("8:a", Some("Ada")));
        assert_eq!(people.learn("8:a", Some("Ada"), "2022"), None);
        assert_eq!(people.learn("8:b", None, "2021"), named("8:b", None));
        assert_eq!(people.learn("8:b", None, "2022"), None);
    }

    #[test]
    fn the_name_of_the_latest_message_counts() {
        let mut people = People::default();
        people.learn("8:a", Some("Ada"), "2021");
        assert_eq!(people.learn("8:a", Some("Ada B."), "2023"), named("8:a", Some("Ada B.")));
        assert_eq!(people.learn("8:a", Some("Ada"), "2022"), None);
    }

    #[test]
    fn no_name_is_no_news_about_a_name() {
        let mut people = People::default();
        people.learn("8:a", None, "2023");
        assert_eq!(people.learn("8:a", Some("Ada"), "2021"), named("8:a", Some("Ada")));
        assert_eq!(people.learn("8:a", None, "2024"), None);
        assert_eq!(people.learn("8:a", Some("Ada B."), "2022"), named("8:a", Some("Ada B.")));
    }

    #[test]
    fn a_sender_is_known_by_the_id_or_by_the_address() {
        assert_eq!(sender_id("8:live:ada"), Some("8:live:ada"));
        assert_eq!(
            sender_id("https://db4-client-s.gateway.messenger.live.com/v1/users/ME/contacts/8:live:ada"),
            Some("8:live:ada")
        );
        assert_eq!(sender_id(" 19:group@thread.skype "), Some("19:group@thread.skype"));
        assert_eq!(sender_id("https://example.com/"), None);
        assert_eq!(sender_id(""), None);
    }
}
