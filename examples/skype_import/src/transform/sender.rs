//! Who has sent a message?

use std::borrow::Cow;

use super::thread_activity;
use crate::message::Message;

/// The ids of groups begin like this.
const GROUP: &str = "19:";

/// A person, or a program that passes for one; nobody if all that is known is the group.
pub(crate) fn sender<'a>(message: &'a Message<'_>) -> Option<Cow<'a, str>> {
    if is_event(message) {
        let initiator = message.content().as_deref().and_then(thread_activity::initiator);
        if let Some(initiator) = initiator.as_deref().and_then(person) {
            return Some(initiator.to_owned().into());
        }
    }
    message.from.as_deref().and_then(person).map(Cow::Borrowed)
}

/// One that the group tells: the name beside it is not that of whoever made it happen.
pub(crate) fn is_event(message: &Message<'_>) -> bool {
    message.message_type.as_deref().is_some_and(|message_type| message_type.trim_start().starts_with("ThreadActivity/"))
}

/// Some exports give the id as the address of a contact that ends in it: `https://…/contacts/8:live:ada`.
fn person(from: &str) -> Option<&str> {
    let id = from.rsplit('/').next()?.trim();
    (!id.is_empty() && !id.starts_with(GROUP)).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_known_by_the_id_or_by_the_address() {
        assert_eq!(person("8:live:ada"), Some("8:live:ada"));
        assert_eq!(person("https://db4-client-s.gateway.messenger.live.com/v1/users/ME/contacts/8:live:ada"), Some("8:live:ada"));
        assert_eq!(person(" 28:bot "), Some("28:bot"));
        assert_eq!(person("https://example.com/"), None);
        assert_eq!(person(""), None);
    }

    #[test]
    fn a_group_is_no_person() {
        assert_eq!(person("19:tea@thread.skype"), None);
        assert_eq!(person("https://a.example/contacts/19:tea@thread.skype"), None);
    }

    #[test]
    fn the_sender_of_an_event_is_its_initiator() {
        let sender_of = |message_type: &str, content: &str| {
            let json = format!(
                r#"{{"id": 1, "originalarrivaltime": "2021-03-04T05:06:07Z", "from": "19:tea@thread.skype",
                    "messagetype": "{message_type}", "content": "{content}"}}"#
            );
            sender(&Message::read(json.as_bytes(), "c", 1).unwrap()).map(Cow::into_owned)
        };
        let added = "<addmember><initiator>8:live:ada</initiator><target>8:live:bo</target></addmember>";
        assert_eq!(sender_of("ThreadActivity/AddMember", added).as_deref(), Some("8:live:ada"));
        assert_eq!(sender_of("ThreadActivity/AddMember", "<addmember/>"), None);
        assert_eq!(sender_of("RichText", added), None);
    }
}
