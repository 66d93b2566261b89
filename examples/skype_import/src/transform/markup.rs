//! Reads Skype's markup: XML-like, but typed by hand often enough to be broken.
//!
//! An HTML tokenizer reads it, because that gives a meaning to every text, however malformed, and keeps no tree that deep
//! nesting could overflow.

use std::collections::BTreeMap;

use html5gum::{HtmlString, StartTag, Token, Tokenizer};

/// The text between the tags, with entities decoded.
pub(crate) fn text(markup: &str) -> String {
    let mut text = String::with_capacity(markup.len());
    for Ok(token) in Tokenizer::new(markup) {
        match token {
            Token::String(part) => text.push_str(&string(&part)),
            Token::StartTag(tag) if **tag.name == *b"br" => text.push('\n'),
            _ => {}
        }
    }
    text
}

/// A start tag and the text up to the next tag.
pub(crate) struct Element {
    /// In lower case, as are the names of the attributes.
    pub(crate) name: String,
    attributes: BTreeMap<String, String>,
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

/// The elements of a markup in their order, without their nesting: in the markup of Skype's events, an element's name alone
/// tells what it is.
pub(crate) struct Elements(Vec<Element>);

impl Elements {
    pub(crate) fn read(markup: &str) -> Self {
        let mut elements: Vec<Element> = Vec::new();
        let mut in_element = false;
        for Ok(token) in Tokenizer::new(markup) {
            match token {
                Token::StartTag(tag) => {
                    elements.push(element(&tag));
                    in_element = !tag.self_closing;
                }
                Token::EndTag(_) => in_element = false,
                Token::String(part) if in_element => {
                    if let Some(element) = elements.last_mut() {
                        element.text.push_str(&string(&part));
                    }
                }
                _ => {}
            }
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

fn element(tag: &StartTag<()>) -> Element {
    let attributes = tag.attributes.iter().map(|(name, value)| (string(name), string(value))).collect();
    Element { name: string(&tag.name), attributes, text: String::new() }
}

/// The markup was UTF-8, but the tokenizer hands out bytes.
fn string(bytes: &HtmlString) -> String {
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
