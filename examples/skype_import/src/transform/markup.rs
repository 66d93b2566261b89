//! Reads Skype's markup: XML-like, but typed by hand often enough to be broken.
//!
//! An HTML tokenizer reads what is not written as Skype itself does, because that gives a meaning to every text, however
//! malformed, and keeps no tree that deep nesting could overflow.

mod lines;
mod plain;

use std::borrow::Cow;
use std::convert::Infallible;

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use memchr::memchr3;

use lines::Lines;

/// The text of a markup as people would read it: blocks on lines of their own, entities decoded, the address beside a link.
pub(crate) fn text(markup: &str) -> Cow<'_, str> {
    if memchr3(b'<', b'&', b'\r', markup.as_bytes()).is_none() {
        return Cow::Borrowed(markup);
    }
    let mut lines = Lines::with_capacity(markup.len());
    let mut tag = Tag::default();
    listen(markup, |event| match event {
        CallbackEvent::String { value } => lines.text(&String::from_utf8_lossy(value)),
        CallbackEvent::OpenStartTag { name } => tag.open(name),
        CallbackEvent::AttributeName { name } => tag.is_at_address = tag.name == b"a" && name == b"href",
        CallbackEvent::AttributeValue { value } => tag.value(value),
        CallbackEvent::CloseStartTag { .. } => lines.start(&tag.name, || tag.address.take()),
        CallbackEvent::EndTag { name } => lines.end(name),
        CallbackEvent::Comment { value } => lines.text(&character_data(value)),
        _ => {}
    });
    Cow::Owned(lines.into_text())
}

/// The start tag that is being read.
#[derive(Default)]
struct Tag {
    name: Vec<u8>,
    /// Where the link leads that it begins.
    address: Option<String>,
    is_at_address: bool,
}

impl Tag {
    fn open(&mut self, name: &[u8]) {
        self.name.clear();
        self.name.extend_from_slice(name);
        (self.address, self.is_at_address) = (None, false);
    }

    fn value(&mut self, value: &[u8]) {
        if self.is_at_address {
            self.address = Some(string(value));
        }
    }
}

/// Hands out what is found, without keeping any of it. Texts come in pieces.
fn listen(markup: &str, mut hear: impl FnMut(CallbackEvent<'_>)) {
    let rest = plain::listen(markup, &mut hear);
    if !rest.is_empty() {
        tokenize(rest, hear);
    }
}

fn tokenize(markup: &str, mut hear: impl FnMut(CallbackEvent<'_>)) {
    let emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, _: Span<()>| -> Option<Infallible> {
        hear(event);
        None
    });
    Tokenizer::new_with_emitter(markup, emitter).for_each(drop);
}

/// A name, in which Skype writes entities but no tags.
pub(crate) fn name(written: &str) -> Cow<'_, str> {
    if !written.contains('&') {
        return Cow::Borrowed(written);
    }
    let parts: Vec<_> = written.split('<').map(text).collect();
    Cow::Owned(parts.join("<"))
}

/// What stands between the first start tag of this name and its end, with whatever is in it.
pub(crate) fn inside(markup: &str, element: &str) -> Option<String> {
    let (mut inside, mut is_open): (Option<String>, bool) = (None, false);
    listen(markup, |event| match event {
        CallbackEvent::OpenStartTag { name } if inside.is_none() && name == element.as_bytes() => {
            (inside, is_open) = (Some(String::new()), true);
        }
        CallbackEvent::EndTag { name } if name == element.as_bytes() => is_open = false,
        CallbackEvent::String { value } if is_open => inside.iter_mut().for_each(|inside| inside.push_str(&string(value))),
        _ => {}
    });
    inside
}

/// HTML takes `<![CDATA[text]]>` for a comment; whoever wrote it means the text.
fn character_data(comment: &[u8]) -> String {
    comment.strip_prefix(b"[CDATA[").and_then(|data| data.strip_suffix(b"]]")).map_or_else(String::new, string)
}

/// A start tag and the text up to the next tag.
pub(crate) struct Element {
    /// In lower case, as are the names of the attributes.
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn add(&mut self, event: &CallbackEvent<'_>, in_tag: bool, in_element: bool) {
        match event {
            CallbackEvent::AttributeName { name } if in_tag => self.attributes.push((string(name), String::new())),
            CallbackEvent::AttributeValue { value } if in_tag => {
                self.attributes.iter_mut().next_back().into_iter().for_each(|(_, known)| *known = string(value));
            }
            CallbackEvent::String { value } if in_element => self.text.push_str(&string(value)),
            _ => {}
        }
    }
}

/// The elements of a markup in their order, without their nesting: in the markup of Skype's events, an element's name alone
/// tells what it is.
pub(crate) struct Elements(Vec<Element>);

impl Elements {
    pub(crate) fn read(markup: &str) -> Self {
        let mut elements: Vec<Element> = Vec::new();
        let (mut in_tag, mut in_element) = (false, false);
        listen(markup, |event| match event {
            CallbackEvent::OpenStartTag { name } => {
                elements.push(Element { name: string(name), attributes: Vec::new(), text: String::new() });
                (in_tag, in_element) = (true, false);
            }
            CallbackEvent::CloseStartTag { self_closing } => (in_tag, in_element) = (false, !self_closing),
            CallbackEvent::EndTag { .. } => in_element = false,
            _ => {
                if let Some(element) = elements.last_mut() {
                    element.add(&event, in_tag, in_element);
                }
            }
        });
        // A tag that is cut off is no element.
        if in_tag {
            elements.pop();
        }
        Self(elements)
    }

    /// All elements with this name, which is in lower case.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.0.iter().filter(move |element| element.name == name)
    }

    pub(crate) fn first(&self, name: &str) -> Option<&Element> {
        self.0.iter().find(|element| element.name == name)
    }

    /// The texts of all elements with this name, but for blank ones.
    pub(crate) fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.all(name).map(|element| element.text.trim()).filter(|text| !text.is_empty())
    }
}

/// The markup was UTF-8, but the tokenizer hands out bytes.
fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_stripped_and_entities_decoded() {
        assert_eq!(text("<b raw_pre=\"*\">1 &lt; 2</b> &amp; &quot;3&quot;"), "1 < 2 & \"3\"");
        assert_eq!(text("caf&eacute; &#x1F642; &apos;ok&apos;"), "café 🙂 'ok'");
    }

    #[test]
    fn breaks_and_line_ends_begin_a_new_line() {
        assert_eq!(text("a<br>b<br/>c<BR />d\ne"), "a\nb\nc\nd\ne");
        assert_eq!(text("a\r\nb\rc"), "a\nb\nc");
    }

    #[test]
    fn blocks_and_items_are_lines_of_their_own() {
        assert_eq!(text("<p>one</p><p>two</p><ul><li>x</li><li>y</li></ul><div>d</div>end"), "one\ntwo\nx\ny\nd\nend");
        assert_eq!(text("a<div>b <b>c</b></div>\n<div><p>d</p></div>"), "a\nb c\nd");
        assert_eq!(text("<p>one</p><br>two"), "one\ntwo");
        assert_eq!(text("list:<ol><li>1<li>2</ol>"), "list:\n1\n2");
    }

    #[test]
    fn a_link_has_its_address_beside_it() {
        assert_eq!(text("see <a href=\"https://a.example/?b=1&amp;c=2\">here</a>!"), "see here (https://a.example/?b=1&c=2)!");
        assert_eq!(text("<a href='https://a.example/'> https://a.example/ </a>"), " https://a.example/ ");
        assert_eq!(
            text("<a href='https://a.example/'>a.example</a> <a href='mailto:a@b.example'>a@b.example</a>"),
            "a.example a@b.example"
        );
        assert_eq!(text("<a href='https://a.example'></a> <a>b</a> <a href='x'>cut"), "https://a.example b cut");
    }

    #[test]
    fn a_quote_ends_before_the_answer() {
        assert_eq!(text("<quote author=\"a\">said</quote>answer"), "said\nanswer");
        let legacy = "<quote><legacyquote>[1] A: </legacyquote>said<legacyquote>\n\n&lt;&lt;&lt; </legacyquote></quote>answer";
        assert_eq!(text(legacy), "[1] A: said\n\n<<< answer");
    }

    #[test]
    fn character_data_is_text_and_a_comment_is_none() {
        assert_eq!(text("a<!-- note -->b<![CDATA[c < d]]>e"), "abc < de");
    }

    #[test]
    fn a_name_has_entities_but_no_tags() {
        assert_eq!(name("Bo O&apos;Neil &amp; Co"), "Bo O'Neil & Co");
        assert_eq!(name("Bo <bo@a.example> &lt;3"), "Bo <bo@a.example> <3");
    }

    #[test]
    fn an_element_is_told_with_what_is_in_it() {
        let markup = "<t>no</t><value>Tea <ss type=\"c\">(coffee)</ss> &amp; cake</value><value>second</value>";
        assert_eq!(inside(markup, "value").as_deref(), Some("Tea (coffee) & cake"));
        assert_eq!(inside("<value/>", "value").as_deref(), Some(""));
        assert_eq!(inside("<t>", "value"), None);
    }

    #[test]
    fn malformed_markup_gives_its_text() {
        assert_eq!(text("I <3 you & me, 1 < 2"), "I <3 you & me, 1 < 2");
        assert_eq!(text("<b>open <i>crossed</b> over</i></u>"), "open crossed over");
        assert_eq!(text("cut off <a href=\"http"), "cut off ");
        assert_eq!(text("&unknown; &#xFFFFFFFF; <>"), "&unknown; \u{fffd} <>");
        assert_eq!(text("<title>1</title><script>2</script><plaintext>3"), "123");
    }

    #[test]
    fn deep_nesting_is_read_like_any_other_text() {
        let markup = format!("{}deep", "<b>".repeat(100_000));
        assert_eq!(text(&markup), "deep");
        assert_eq!(Elements::read(&markup).all("b").count(), 100_000);
    }

    #[test]
    fn elements_have_attributes_and_text() {
        let elements = Elements::read(r#"<list Type="ended"><name>Ada &amp; Bo</name> <name/>x</list>"#);
        assert_eq!(elements.first("list").unwrap().attribute("type"), Some("ended"));
        assert_eq!(elements.first("list").unwrap().attribute("missing"), None);
        assert_eq!(elements.all("name").count(), 2);
        assert_eq!(elements.texts("name").collect::<Vec<_>>(), ["Ada & Bo"]);
        assert!(elements.first("other").is_none());
    }
}
