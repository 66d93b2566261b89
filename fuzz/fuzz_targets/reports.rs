//! The HTML report of any run parses, and so does the Markdown one; in both, texts from outside are nothing but text.

#![no_main]

use std::fs;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use etl_context::RunRecord;
use etl_context_fuzz::{Folder, Json, mended};
use html5gum::{Token, Tokenizer};
use libfuzzer_sys::fuzz_target;
use pulldown_cmark::{Event, Options, Parser, Tag};
use roxmltree::{Document, ParsingOptions};
use serde_json::{Map, Value, json};

/// A text from outside. Some begin with what would be seen in the report if it were not escaped.
#[derive(Debug, Clone, Arbitrary)]
enum Text {
    Any(String),
    Html(String),
    Markdown(String),
}

impl Text {
    fn value(self) -> String {
        match self {
            Text::Any(text) => text,
            Text::Html(text) => format!("<i>&{text}"),
            Text::Markdown(text) => format!("*a* [b](c) {text}"),
        }
    }
}

#[derive(Debug, Arbitrary)]
enum After {
    Idle,
    Completed(u8),
    Failed(u8),
}

#[derive(Debug, Arbitrary)]
enum Step {
    Wait(u32),
    Start { phase: u8, counters: Vec<(Text, u64)> },
    Checkpoint { counts: [u64; 4], cursor: Json },
    Parts(Vec<Text>),
    PartCheckpointed { part: Text, claim: u8, counts: [u64; 4], cursor: Json, errors: Vec<Vec<Text>> },
    PartEnded(Text, Option<Vec<Text>>),
    Error(u8, Vec<Text>),
    SetStatus(u8, u8),
    Complete { counts: [u64; 4], result: Option<Vec<(Text, Json)>> },
    Fail { cause: u8, counts: [u64; 4], error: Vec<Text> },
}

#[derive(Debug, Arbitrary)]
struct Input {
    name: Text,
    pipeline: Option<(Text, Vec<(u8, After)>)>,
    metadata: Vec<(Text, Text)>,
    steps: Vec<Step>,
}

static FOLDER: LazyLock<Folder> = LazyLock::new(Folder::new);

fuzz_target!(|input: Input| {
    fs::write(FOLDER.journal(), Written::run(input)).expect("the file can be written");
    // Counters of the same name twice, and the like: no run.
    let Ok(Some(record)) = RunRecord::read(FOLDER.journal()) else { return };
    let summary = record.summary();
    check_html(&summary.to_html());
    check_markdown(&summary.to_markdown());
    check_text(&summary.to_string());
    let json = serde_json::to_string(&summary).expect("a summary can be serialised");
    serde_json::from_str::<Value>(&json).expect("it is JSON");
});

fn check_text(text: &str) {
    assert!(!text.contains(|character: char| character.is_control() && character != '\n'), "{text:?}");
    for line in text.lines() {
        assert!(line.chars().count() <= 100 && line.trim_end() == line, "{line:?} in {text:?}");
    }
}

fn check_html(page: &str) {
    for token in Tokenizer::new(page) {
        let Ok(token) = token;
        assert!(!matches!(token, Token::Error(_)), "{token:?} in {page}");
    }
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let document = Document::parse_with_options(page, options).expect("a page is stricter than HTML has to be");
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(!["i", "script", "link", "img", "iframe", "object", "form"].contains(&node.tag_name().name()), "{page}");
        for attribute in node.attributes() {
            assert!(!attribute.name().starts_with("on") && attribute.name() != "src", "{page}");
            assert!(attribute.name() != "href" || attribute.value().starts_with('#'), "{page}");
        }
    }
    check_seen(page);
}

fn check_markdown(report: &str) {
    for event in Parser::new_ext(report, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_MATH) {
        match event {
            Event::InlineHtml(tag) => assert!(["<code>", "</code>", "<br>"].contains(&tag.as_ref()), "{tag} in {report}"),
            Event::Start(tag) => {
                let ours = matches!(
                    tag,
                    Tag::Heading { .. }
                        | Tag::Paragraph
                        | Tag::Strong
                        | Tag::Table(_)
                        | Tag::TableHead
                        | Tag::TableRow
                        | Tag::TableCell
                        | Tag::CodeBlock(_)
                );
                assert!(ours, "{tag:?} in {report}");
            }
            Event::Text(_) | Event::Code(_) | Event::End(_) => {}
            other => panic!("{other:?} in {report}"),
        }
    }
    check_seen(report);
}

/// Nothing hides, and nothing turns the text around.
fn check_seen(report: &str) {
    let unseen = |character: char| character.is_control() && !matches!(character, '\n' | '\t');
    assert!(!report.contains(unseen), "{report:?}");
    assert!(!report.contains(['\u{200b}', '\u{2028}', '\u{202e}', '\u{2067}', '\u{feff}', '\u{fffe}']), "{report:?}");
}

/// A journal that is written step by step. A step that cannot follow is left out.
#[derive(Default)]
struct Written {
    lines: Vec<String>,
    microseconds: u64,
    attempts: [u64; PHASES.len()],
    running: Option<(usize, Vec<(String, u64)>, u64)>,
    has_parts: bool,
}

const PHASES: [&str; 4] = ["extract", "transform", "load", "a-phase-with-a-name-of-sixty-four-characters-which-is-the-limit-"];
const CAUSES: [&str; 7] = ["error", "status", "abandoned", "panicked", "interrupted", "stopped", "errors"];
const STATUSES: [&str; 4] = ["pending", "running", "completed", "failed"];

fn phase(number: u8) -> usize {
    usize::from(number) % PHASES.len()
}

impl Written {
    fn run(input: Input) -> Vec<u8> {
        let mut written = Written::default();
        let pipeline = input.pipeline.map(|(name, edges)| {
            let edges = edges.into_iter().map(|(after, before)| {
                let before = match before {
                    After::Idle => "Idle".to_owned(),
                    After::Completed(number) => PHASES[phase(number)].to_owned(),
                    After::Failed(number) => format!("Failed<{}>", PHASES[phase(number)]),
                };
                json!({ "phase": PHASES[phase(after)], "after": before })
            });
            json!({ "name": name.value(), "edges": edges.collect::<Vec<_>>() })
        });
        let metadata: Map<_, _> = input.metadata.into_iter().map(|(key, value)| (key.value(), json!(value.value()))).collect();
        let id = "019aabcd-0000-7000-8000-000000000001";
        let began = json!({ "run_id": id, "name": input.name.value(), "pipeline": pipeline, "metadata": metadata });
        written.push("run_began", began);
        input.steps.into_iter().for_each(|step| written.step(step));
        mended(written.lines.concat().as_bytes())
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Wait(microseconds) => self.microseconds += u64::from(microseconds),
            Step::Start { phase: number, counters } if self.running.is_none() => self.start(phase(number), counters),
            Step::Error(number, chain) => {
                let attempt = self.attempts[phase(number)];
                let attempt = if attempt > 0 { json!(attempt) } else { Value::Null };
                self.push("error_recorded", json!({ "phase": PHASES[phase(number)], "attempt": attempt, "error": error(chain) }));
            }
            Step::SetStatus(number, status) => {
                self.push("status_set", json!({ "phase": PHASES[phase(number)], "status": STATUSES[usize::from(status) % 4] }));
            }
            step => {
                if let Some((phase, counters, started)) = self.running.clone() {
                    self.while_running(step, phase, &counters, started);
                }
            }
        }
    }

    fn start(&mut self, phase: usize, counters: Vec<(Text, u64)>) {
        let counters: Vec<_> = counters.into_iter().take(8).map(|(name, total)| (name.value(), total)).collect();
        self.attempts[phase] += 1;
        let totals = tally(&counters, None);
        self.push("phase_started", json!({ "phase": PHASES[phase], "attempt": self.attempts[phase], "totals": totals }));
        self.running = Some((phase, counters, self.microseconds));
        self.has_parts = false;
    }

    fn while_running(&mut self, step: Step, phase: usize, counters: &[(String, u64)], started: u64) {
        let mut event = json!({ "phase": PHASES[phase], "attempt": self.attempts[phase] });
        let mut set = |name: &str, value: Value| event[name] = value;
        let name = match step {
            Step::Checkpoint { counts, cursor } => {
                set("counts", tally(counters, Some(counts)));
                set("cursor", cursor.value());
                "checkpointed"
            }
            Step::Parts(names) if !self.has_parts => {
                set("parts", names.into_iter().map(Text::value).collect());
                self.has_parts = true;
                "parts_registered"
            }
            Step::PartCheckpointed { part, claim, counts, cursor, errors } => {
                set("version", 2.into());
                set("part", part.value().into());
                set("claim", claim.into());
                set("counts", tally(counters, Some(counts)));
                set("cursor", cursor.value());
                set("errors", errors.into_iter().map(error).collect());
                "part_checkpointed"
            }
            Step::PartEnded(name, chain) => {
                set("part", name.value().into());
                set("status", chain.as_ref().map_or("completed", |_| "failed").into());
                set("duration_microseconds", 7.into());
                set("counts", tally(counters, Some([1; 4])));
                set("error", chain.map(error).unwrap_or_default());
                "part_ended"
            }
            Step::Complete { counts, result } => {
                set("status", "completed".into());
                set("counts", tally(counters, Some(counts)));
                let result = result.map(|result| result.into_iter().map(|(key, value)| (key.value(), value.value())).collect());
                set("result", result.map(Value::Object).unwrap_or_default());
                "phase_ended"
            }
            Step::Fail { cause, counts, error: chain } => {
                set("status", "failed".into());
                set("cause", CAUSES[usize::from(cause) % CAUSES.len()].into());
                set("counts", tally(counters, Some(counts)));
                set("error", error(chain));
                "phase_ended"
            }
            _ => return,
        };
        if name == "phase_ended" {
            set("totals", tally(counters, None));
            set("start_time", time(started).into());
            set("duration_microseconds", (self.microseconds - started).into());
            self.running = None;
        }
        self.push(name, event);
    }

    fn push(&mut self, name: &str, event: Value) {
        let Value::Object(mut fields) = event else { unreachable!("an event has fields") };
        fields.retain(|_, value| !value.is_null());
        fields.insert("seq".to_owned(), self.lines.len().into());
        fields.insert("event".to_owned(), name.into());
        fields.insert("time".to_owned(), time(self.microseconds).into());
        let fields = Value::Object(fields).to_string();
        let header = if self.lines.is_empty() { r#""format":"etl-context-journal","version":1,"# } else { "" };
        self.lines.push(format!("{{{header}{},\"crc\":\"00000000\"}}\n", &fields[1..fields.len() - 1]));
    }
}

fn tally(counters: &[(String, u64)], counts: Option<[u64; 4]>) -> Value {
    let value = |(index, (name, total)): (usize, &(String, u64))| {
        (name.clone(), json!(counts.map_or(*total, |counts| counts[index % counts.len()])))
    };
    Value::Object(counters.iter().enumerate().map(value).collect())
}

fn error(chain: Vec<Text>) -> Value {
    let mut chain = chain.into_iter().map(Text::value);
    chain.next().map_or(Value::Null, |message| json!({ "message": message, "sources": chain.collect::<Vec<_>>() }))
}

/// So many microseconds after a night in November, up to some months.
fn time(microseconds: u64) -> String {
    let (seconds, fraction) = (microseconds / 1_000_000 % (28 * 86_400), microseconds % 1_000_000);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    format!("2026-11-{:02}T{:02}:{:02}:{:02}.{fraction:06}Z", days + 1, rest / 3_600, rest / 60 % 60, rest % 60)
}
