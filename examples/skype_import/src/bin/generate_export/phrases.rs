//! Who talks, and what about.

use crate::random::Random;

/// The lines of a dialogue, each with the number of its speaker.
pub(crate) type Script = Vec<(usize, &'static str)>;

pub(crate) fn scripts() -> Vec<Script> {
    let line = |line: &'static str| {
        let (speaker, said) = line.split_once(' ')?;
        Some((speaker.parse().ok()?, said))
    };
    include_str!("dialogues.txt").split("\n\n").map(|dialogue| dialogue.lines().filter_map(line).collect()).collect()
}

/// Ids and names. The first one is the owner of the export.
pub(crate) const PEOPLE: &[(&str, &str)] = &[
    ("8:live:robin.berger", "Robin Berger"),
    ("8:live:ada.lindqvist", "Ada Lindqvist"),
    ("8:live:.cid.9fa1af1d0ec1257f", "Łukasz Wójcik"),
    ("8:zoe_mueller", "Zoë Müller"),
    ("8:live:tomasj", "Tomás Jiménez 🌵"),
    ("8:hanako.y", "山田 花子"),
    ("8:live:soren_kjaer", "Søren Kjær"),
    ("8:live:.cid.683c9c4768238bee", "Ngô Thị Hà"),
    ("8:igor-petrov", "Игорь Петров"),
    ("8:live:mariajose", "María José"),
    ("8:live:amal_haddad", "أمل حداد"),
    ("8:bea.o", "Bea O’Connor"),
    ("8:live:caglay", "Çağla Yıldız"),
    ("4:+4915550100199", "Grandma"),
    ("8:live:joao.b", "João Baptista"),
    ("8:priya_k", "Priya K. 🦚"),
    ("8:live:elin.halla", "Elín Halla"),
    ("8:dmitri.v", "Dmitri"),
    ("8:live:noor", "نور"),
    ("8:live:samuel.k", "Samuel Kiprono"),
];

pub(crate) const TOPICS: &[&str] = &[
    "Sunday hikes 🥾",
    "Flat 4B",
    "Böhm family",
    "Release 2.4",
    "Book club & wine",
    "Lisbon trip ✈️",
    "五人の料理部",
    "Choir, altos only",
];

pub(crate) const EMOTICONS: &[(&str, &str)] =
    &[(":)", "smile"), (":D", "laugh"), (";)", "wink"), ("(y)", "yes"), ("(heart)", "heart"), ("(facepalm)", "facepalm")];

pub(crate) const COMMENTS: &[&str] =
    &["Beautiful!", "haha, is that {pet}?", "Thanks (y)", "Saved it", "Wow :D", "Can't open it, send it again?"];

/// Places in a line, each with the word that fills it.
pub(crate) type Words = [(&'static str, &'static str); 7];

/// What one dialogue is about.
pub(crate) fn words(random: &mut Random) -> Words {
    [
        ("{day}", *random.pick(DAYS)),
        ("{time}", *random.pick(TIMES)),
        ("{place}", *random.pick(PLACES)),
        ("{food}", *random.pick(FOOD)),
        ("{thing}", *random.pick(THINGS)),
        ("{pet}", *random.pick(PETS)),
        ("{link}", *random.pick(LINKS)),
    ]
}

const DAYS: &[&str] = &["on Friday", "tomorrow", "this weekend", "on Tuesday", "next week"];
const TIMES: &[&str] = &["at six", "around 19:30", "at noon", "after work", "at half past eight"];
const PLACES: &[&str] = &["the station", "Café Luna", "the old harbour", "the library"];
const FOOD: &[&str] = &["dumplings", "pizza", "lentil soup", "Käsespätzle", "tacos", "phở"];
const THINGS: &[&str] = &["the charger", "my umbrella", "the blue folder", "the spare key"];
const PETS: &[&str] = &["Mochi", "Biscuit", "the neighbour&apos;s cat", "Professor Woof"];
const LINKS: &[&str] = &[
    "<a href=\"https://example.com/table?a=1&amp;b=2\">https://example.com/table?a=1&amp;b=2</a>",
    "<a href=\"https://example.org/recipes/42\">https://example.org/recipes/42</a>",
    "<a href=\"https://example.net/map\">the map</a>",
];

pub(crate) struct Media {
    pub(crate) message_type: &'static str,
    pub(crate) object: &'static str,
    /// What Skype says to those who cannot see it.
    pub(crate) lead: &'static str,
    pub(crate) name: &'static str,
}

pub(crate) const MEDIA: &[Media] = &[
    Media {
        message_type: "RichText/UriObject",
        object: "Picture.1",
        lead: "To view this shared photo, go to:",
        name: "IMG_{number}.jpg",
    },
    Media {
        message_type: "RichText/UriObject",
        object: "Picture.1",
        lead: "To view this shared photo, go to:",
        name: "Salt &amp; sea {number}.png",
    },
    Media {
        message_type: "RichText/Media_GenericFile",
        object: "File.1",
        lead: "To view this file, go to:",
        name: "Übersicht-{number}.pdf",
    },
    Media {
        message_type: "RichText/Media_Video",
        object: "Video.1/Message.1",
        lead: "To view this video message, go to:",
        name: "clip_{number}.mp4",
    },
    Media {
        message_type: "RichText/Media_AudioMsg",
        object: "Audio.1/Message.1",
        lead: "To hear this voice message, go to:",
        name: "voice_{number}.m4a",
    },
    Media { message_type: "RichText/Media_Card", object: "SWIFT.1", lead: "Card - access it on", name: "Weather card {number}" },
];

pub(crate) struct Activity {
    pub(crate) message_type: &'static str,
    pub(crate) element: &'static str,
    pub(crate) fields: &'static str,
}

pub(crate) const ACTIVITIES: &[Activity] = &[
    Activity { message_type: "ThreadActivity/AddMember", element: "addmember", fields: "<target>{target}</target>" },
    Activity { message_type: "ThreadActivity/DeleteMember", element: "deletemember", fields: "<target>{target}</target>" },
    Activity { message_type: "ThreadActivity/TopicUpdate", element: "topicupdate", fields: "<value>{topic}</value>" },
    Activity {
        message_type: "ThreadActivity/PictureUpdate",
        element: "pictureupdate",
        fields: "<value>URL@https://api.asm.skype.com/v1/objects/0-weu-d1-0</value>",
    },
    Activity {
        message_type: "ThreadActivity/HistoryDisclosedUpdate",
        element: "historydisclosedupdate",
        fields: "<value>true</value>",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_is_read_and_two_people_have_some() {
        let scripts = scripts();
        assert!(scripts.iter().all(|script| script.len() > 1));
        let for_two = |script: &&Script| script.iter().all(|(speaker, _)| *speaker < 2);
        assert!(scripts.iter().filter(for_two).count() > 10);
    }
}
