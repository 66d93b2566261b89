//! Writes the content of messages in Skype's markup.

use crate::chat::Person;
use crate::phrases::{Activity, EMOTICONS, Media, Words};

/// What someone says, with the words for this dialogue in it.
pub(crate) fn line(line: &str, words: &Words) -> String {
    let mut content = escaped(line);
    for (place, word) in words {
        content = content.replace(place, word);
    }
    content = bold_between_stars(&content).replace("\\n", "\n");
    for (code, name) in EMOTICONS {
        content = content.replace(code, &format!("<ss type=\"{name}\">{code}</ss>"));
    }
    content
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&apos;").replace('"', "&quot;")
}

fn bold_between_stars(text: &str) -> String {
    let part = |(number, part): (usize, &str)| match number % 2 {
        0 => part.to_owned(),
        _ => format!("<b raw_pre=\"*\" raw_post=\"*\">{part}</b>"),
    };
    text.split('*').enumerate().map(part).collect()
}

/// Stands before the answer.
pub(crate) fn quote(said: &str, by: &Person, at: i64) -> String {
    let (author, name, seconds) = (short_id(by), &by.name, at / 1_000);
    format!(
        "<quote author=\"{author}\" authorname=\"{name}\" timestamp=\"{seconds}\" \
         messageid=\"{at}\"><legacyquote>[{seconds}] {name}: </legacyquote>{said}\
         <legacyquote>\n\n&lt;&lt;&lt; </legacyquote></quote>"
    )
}

pub(crate) fn mention(person: &Person) -> String {
    format!("<at id=\"{}\">{}</at> ", person.id, person.name)
}

pub(crate) fn edit_mark(editor: &Person, at: i64) -> String {
    let (editor, seconds) = (short_id(editor), at / 1_000);
    format!("<e_m a=\"{editor}\" ts_ms=\"{at}\" ts=\"{seconds}\" t=\"61\"></e_m>")
}

/// Here Skype leaves out the prefix that tells the kind of the id.
fn short_id(person: &Person) -> &str {
    let (_kind, id) = person.id.split_once(':').unwrap_or_default();
    id
}

pub(crate) fn call(state: &str, call: &str, people: &[Person], seconds: Option<u64>) -> String {
    let duration = match seconds {
        Some(seconds) => format!("<duration>{seconds}</duration>"),
        None => String::new(),
    };
    let part = |Person { id, name }: &Person| format!("<part identity=\"{id}\"><name>{name}</name>{duration}</part>");
    let parts: String = people.iter().map(part).collect();
    format!("<partlist type=\"{state}\" alt=\"\" callId=\"{call}\">{parts}</partlist>")
}

pub(crate) fn uri_object(media: &Media, document: &str, number: u64) -> String {
    let Media { object, lead, .. } = media;
    let name = media.name.replace("{number}", &number.to_string());
    let size = number * 321;
    let link = format!("https://login.skype.com/login/sso?go=xmmfallback?id={document}");
    format!(
        "<URIObject uri=\"https://api.asm.skype.com/v1/objects/{document}\" type=\"{object}\" \
         doc_id=\"{document}\">{lead} <a href=\"{link}\">{link}</a>\
         <OriginalName v=\"{name}\"></OriginalName><FileSize v=\"{size}\"></FileSize></URIObject>"
    )
}

pub(crate) fn activity(activity: &Activity, at: i64, initiator: &str, target: &str, topic: &str) -> String {
    let Activity { element, .. } = activity;
    let fields = activity.fields.replace("{target}", target).replace("{topic}", &escaped(topic));
    format!(
        "<{element}><eventtime>{at}</eventtime><initiator>{initiator}</initiator>\
         {fields}</{element}>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_written_in_markup() {
        let words = [("{pet}", "Mochi"); 7];
        assert_eq!(
            line("it's *{pet}* & 1 < 2 :)\\nok", &words),
            "it&apos;s <b raw_pre=\"*\" raw_post=\"*\">Mochi</b> &amp; 1 &lt; 2 \
             <ss type=\"smile\">:)</ss>\nok"
        );
    }
}
