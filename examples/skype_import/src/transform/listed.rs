//! Describes what was sent as a list of things: contacts, files, a place on the map, a text to a telephone.

use super::markup::{self, Element, Elements};

/// For instance `Contacts: Bo, Cy`.
pub(crate) fn contacts(content: &str) -> String {
    let elements = Elements::read(content);
    let name = |contact: &Element| contact.attribute("f").or_else(|| contact.attribute("s")).map(str::to_owned);
    told("Contacts", elements.all("c").filter_map(name), content)
}

/// For instance `Files: one.txt, two.txt`.
pub(crate) fn files(content: &str) -> String {
    told("Files", Elements::read(content).texts("file").map(str::to_owned), content)
}

/// For instance `Location: Town Hall, Tallinn`.
pub(crate) fn location(content: &str) -> String {
    let elements = Elements::read(content);
    let address = elements.first("location").and_then(|location| location.attribute("address"));
    told("Location", address.map(str::to_owned).into_iter(), content)
}

pub(crate) fn sms(content: &str) -> String {
    let body = markup::inside(content, "body").filter(|body| !body.trim().is_empty());
    body.unwrap_or_else(|| markup::text(content).into_owned())
}

/// The text of the content, if there are no names in it.
fn told(kind: &str, names: impl Iterator<Item = String>, content: &str) -> String {
    let names: Vec<_> = names.filter(|name| !name.trim().is_empty()).collect();
    let names = if names.is_empty() { markup::text(content).trim().to_owned() } else { names.join(", ") };
    if names.is_empty() { kind.to_owned() } else { format!("{kind}: {names}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_one_by_one() {
        assert_eq!(
            contacts(r#"<contacts alt="x"><c s="live:bo" f="Bo &amp; Co"/><c s="live:cy"/></contacts>"#),
            "Contacts: Bo & Co, live:cy"
        );
        assert_eq!(files("<files alt='x'><file index='0'>one.txt</file><file>two.txt</file></files>"), "Files: one.txt, two.txt");
        assert_eq!(
            location(r#"<location address="Town Hall, Tallinn"><a href="u">map</a></location>"#),
            "Location: Town Hall, Tallinn"
        );
        assert_eq!(sms("<sms alt='x'><type>2</type><body><chunk id='0'>Tea at 4</chunk></body></sms>"), "Tea at 4");
    }

    #[test]
    fn without_names_the_text_is_told() {
        assert_eq!(
            location("<location><a href='https://a.example'>Town Hall</a></location>"),
            "Location: Town Hall (https://a.example)"
        );
        assert_eq!(contacts("<contacts>"), "Contacts");
        assert_eq!(sms("<sms>Tea</sms>"), "Tea");
    }
}
