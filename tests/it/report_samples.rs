//! The runs whose reports are looked at: a clean one, one with trouble, one with forty phases, two of which phases ran side by side,
//! one with hostile texts.

use std::time::Duration;

use etl_context::RunRecord;
use serde_json::{Map, Value, json};

use crate::written_run::WrittenRun;

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

fn edge(phase: &str, after: &str) -> Value {
    json!({ "phase": phase, "after": after })
}

fn counts(conversations: u64, messages: u64) -> Value {
    json!({ "conversations": conversations, "messages": messages })
}

/// Extract, transform, load, and nothing went wrong.
pub(crate) fn clean() -> RunRecord {
    let edges = [edge("extract", "Idle"), edge("transform", "extract"), edge("load", "transform")];
    let metadata = json!({ "operator": "night shift", "export": "/data/exports/8_live_anna_export.tar", "host": "etl-02" });
    let mut run = WrittenRun::begin("skype-import", "2026-11-23T02:00:00Z", json!({ "name": "Etl", "edges": edges }), metadata);
    run.after(Duration::from_millis(3)).start("extract", counts(0, 200_000)).after(Duration::from_millis(41_370));
    run.complete(counts(1_250, 200_000), json!({ "source": "export.tar", "bytes_read": 187_402_113 }));
    run.after(Duration::from_millis(2)).start("transform", counts(1_250, 200_000)).after(Duration::from_millis(18_204));
    run.complete(counts(1_250, 199_996), json!({ "unknown_types": 4, "by_type": { "RichText": 181_220, "Text": 12_002 } }));
    run.after(Duration::from_millis(2)).start("load", counts(1_250, 199_996)).after(Duration::from_millis(73_950));
    run.complete(counts(1_250, 199_996), json!({ "database": "skype.db", "new_rows": 199_996, "people": 312 }));
    run.record()
}

/// A phase that was tried again, a process that died in another, and thirty errors.
pub(crate) fn troubled() -> RunRecord {
    troubled_with(29)
}

/// The same with fewer errors in the phase that went on.
pub(crate) fn troubled_with(errors: u64) -> RunRecord {
    let edges = [
        edge("extract", "Idle"),
        edge("validate", "extract"),
        edge("transform", "validate"),
        edge("transform", "extract"),
        edge("load", "transform"),
        edge("load", "validate"),
        edge("extract", "load"),
        edge("report", "load"),
        edge("report", "Failed<load>"),
        edge("cleanup", "report"),
        edge("cleanup", "Failed<extract>"),
        edge("cleanup", "Failed<load>"),
    ];
    let metadata = json!({ "operator": "night shift" });
    let mut run =
        WrittenRun::begin("nightly-chat-import", "2026-11-22T22:30:00Z", json!({ "name": "Nightly", "edges": edges }), metadata);
    run.start("extract", counts(800, 0)).after(seconds(2));
    run.fail("error", counts(0, 0), &["the export cannot be opened", "connection refused (os error 111)"]);
    run.after(seconds(30)).start("extract", counts(800, 0)).after(minutes(12));
    run.complete(counts(800, 61_204), json!({ "source": "sftp://exports/2026-11-22.tar" }));
    run.start("validate", counts(800, 61_204)).after(minutes(3)).complete(counts(800, 61_204), Value::Null);
    run.start("transform", counts(800, 61_204));
    for number in 0..errors {
        let message = format!("message 8:live:{:04}/{} was left out: its time cannot be read", number * 7, 1_600_000 + number);
        let chain = [message.as_str(), "invalid value for `originalarrivaltime`", "expected RFC 3339, found `yesterday`"];
        run.after(seconds(14)).error("transform", &chain);
    }
    run.after(minutes(1)).complete(counts(800, 61_175), json!({ "left_out": errors }));
    run.start("load", counts(800, 61_175)).after(minutes(6)).checkpoint(json!({ "conversation": 410 }), counts(410, 31_020));
    run.after(minutes(372)).interrupt().start("load", counts(800, 61_175)).after(minutes(5));
    run.fail("error", counts(790, 60_001), &["batch 611 cannot be written", "database is locked", "SQLITE_BUSY (5)"]);
    run.after(seconds(1)).start("report", counts(0, 0)).after(Duration::from_millis(120)).complete(counts(0, 0), Value::Null);
    run.record()
}

/// Ten phases with results, one of them tried twice: what has to fit on a printed page.
pub(crate) fn ten_phases() -> RunRecord {
    let names = ["extract", "unpack", "validate", "deduplicate", "transform", "enrich", "load", "index", "verify", "publish"];
    let edges = (0..10).map(|index| edge(names[index], if index == 0 { "Idle" } else { names[index - 1] }));
    let pipeline = json!({ "name": "Publication", "edges": edges.collect::<Vec<_>>() });
    let metadata = json!({ "operator": "night shift", "host": "etl-02" });
    let mut run = WrittenRun::begin("publication", "2026-11-23T03:00:00Z", pipeline, metadata);
    for (name, minute) in names.into_iter().zip([9, 1, 4, 2, 12, 6, 17, 3, 2, 1]) {
        if name == "enrich" {
            run.start(name, counts(400, 90_000)).after(seconds(48));
            run.fail("error", counts(31, 6_120), &["the directory does not answer", "connection reset by peer"])
                .after(seconds(5));
        }
        run.start(name, counts(400, 90_000)).after(minutes(minute));
        run.complete(counts(400, 90_000), json!({ "files": minute * 3, "store": format!("s3://lake/{name}") }));
    }
    run.record()
}

/// Forty phases of very different length, with counters of their own, the last one still running.
pub(crate) fn forty_phases() -> RunRecord {
    let name = |number: u64| format!("load-table-{number:02}");
    let edges = (1..=40).map(|number| match number {
        1 => edge(&name(1), "Idle"),
        _ => edge(&name(number), &name(number - 1)),
    });
    let pipeline = json!({ "name": "Warehouse", "edges": edges.collect::<Vec<_>>() });
    let mut run = WrittenRun::begin("warehouse-refresh", "2026-11-23T01:00:00Z", pipeline, Value::Null);
    for number in 1..=40 {
        let rows = number * number * 7_919 % 1_000_003;
        run.start(&name(number), json!({ "bytes": 0, "rows": rows })).after(Duration::from_millis(rows * 3 / 2));
        let done = json!({ "bytes": rows * 212, "rows": rows });
        if number == 40 {
            run.checkpoint(json!(rows / 2), json!({ "bytes": rows * 106, "rows": rows / 2 }));
        } else {
            run.complete(done, if number % 10 == 0 { json!({ "partition": number / 10 }) } else { Value::Null });
        }
    }
    run.record()
}

fn joining() -> Value {
    let edges = [
        edge("users", "Idle"),
        edge("clean", "users"),
        edge("orders", "Idle"),
        edge("prices", "Idle"),
        edge("merge", "(clean, orders, prices)"),
        edge("publish", "merge"),
        edge("publish", "Failed<merge>"),
    ];
    json!({ "name": "Nightly", "edges": edges })
}

/// Three branches: one of two phases, one that was tried again, one divided into parts. Two of them still run.
pub(crate) fn side_by_side() -> RunRecord {
    let mut run = WrittenRun::begin("nightly-merge", "2026-11-23T02:00:00Z", joining(), Value::Null);
    run.start("users", counts(0, 9_000))
        .start("orders", counts(0, 0))
        .start("prices", counts(0, 600))
        .divide(&["eu", "us", "as"]);
    run.after(seconds(50)).in_phase("orders");
    run.fail("error", counts(3, 120), &["the shop does not answer", "connection reset by peer"]);
    run.after(seconds(5)).start("orders", counts(0, 0)).in_phase("prices").after(seconds(25));
    run.end_part("eu", seconds(80), counts(0, 200), &[]).after(seconds(20)).in_phase("users");
    run.complete(counts(40, 9_000), json!({ "source": "users.csv" })).start("clean", counts(0, 9_000)).after(seconds(20));
    run.in_phase("prices").end_part("us", seconds(110), counts(0, 150), &["row 151 has no price"]);
    run.after(seconds(60)).in_phase("orders").complete(counts(61, 5_400), Value::Null).after(seconds(60));
    run.in_phase("clean").checkpoint(json!(4_100), counts(0, 4_100)).record()
}

/// The same to its end, after its process died while two phases ran.
pub(crate) fn joined() -> RunRecord {
    let mut run = WrittenRun::begin("nightly-merge", "2026-11-23T02:00:00Z", joining(), Value::Null);
    run.start("users", counts(0, 9_000)).start("orders", counts(0, 0)).start("prices", counts(0, 600));
    run.after(seconds(100)).in_phase("users").complete(counts(40, 9_000), Value::Null);
    run.start("clean", counts(0, 9_000)).after(seconds(50)).complete(counts(40, 9_000), Value::Null);
    run.after(seconds(30)).in_phase("prices").checkpoint(json!(200), counts(0, 200));
    run.after(minutes(60)).in_phase("orders").interrupt().in_phase("prices").interrupt();
    run.start("orders", counts(0, 0)).start("prices", counts(0, 600)).after(seconds(60)).complete(counts(0, 600), Value::Null);
    run.after(seconds(30)).complete(counts(61, 5_400), Value::Null).after(seconds(1));
    run.start("merge", counts(0, 0)).after(seconds(40)).complete(counts(101, 15_000), Value::Null);
    run.start("publish", counts(0, 0)).after(seconds(2)).complete(counts(0, 0), Value::Null).record()
}

/// Texts that a page, a table or a terminal could take for something else.
pub(crate) const HOSTILE: [&str; 13] = [
    "<script>alert(1)</script>",
    "</style></title></table><h1>free</h1>",
    "\"quotes' onmouseover=\"alert(1)",
    "nul \0 bell \u{7} escape \u{1b}[31m red",
    "turned \u{202e}gnp.exe\u{202c} and \u{2067}isolated\u{2069}",
    "]]> --> <!-- <![CDATA[ <?php &amp; &lt; &#0;",
    "| pipe | `tick` ``` *star* _under_ [link](javascript:alert(1)) \\| #1 @here",
    "| only | pipes |",
    "line one\nline two\r\n\tline three",
    "👩‍🚀 🇩🇪 שלום العربية 漢字",
    "```\n# heading\n```",
    "\u{feff}\u{200b}\u{2028}\u{fffe}\u{85}",
    "C:\\path\\ \\` ` `` \\|",
];

/// The text as a report shows it: what cannot be seen is written out.
pub(crate) fn visible(text: &str) -> String {
    let unseen = |character: char| {
        let marks = ['\u{200b}', '\u{2028}', '\u{202c}', '\u{202e}', '\u{2067}', '\u{2069}', '\u{feff}', '\u{fffe}'];
        character.is_control() || marks.contains(&character)
    };
    let shown = |character: char| if unseen(character) { character.escape_default().to_string() } else { character.to_string() };
    text.chars().map(shown).collect()
}

pub(crate) fn hostile() -> RunRecord {
    let long = "unbroken".repeat(1_280);
    let metadata = HOSTILE.iter().map(|text| ((*text).to_owned(), json!(text))).collect::<Map<_, _>>();
    let pipeline = json!({ "name": HOSTILE[0], "edges": [edge("extract", "Idle"), edge("load", "extract")] });
    let name = format!("{} {} {}", HOSTILE[0], HOSTILE[4], &long[..200]);
    let mut run = WrittenRun::begin(&name, "2026-11-23T02:00:00Z", pipeline, metadata.into());
    let mut result = HOSTILE.iter().map(|text| ((*text).to_owned(), json!(text))).collect::<Map<_, _>>();
    result.insert("long".to_owned(), json!(long));
    result.insert(long.clone(), json!({ HOSTILE[1]: [HOSTILE[2], HOSTILE[3]] }));
    let counters = json!({ "<b>rows</b>": 18_446_744_073_709_551_615_u64, "a|b`c": 5 });
    run.start("extract", counters.clone()).divide(&HOSTILE).after(seconds(1));
    for part in HOSTILE {
        run.end_part(part, Duration::from_millis(5), json!({ "a|b`c": 1 }), &[]);
    }
    run.complete(counters.clone(), result.into());
    let phase = "a-phase-with-a-name-of-sixty-four-characters-which-is-the-limit-";
    run.start(phase, counters.clone());
    for text in HOSTILE {
        run.after(Duration::from_millis(20)).error(phase, &[text, text]);
    }
    let chain = (0..101).map(|number| format!("{} {number}", HOSTILE[2])).collect::<Vec<_>>();
    run.error(phase, &chain.iter().map(String::as_str).collect::<Vec<_>>());
    run.error("never-started", &[&long]);
    run.set_status(phase, "pending").fail("panicked", counters, &[&long, HOSTILE[0]]);
    run.record()
}
