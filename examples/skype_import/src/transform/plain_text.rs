//! Says in plain text what a message says.

use super::{attachment, call, markup, thread_activity};

/// The plain text of a message's `content`. Types that are not known keep their content as it is, because stripping could
/// lose what they mean.
pub(crate) fn plain_text(message_type: &str, content: &str) -> String {
    match message_type {
        "RichText" | "RichText/Html" => markup::text(content),
        "RichText/UriObject" => attachment::describe("Picture", content),
        "Event/Call" => call::describe(content),
        _ => {
            if let Some(media) = message_type.strip_prefix("RichText/Media_") {
                attachment::describe(attachment::kind(media), content)
            } else if let Some(activity) = message_type.strip_prefix("ThreadActivity/") {
                thread_activity::describe(activity, content)
            } else {
                content.to_owned()
            }
        }
    }
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
        assert_says("RichText", "see <a href=\"https://a.example/?b=1&amp;c=2\">the page</a>", "see the page");
    }

    #[test]
    fn the_mark_of_an_edit_leaves_nothing() {
        assert_says("RichText", "fixed<e_m a=\"live:ada\" ts_ms=\"1\" ts=\"0\" t=\"61\"></e_m>", "fixed");
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
        assert_says("RichText/Location", "<location>", "<location>");
        assert_says("", "<b>", "<b>");
    }
}
