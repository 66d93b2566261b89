//! Describes what happened to a group, such as a new member or a new topic.

use super::markup::{self, Elements};

/// A sentence for the type `ThreadActivity/…`. Activities that are not known keep their content as it is.
pub(crate) fn describe(activity: &str, content: &str) -> String {
    let elements = Elements::read(content);
    let initiator = elements.texts("initiator").next().unwrap_or("Someone");
    match activity {
        "AddMember" if targets(&elements) == initiator => format!("{initiator} joined"),
        "AddMember" => format!("{initiator} added {}", targets(&elements)),
        "DeleteMember" if targets(&elements) == initiator => format!("{initiator} left"),
        "DeleteMember" => format!("{initiator} removed {}", targets(&elements)),
        "TopicUpdate" => match markup::inside(content, "value").as_deref().map(str::trim).filter(|topic| !topic.is_empty()) {
            Some(topic) => format!("{initiator} changed the topic to “{topic}”"),
            None => format!("{initiator} removed the topic"),
        },
        "PictureUpdate" => format!("{initiator} changed the picture"),
        "HistoryDisclosedUpdate" if is_on(&elements) => {
            format!("{initiator} showed the history to new members")
        }
        "HistoryDisclosedUpdate" => format!("{initiator} hid the history from new members"),
        "JoiningEnabledUpdate" if is_on(&elements) => {
            format!("{initiator} allowed joining by link")
        }
        "JoiningEnabledUpdate" => format!("{initiator} disallowed joining by link"),
        "RoleUpdate" => format!("{initiator} changed the role of {}", roles(&elements)),
        _ => content.to_owned(),
    }
}

/// Who made it happen: the group itself only tells of it.
pub(crate) fn initiator(content: &str) -> Option<String> {
    Elements::read(content).texts("initiator").next().map(str::to_owned)
}

/// As in `8:bo to admin, of 8:cy to user`.
fn roles(elements: &Elements) -> String {
    let mut roles = elements.texts("role");
    let mut told: Vec<_> = Vec::new();
    for id in elements.texts("id") {
        told.push(format!("{id} to {}", roles.next().unwrap_or("another one")));
    }
    if told.is_empty() {
        told.push(format!("someone to {}", roles.next().unwrap_or("another one")));
    }
    told.join(", of ")
}

fn targets(elements: &Elements) -> String {
    let targets: Vec<_> = elements.texts("target").collect();
    if targets.is_empty() { "someone".to_owned() } else { targets.join(", ") }
}

fn value(elements: &Elements) -> Option<&str> {
    elements.texts("value").next()
}

fn is_on(elements: &Elements) -> bool {
    value(elements).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_says(activity: &str, fields: &str, expected: &str) {
        let content = format!("<any><eventtime>1</eventtime><initiator>8:ada</initiator>{fields}</any>");
        assert_eq!(describe(activity, &content), expected);
    }

    #[test]
    fn members_come_and_go() {
        assert_says("AddMember", "<target>8:bo</target><target>8:cy</target>", "8:ada added 8:bo, 8:cy");
        assert_says("AddMember", "<target>8:ada</target>", "8:ada joined");
        assert_says("DeleteMember", "<target>8:bo</target>", "8:ada removed 8:bo");
        assert_says("DeleteMember", "<target>8:ada</target>", "8:ada left");
    }

    #[test]
    fn the_topic_is_told() {
        assert_says("TopicUpdate", "<value>Tea &amp; cake</value>", "8:ada changed the topic to “Tea & cake”");
        assert_says(
            "TopicUpdate",
            "<value>Tea <ss type=\"c\">(c)</ss> time</value>",
            "8:ada changed the topic to “Tea (c) time”",
        );
        assert_says("TopicUpdate", "<value />", "8:ada removed the topic");
        assert_says("TopicUpdate", "<value>  </value>", "8:ada removed the topic");
    }

    #[test]
    fn settings_are_told() {
        assert_says("PictureUpdate", "<value>URL@https://a.example</value>", "8:ada changed the picture");
        assert_says("HistoryDisclosedUpdate", "<value>true</value>", "8:ada showed the history to new members");
        assert_says("HistoryDisclosedUpdate", "<value>False</value>", "8:ada hid the history from new members");
        assert_says("JoiningEnabledUpdate", "<value>true</value>", "8:ada allowed joining by link");
        let bo = "<target><id>8:bo</id><role>admin</role></target>";
        assert_says("RoleUpdate", bo, "8:ada changed the role of 8:bo to admin");
        let both = format!("{bo}<target><id>8:cy</id><role>user</role></target>");
        assert_says("RoleUpdate", &both, "8:ada changed the role of 8:bo to admin, of 8:cy to user");
        assert_says("RoleUpdate", "", "8:ada changed the role of someone to another one");
    }

    #[test]
    fn what_is_missing_is_told_as_unknown() {
        assert_eq!(describe("AddMember", ""), "Someone added someone");
        assert_eq!(describe("AddMember", "<addmember><initiator>8:a"), "8:a added someone");
    }

    #[test]
    fn unknown_activities_are_kept_as_they_are() {
        assert_eq!(describe("E2EEHandshakeInvite", "<b>&amp;"), "<b>&amp;");
    }
}
