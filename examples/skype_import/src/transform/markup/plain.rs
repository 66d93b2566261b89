//! What does a markup say that is written as Skype writes it? The same as the tokenizer finds in it, in a fraction of the time.

use std::borrow::Cow;

use html5gum::emitters::callback::CallbackEvent;
use memchr::memchr3;

/// The entities that XML has.
const ENTITIES: [(&str, &[u8]); 5] = [("&lt;", b"<"), ("&gt;", b">"), ("&amp;", b"&"), ("&apos;", b"'"), ("&quot;", b"\"")];

/// Hands out what is in the markup up to the first place that is written in another way; from there on it is given back, for the
/// tokenizer to read.
pub(super) fn listen<'a>(markup: &'a str, hear: &mut impl FnMut(CallbackEvent<'_>)) -> &'a str {
    let mut rest = markup;
    loop {
        let (text, behind) = rest.split_at(memchr3(b'<', b'&', b'\r', rest.as_bytes()).unwrap_or(rest.len()));
        if !text.is_empty() {
            hear(CallbackEvent::String { value: text.as_bytes() });
        }
        match entity(behind, hear).or_else(|| end_tag(behind, hear)).or_else(|| start_tag(behind, hear)) {
            Some(behind) => rest = behind,
            None => return behind,
        }
    }
}

fn entity<'a>(markup: &'a str, hear: &mut impl FnMut(CallbackEvent<'_>)) -> Option<&'a str> {
    if !markup.starts_with('&') {
        return None;
    }
    let (rest, value) = ENTITIES.iter().find_map(|(entity, character)| Some((markup.strip_prefix(entity)?, *character)))?;
    hear(CallbackEvent::String { value });
    Some(rest)
}

fn end_tag<'a>(markup: &'a str, hear: &mut impl FnMut(CallbackEvent<'_>)) -> Option<&'a str> {
    let (name, rest) = name(markup.strip_prefix("</")?)?;
    let rest = rest.strip_prefix('>')?;
    hear(CallbackEvent::EndTag { name: &in_lower_case(name) });
    Some(rest)
}

/// What is no such tag up to its end is not told in part.
fn start_tag<'a>(markup: &'a str, hear: &mut impl FnMut(CallbackEvent<'_>)) -> Option<&'a str> {
    let (name, attributes) = name(markup.strip_prefix('<')?)?;
    end_of_attributes(attributes, &mut |_| ())?;
    hear(CallbackEvent::OpenStartTag { name: &in_lower_case(name) });
    end_of_attributes(attributes, hear)
}

fn end_of_attributes<'a>(mut rest: &'a str, hear: &mut impl FnMut(CallbackEvent<'_>)) -> Option<&'a str> {
    while let Some((attribute, value, behind)) = attribute(rest) {
        hear(CallbackEvent::AttributeName { name: &in_lower_case(attribute) });
        if !value.is_empty() {
            hear(CallbackEvent::AttributeValue { value: value.as_bytes() });
        }
        rest = behind;
    }
    let rest = rest.trim_start_matches(' ');
    let (self_closing, rest) = rest.strip_prefix('/').map_or((false, rest), |rest| (true, rest));
    let rest = rest.strip_prefix('>')?;
    hear(CallbackEvent::CloseStartTag { self_closing });
    Some(rest)
}

/// Name and value, between a space and a quotation mark, and what is behind them.
fn attribute(markup: &str) -> Option<(&str, &str, &str)> {
    let (name, rest) = name(markup.strip_prefix(' ')?.trim_start_matches(' '))?;
    let (value, rest) = rest.strip_prefix("=\"")?.split_once('"')?;
    let is_plain = memchr3(b'&', b'\r', b'\0', value.as_bytes()).is_none();
    is_plain.then_some((name, value, rest))
}

/// A name of Latin letters, digits and underscores, and what is behind it.
fn name(markup: &str) -> Option<(&str, &str)> {
    let in_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let length = markup.bytes().position(|byte| !in_name(&byte))?;
    let begins_well = markup.starts_with(|first: char| first.is_ascii_alphabetic());
    begins_well.then(|| markup.split_at(length))
}

fn in_lower_case(name: &str) -> Cow<'_, [u8]> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase().into_bytes())
    } else {
        Cow::Borrowed(name.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{listen as listen_to_all, tokenize};
    use super::*;

    /// Pieces of markup, written well and badly; each is put beside each other one.
    const PIECES: [&str; 27] = [
        "a",
        " é\n",
        "\r\n",
        "\0",
        "&lt;",
        "&apos;",
        "&amp;",
        "&amp",
        "&#x1F642;",
        "&",
        "<b>",
        "<B raw_pre=\"*\" Raw_post=''>",
        "</b>",
        "</B >",
        "<br/>",
        "<value />",
        "<ss type=\"smile\">",
        "<e_m ts_ms=\"1\"  a=\"\" a=\"<>/'\">",
        "<a href=\"x?a=1&amp;b=2\">",
        "<a href=x>",
        "<a b=\"1\"c=\"2\">",
        "<title>",
        "<script>",
        "<!-- n -->",
        "<",
        "</",
        "\"",
    ];

    /// What is heard; neighbouring texts are one text.
    fn heard(markup: &str, listen: impl Fn(&str, &mut dyn FnMut(CallbackEvent<'_>))) -> Vec<String> {
        let mut heard: Vec<String> = Vec::new();
        let mut text = Vec::new();
        listen(markup, &mut |event| match event {
            CallbackEvent::String { value } => text.extend_from_slice(value),
            CallbackEvent::Error(_) => {}
            other => {
                heard.push(format!("{:?}", std::mem::take(&mut text)));
                heard.push(format!("{other:?}"));
            }
        });
        heard.push(format!("{text:?}"));
        heard
    }

    #[test]
    fn whatever_is_written_means_what_the_tokenizer_finds() {
        for one in PIECES {
            for two in PIECES {
                for three in PIECES {
                    let markup = format!("{one}{two}{three}");
                    let found = heard(&markup, |markup, hear| tokenize(markup, hear));
                    assert_eq!(heard(&markup, |markup, hear| listen_to_all(markup, hear)), found, "{markup:?}");
                }
            }
        }
    }

    #[test]
    fn what_skype_writes_leaves_nothing_to_the_tokenizer() {
        for markup in [
            "<quote author=\"live:ada\" timestamp=\"1\"><legacyquote>[1] Ada: </legacyquote>Tea &amp; cake</quote>Yes!",
            "<partlist type=\"ended\" alt=\"\" callId=\"94aa\"><part identity=\"8:live:bo\"/></partlist>",
            "<URIObject uri=\"https://a.example/v1\"><OriginalName v=\"a.bin\"></OriginalName></URIObject>",
        ] {
            assert_eq!(listen(markup, &mut |_| ()), "");
        }
    }

    #[test]
    fn what_is_written_in_another_way_is_given_back_from_its_beginning() {
        assert_eq!(listen("a<b>&lt;<a href=x>y", &mut |_| ()), "<a href=x>y");
        assert_eq!(listen("a &eacute; b", &mut |_| ()), "&eacute; b");
        assert_eq!(listen("a <3 b", &mut |_| ()), "<3 b");
    }
}
