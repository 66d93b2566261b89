//! Says in plain text what a message says.

use std::borrow::Cow;

use super::markup::Elements;
use super::{attachment, call, card, listed, markup, thread_activity};

/// What Skype writes before a text that replaces an earlier one.
const EDITED: &str = "Edited previous message:";

/// How the mark of an edit begins.
const MARK: &str = "<e_m ";

/// The plain text of a message's `content`. Types that are not known keep their content as it is, because stripping could
/// lose what they mean.
pub(crate) fn plain_text<'a>(message_type: &str, content: &'a str) -> Cow<'a, str> {
    let message_type = message_type.trim();
    known(message_type, content).or_else(|| known(canonical(message_type)?, content)).unwrap_or(Cow::Borrowed(content))
}

fn known<'a>(message_type: &str, content: &'a str) -> Option<Cow<'a, str>> {
    Some(match message_type {
        "RichText" | "RichText/Html" => rich_text(content),
        "RichText/UriObject" => attachment::describe("Picture", content).into(),
        "RichText/ScheduledCallInvite" => attachment::describe("Scheduled call", content).into(),
        "RichText/Sms" => listed::sms(content).into(),
        "RichText/Contacts" => listed::contacts(content).into(),
        "RichText/Files" => listed::files(content).into(),
        "RichText/Location" => listed::location(content).into(),
        "InviteFreeRelationshipChanged/Initialized" => markup::text(content),
        "Notice" | "PopCard" => card::described(if message_type == "Notice" { message_type } else { "Card" }, content)?.into(),
        "Event/Call" => call::describe(content).into(),
        _ => {
            if let Some(media) = message_type.strip_prefix("RichText/Media_") {
                attachment::describe(attachment::kind(media), content).into()
            } else {
                thread_activity::describe(message_type.strip_prefix("ThreadActivity/")?, content).into()
            }
        }
    })
}

/// A known type that is written in other letters.
fn canonical(message_type: &str) -> Option<&'static str> {
    let known = ["RichText", "RichText/Html", "RichText/UriObject", "Event/Call"];
    known.into_iter().find(|known| known.eq_ignore_ascii_case(message_type))
}

fn rich_text(content: &str) -> Cow<'_, str> {
    let text = markup::text(edited(content).unwrap_or(content));
    if text.is_empty() && content.contains("<URIObject") { attachment::describe_untyped(content).into() } else { text }
}

/// The markup of a message that was sent to replace an earlier one.
fn edited(content: &str) -> Option<&str> {
    let edited = content.trim_start().strip_prefix(EDITED)?;
    content.contains(MARK).then(|| edited.trim_start())
}

/// The id of the message that this content replaces.
pub(crate) fn replaced(content: &str) -> Option<String> {
    let elements = Elements::read(edited(content)?);
    elements.first("e_m")?.attribute("ts_ms").map(str::to_owned)
}

/// Whether nothing is left of a message but the mark of an edit.
pub(crate) fn is_emptied(content: &str) -> bool {
    content.trim_start().starts_with(MARK) && markup::text(content).trim().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_says(message_type: &str, content: &str, expected: &str) {
        assert_eq!(plain_text(message_type, content), expected);
    }

    #[test]
    fn rich_text_loses_its_markup() {
        assert_says("RichText", "<b raw_pre=\"*\" raw_post=\"*\">really</b>?", "really?");
        assert_says("RichText/Html", "<p>one</p><br>two", "one\ntwo");
        assert_says("RichText", "hello <ss type=\"smile\">:)</ss>", "hello :)");
        assert_says("RichText", "<at id=\"8:live:ada\">Ada</at> look", "Ada look");
        assert_says("RichText ", "a &lt; b", "a < b");
        assert_says("richtext", "a &lt; b", "a < b");
    }

    #[test]
    fn the_mark_of_an_edit_leaves_nothing() {
        let mark = "<e_m a=\"live:ada\" ts_ms=\"1\" ts=\"0\" t=\"61\"></e_m>";
        assert_says("RichText", &format!("fixed{mark}"), "fixed");
        assert_says("RichText", &format!("Edited previous message: fixed{mark}"), "fixed");
        assert_says("RichText", "Edited previous message: is what Skype writes", "Edited previous message: is what Skype writes");
    }

    /// The legacy quote is how Skype itself says a quote in plain text.
    #[test]
    fn a_quote_keeps_its_legacy_text() {
        assert_says(
            "RichText",
            "<quote author=\"live:ada\" authorname=\"Ada\" timestamp=\"1589297311\">\
             <legacyquote>[1589297311] Ada: </legacyquote>Tea at four?\
             <legacyquote>\n\n&lt;&lt;&lt; </legacyquote></quote>Yes!",
            "[1589297311] Ada: Tea at four?\n\n<<< Yes!",
        );
    }

    #[test]
    fn text_is_kept_as_it_is() {
        assert_says("Text", "if a &lt; b then <b>c</b>", "if a &lt; b then <b>c</b>");
    }

    #[test]
    fn attachments_calls_and_activities_are_described() {
        let file = "<URIObject><OriginalName v=\"a.bin\"/></URIObject>";
        assert_says("RichText/UriObject", file, "Picture: a.bin");
        assert_says("RichText/Media_GenericFile", file, "File: a.bin");
        assert_says("Event/Call", "<partlist type=\"missed\"></partlist>", "Call missed");
        assert_says("ThreadActivity/DeleteMember", "<target>8:b</target>", "Someone removed 8:b");
    }

    #[test]
    fn unknown_types_are_kept_as_they_are() {
        assert_says("Poll", "{\"question\":\"<b>?</b>\"}", "{\"question\":\"<b>?</b>\"}");
        assert_says("RichText/New", "<new>", "<new>");
        assert_says("", "<b>", "<b>");
    }
}
