//! Lets the people of a conversation talk, scene by scene.

use std::collections::VecDeque;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::content;
use crate::export::Message;
use crate::phrases::{self, Script};
use crate::random::Random;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// 2017-01-09.
const FIRST_DAY: i64 = 17_175 * DAY;

/// A conversation in the making.
pub(crate) struct Chat<'a> {
    pub(crate) id: String,
    pub(crate) display_name: Option<String>,
    /// In milliseconds since 1970, as Skype's message ids are.
    pub(crate) now: i64,
    /// The first one is the owner of the export.
    people: Vec<Person>,
    /// About how long nobody writes between two scenes.
    pause: u64,
    /// The messages of the current scene that are not written yet.
    scene: VecDeque<Message>,
    scripts: &'a [Script],
    last_script: usize,
    random: Random,
}

#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl<'a> Chat<'a> {
    pub(crate) fn new(seed: u64, number: u64, messages: u64, scripts: &'a [Script]) -> Self {
        let mut random = Random(seed.rotate_left(32) ^ number);
        let is_group = number % 3 == 2;
        let others = if is_group { 2 + random.below(4) } else { 1 };
        let mut people = vec![person(0)];
        people.extend((1..=others).map(|other| person(number + other)));
        let Person { id, name } = if is_group { group(&mut random) } else { people[1].clone() };
        Self {
            id,
            display_name: (!random.chance(10)).then_some(name),
            now: FIRST_DAY + random.below(300).cast_signed() * DAY,
            people,
            pause: (4 * 365 * DAY as u64 / (messages / 6 + 1)).min(9 * DAY as u64),
            scene: VecDeque::new(),
            scripts,
            last_script: random.index(scripts.len()),
            random,
        }
    }

    pub(crate) fn next_message(&mut self) -> Message {
        loop {
            if let Some(message) = self.scene.pop_front() {
                return message;
            }
            self.let_time_pass();
            self.play_scene();
        }
    }

    fn let_time_pass(&mut self) {
        let pause = self.pause / 4 + self.random.below(self.pause * 3 / 2);
        self.now += pause.cast_signed().max(10 * MINUTE);
        let morning = self.now - self.now % DAY + 7 * 60 * MINUTE;
        if self.now < morning {
            self.now = morning + self.random.below(15 * 60).cast_signed() * MINUTE;
        }
    }

    fn play_scene(&mut self) {
        match self.random.below(100) {
            0..8 => self.call(),
            8..20 => self.media(),
            20..34 if self.is_group() => self.activity(),
            _ => self.dialogue(),
        }
    }

    fn dialogue(&mut self) {
        let words = phrases::words(&mut self.random);
        let first_speaker = self.random.index(self.people.len());
        let mut quote: Option<String> = None;
        for (speaker, line) in self.next_script() {
            let from = self.people[(first_speaker + speaker) % self.people.len()].clone();
            let said = content::line(line, &words);
            let answered = quote.take().filter(|_| self.random.chance(12));
            let content = answered.unwrap_or_default() + &self.decorated(&said, &from);
            let is_plain = !content.contains(['<', '&']) && self.random.chance(10);
            self.send(&from, if is_plain { "Text" } else { "RichText" }, content);
            quote = Some(content::quote(&said, &from, self.now));
        }
    }

    /// One that has a part for nobody who is not there. Going on from the last one keeps people from saying the same again
    /// too soon.
    fn next_script(&mut self) -> &'a Script {
        loop {
            let step = 1 + self.random.index(self.scripts.len() / 2);
            self.last_script = (self.last_script + step) % self.scripts.len();
            let script = &self.scripts[self.last_script];
            let mut speakers = script.iter().map(|(speaker, _)| *speaker);
            if speakers.all(|speaker| speaker < self.people.len()) {
                return script;
            }
        }
    }

    /// Now and then someone is mentioned, or the message is edited later.
    fn decorated(&mut self, said: &str, from: &Person) -> String {
        let mut content = said.to_owned();
        let other = self.random.pick(&self.people);
        if self.is_group() && other.id != from.id && self.random.chance(8) {
            content = content::mention(other) + &content;
        }
        if self.random.chance(5) {
            content += &content::edit_mark(from, self.now + 2 * MINUTE);
        }
        content
    }

    fn call(&mut self) {
        let caller = self.random.pick(&self.people).clone();
        let call = self.random.hex();
        if self.random.chance(30) {
            let missed = content::call("missed", &call, &self.people, None);
            self.send(&caller, "Event/Call", missed);
            return;
        }
        let started = content::call("started", &call, &self.people, None);
        self.send(&caller, "Event/Call", started);
        let seconds = 20 + self.random.below(3_000);
        self.now += seconds.cast_signed() * 1_000;
        let ended = content::call("ended", &call, &self.people, Some(seconds));
        self.send(&caller, "Event/Call", ended);
    }

    fn media(&mut self) {
        let from = self.random.pick(&self.people).clone();
        let media = self.random.pick(phrases::MEDIA);
        let document = format!("0-weu-d{}-{}", self.random.below(20), self.random.hex());
        let number = 1_000 + self.random.below(9_000);
        let content = content::uri_object(media, &document, number);
        self.send(&from, media.message_type, content);
        if let Some(message) = self.scene.back_mut() {
            message.media = Some(vec![document]);
        }
        if self.random.chance(60) {
            let words = phrases::words(&mut self.random);
            let from = self.random.pick(&self.people).clone();
            let comment = *self.random.pick(phrases::COMMENTS);
            self.send(&from, "RichText", content::line(comment, &words));
        }
    }

    /// It is the group itself that tells what happens to it.
    fn activity(&mut self) {
        let group = Person { id: self.id.clone(), name: String::new() };
        let initiator = self.random.pick(&self.people).id.clone();
        let target = self.random.pick(&self.people).id.clone();
        let topic = *self.random.pick(phrases::TOPICS);
        let activity = self.random.pick(phrases::ACTIVITIES);
        let content = content::activity(activity, self.now, &initiator, &target, topic);
        self.send(&group, activity.message_type, content);
    }

    fn send(&mut self, from: &Person, message_type: &'static str, content: String) {
        self.now += 4_000 + self.random.below(70_000).cast_signed();
        let tells_name = !from.name.is_empty() && !self.random.chance(10);
        self.scene.push_back(Message {
            id: Some(self.now.to_string()),
            display_name: tells_name.then(|| from.name.clone()),
            sent_at: rfc_3339(self.now),
            message_type,
            version: self.now,
            content,
            conversation_id: self.id.clone(),
            from: from.id.clone(),
            properties: None,
            media: None,
        });
    }

    fn is_group(&self) -> bool {
        self.people.len() > 2
    }
}

fn group(random: &mut Random) -> Person {
    Person { id: format!("19:{}@thread.skype", random.hex()), name: (*random.pick(phrases::TOPICS)).to_owned() }
}

/// A large export has more people than there are names, so these get numbers.
#[allow(clippy::cast_possible_truncation, reason = "the number is below that of the names")]
fn person(number: u64) -> Person {
    let names = phrases::PEOPLE.len() as u64;
    let (id, name) = phrases::PEOPLE[(number % names) as usize];
    let suffix = match number / names {
        0 => String::new(),
        round => format!("_{round}"),
    };
    Person { id: format!("{id}{suffix}"), name: name.to_owned() }
}

fn rfc_3339(milliseconds: i64) -> String {
    let time = OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(milliseconds);
    time.format(&Rfc3339).unwrap_or_default()
}
