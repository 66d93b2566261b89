//! A pipeline may come to a phase more than once; a process that goes on comes back to the round in which the last one was.

use etl_context::{Dictionary, Event, Journal, MemoryJournal, Run, RunStatus, dict, pipeline};
use proptest::prelude::*;

use crate::cases::gate;

pipeline! {
    Pages {
        Fetch = "fetch" after Idle | Keep;
        Keep = "keep" after Fetch;
    }
}

/// Fetches and keeps so many pages; says which pages were really fetched and kept, in this order.
fn import(journal: MemoryJournal, pages: u64) -> Vec<String> {
    let mut ran = Vec::new();
    let mut work = |what: &str, page: u64| {
        ran.push(format!("{what} {page}"));
        Ok::<Dictionary, String>(dict! { "page": page })
    };
    let context = Run::builder("pages").journal(journal).begin::<Pages>().unwrap();
    let (mut fetched, result) = context.phase(Fetch).run(|_| work("fetch", 1)).unwrap();
    assert_eq!(result["page"], 1);
    for page in 1..=pages {
        let (kept, result) = fetched.phase(Keep).run(|_| work("keep", page)).unwrap();
        assert_eq!(result["page"], page, "the result of its own round");
        if page == pages {
            assert_eq!(kept.record().run_status(), RunStatus::Completed);
            break;
        }
        let (next, result) = kept.phase(Fetch).run(|_| work("fetch", page + 1)).unwrap();
        assert_eq!(result["page"], page + 1, "the result of its own round");
        fetched = next;
    }
    ran
}

/// What is left of a run whose process died after so many events.
fn died_after(events: usize, journal: &MemoryJournal) -> MemoryJournal {
    let mut left = MemoryJournal::new();
    let all = journal.clone().load().unwrap();
    (0..).zip(all.iter().take(events)).for_each(|(sequence, event)| left.append(sequence, event).unwrap());
    left
}

fn all(pages: u64) -> Vec<String> {
    (1..=pages).flat_map(|page| [format!("fetch {page}"), format!("keep {page}")]).collect()
}

#[test]
fn a_loop_that_is_done_runs_nothing_again() {
    let journal = MemoryJournal::new();
    assert_eq!(import(journal.clone(), 3), all(3));
    assert_eq!(import(journal.clone(), 3), Vec::<String>::new());
    assert_eq!(import(journal, 5), all(5)[6..], "and goes on behind its last round");
}

#[test]
fn a_round_that_runs_again_takes_the_later_ones_with_it() {
    let journal = MemoryJournal::new();
    import(journal.clone(), 3);
    let context = Run::builder("pages").journal(journal.clone()).begin::<Pages>().unwrap();
    let (fetched, _) = context.phase(Fetch).run(|_| -> Result<Dictionary, String> { unreachable!("it is done") }).unwrap();
    drop(fetched.phase(Keep).again().run(|_| Ok::<_, String>(dict! { "page": 1 })).unwrap());
    assert_eq!(import(journal, 3), all(3)[2..]);
}

proptest! {
    #![proptest_config(gate(60))]

    #[test]
    fn wherever_a_loop_was_killed_it_goes_on_in_that_round(pages in 1..6_u64, kills in prop::collection::vec(0..40_usize, 0..4)) {
        let mut journal = MemoryJournal::new();
        let mut done = 0;
        for events in kills {
            let ran = import(journal.clone(), pages);
            prop_assert_eq!(&ran, &all(pages)[done..]);
            journal = died_after(events, &journal);
            // What was interrupted does not count.
            let completed = |event: &&Event| matches!(event, Event::PhaseEnded { report, .. } if report.cause().is_none());
            done = journal.clone().load().unwrap().iter().filter(completed).count();
        }
        prop_assert_eq!(&import(journal, pages), &all(pages)[done..]);
    }
}
