//! Counters add up exactly and saturate, whichever way is taken to them: by the owner, by a shared handle, by a worker.

#![no_main]

use arbitrary::Arbitrary;
use etl_context::{Context, Counts, Extract, RunRecord, dict};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
enum Way {
    Owner,
    Shared,
    Worker(bool),
}

#[derive(Debug, Arbitrary)]
struct Addition {
    way: Way,
    conversations: u64,
    messages: u64,
}

#[derive(Debug, Arbitrary)]
struct Input {
    totals: (u64, u64),
    additions: Vec<Addition>,
}

fuzz_target!(|input: Input| {
    let totals = Counts { conversations: input.totals.0, messages: input.totals.1 };
    let mut extract = Context::new("counters").start_with(Extract, totals).expect("nothing refuses it");
    let mut workers = [extract.progress().worker(), extract.progress().worker()];
    let mut sums = (0_u128, 0_u128);
    for Addition { way, conversations, messages } in input.additions {
        let counts = Counts { conversations, messages };
        sums = (sums.0 + u128::from(conversations), sums.1 + u128::from(messages));
        match way {
            Way::Owner => extract.update_progress(counts),
            Way::Shared => extract.progress().add(counts),
            Way::Worker(first) => workers[usize::from(first)].add(counts).expect("the phase is running"),
        }
        assert_eq!(extract.progress().counts(), saturated(sums));
        look(extract.record(), totals, &extract.progress().snapshot());
    }
    let report = extract.complete(dict! { "file": "export.tar" }).expect("nothing refuses it");
    assert_eq!(report.counts(), saturated(sums));
    let json = serde_json::to_value(report.report()).expect("a report can be serialised");
    assert_eq!(json["processed_messages"], saturated(sums).messages);
    assert_eq!(json["messages_processed"], saturated(sums).messages);
    assert!(json["messages_percent"].is_null() == (totals.messages == 0), "a total of 0 is unknown");
    let _ = (report.summary().to_string(), report.summary().to_html(), report.summary().to_markdown());
    assert!(workers[0].add(totals).is_err(), "the phase has ended");
});

fn saturated(sums: (u128, u128)) -> Counts {
    let saturated = |sum| u64::try_from(sum).unwrap_or(u64::MAX);
    Counts { conversations: saturated(sums.0), messages: saturated(sums.1) }
}

fn look(record: &RunRecord, totals: Counts, snapshot: &etl_context::ProgressSnapshot) {
    assert_eq!(record.events(), 2, "counting is no event");
    let known = snapshot.counters.iter().map(|counter| counter.total.unwrap_or_default());
    assert!(known.eq([totals.conversations, totals.messages]));
}
