//! Describes what was sent along with a message: a picture, a file, a card.

use super::card;
use super::markup::{self, Elements};

/// What people call the media of the type `RichText/Media_…`.
pub(crate) fn kind(media: &str) -> &str {
    match media {
        "GenericFile" => "File",
        "AudioMsg" => "Voice message",
        "CallRecording" => "Call recording",
        "FlikMsg" => "Moji",
        "" => "Attachment",
        other => other,
    }
}

/// For instance `File: report.pdf`.
pub(crate) fn describe(kind: &str, content: &str) -> String {
    let elements = Elements::read(content);
    let name = original_name(&elements).or_else(|| title(&elements)).or_else(|| card(&elements));
    let name = name.unwrap_or_else(|| markup::text(content).into_owned());
    match name.trim() {
        "" => kind.to_owned(),
        name => format!("{kind}: {name}"),
    }
}

/// The same for one whose message does not say what it is: the object itself does, as in `Picture.1`.
pub(crate) fn describe_untyped(content: &str) -> String {
    let elements = Elements::read(content);
    let object = elements.first("uriobject").and_then(|object| object.attribute("type"));
    let object = object.and_then(|object| object.split('.').next()).unwrap_or_default();
    describe(kind(object), content)
}

fn original_name(elements: &Elements) -> Option<String> {
    let name = elements.first("originalname")?.attribute("v")?;
    (!name.trim().is_empty()).then(|| name.to_owned())
}

fn title(elements: &Elements) -> Option<String> {
    let title = elements.texts("title").next()?;
    Some(title.strip_prefix("Title: ").unwrap_or(title).to_owned())
}

/// What is on the card that is sent as base64.
fn card(elements: &Elements) -> Option<String> {
    card::title_in_base64(elements.first("swift")?.attribute("b64")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_original_name_is_told() {
        let picture = r#"<URIObject uri="https://api.asm.skype.com/v1/objects/0-weu-d1" type="Picture.1">
            To view this shared photo, go to: <a href="https://login.skype.com/?pic=0">https://login.skype.com/?pic=0</a>
            <OriginalName v="Tom &amp; Eva.jpg"></OriginalName><FileSize v="613177"></FileSize>
            <meta type="photo" originalName="other.jpg"/></URIObject>"#;
        assert_eq!(describe("Picture", picture), "Picture: Tom & Eva.jpg");
    }

    #[test]
    fn the_title_stands_in_for_a_missing_name() {
        let card = "<URIObject><Title>Title: Weather</Title><Swift b64=\"e30=\"/></URIObject>";
        assert_eq!(describe("Card", card), "Card: Weather");
        let file = "<URIObject><OriginalName v=\"\"/><Title>plan.pdf</Title></URIObject>";
        assert_eq!(describe("File", file), "File: plan.pdf");
    }

    #[test]
    fn a_card_is_told_by_its_title() {
        // {"type":"message/card","attachments":[{"content":{"title":"Rain at six","text":"Stay"}}]}
        let card = "eyJ0eXBlIjoibWVzc2FnZS9jYXJkIiwiYXR0YWNobWVudHMiOlt7ImNvbnRlbnQiOnsidGl0bGUiOiJSYWluIGF0IHNpeCIsInRleHQiOiJTdGF5In19XX0=";
        let content = format!("<URIObject>To view this card, go to: <a href=\"u\">u</a><Swift b64=\"{card}\"/></URIObject>");
        assert_eq!(describe("Card", &content), "Card: Rain at six");
        assert_eq!(describe("Card", "<URIObject>See it<Swift b64=\"%%\"/></URIObject>"), "Card: See it");
    }

    #[test]
    fn the_text_stands_in_for_both() {
        let video = "<URIObject>To view this video, go to: <a href=\"u\">u</a></URIObject>";
        assert_eq!(describe("Video", video), "Video: To view this video, go to: u");
        assert_eq!(describe(kind(""), "<URIObject/>"), "Attachment");
    }

    #[test]
    fn without_anything_the_kind_is_told() {
        assert_eq!(describe("Album", ""), "Album");
        assert_eq!(describe("Picture", "<URIObject><OriginalName v=\"cut"), "Picture");
    }

    #[test]
    fn an_object_may_say_itself_what_it_is() {
        assert_eq!(describe_untyped("<URIObject type=\"Picture.1\"><OriginalName v=\"a.png\"/></URIObject>"), "Picture: a.png");
        assert_eq!(describe_untyped("<URIObject/>"), "Attachment");
    }

    #[test]
    fn media_have_names_for_people() {
        assert_eq!(kind("AudioMsg"), "Voice message");
        assert_eq!(kind("Video"), "Video");
    }
}
