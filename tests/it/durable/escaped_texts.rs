//! Texts that JSON has to escape come back from a line as they were, wherever in an event they stand.

use etl_context::{
    CounterValues, Counters, EtlContext, Event, Journal, JournalError, MAX_COUNTERS, MemoryJournal, Run, dict, pipeline,
};

/// Everything that is escaped, and some that is not.
const AWKWARD: &str = "a \"quoted\" back\\slash, \n\t\u{1}\u{1f}\u{7f}, é, \u{1f980}, </script>";

/// Counters with a name that the macro would not take.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Awkward(u64);

impl Counters for Awkward {
    const NAMES: &'static [&'static str] = &[AWKWARD];

    fn to_values(self) -> CounterValues {
        let mut values = [0; MAX_COUNTERS];
        values[0] = self.0;
        values
    }

    fn from_values(values: CounterValues) -> Self {
        Awkward(values[0])
    }
}

pipeline! {
    Counting {
        Count = "count" counts Awkward after Idle;
    }
}

fn events() -> Vec<Event> {
    let mut journal = MemoryJournal::new();
    let begun = Run::builder(AWKWARD).metadata(AWKWARD, AWKWARD).parameters(&dict! { AWKWARD: AWKWARD });
    let mut count = begun.journal(journal.clone()).begin::<Counting>().unwrap().start_with(Count, Awkward(9)).unwrap();
    count.update_progress(Awkward(3));
    count.checkpoint(AWKWARD).unwrap();
    count.record_error(&JournalError::new(AWKWARD).with_source(AWKWARD)).unwrap();
    let parts = count.parts([AWKWARD]).unwrap();
    parts.claim().unwrap().unwrap().fail(AWKWARD).unwrap();
    drop(parts);
    let mut count = count.fail(AWKWARD).unwrap().retry().unwrap();
    count.parts([AWKWARD]).unwrap().work(|_| Ok::<_, JournalError>(())).unwrap();
    let mut run: EtlContext = count.complete(dict! { AWKWARD: AWKWARD }).unwrap().erase();
    run.set_phase_status("count", "failed").unwrap();
    journal.load().unwrap()
}

#[test]
fn every_event_comes_back_from_its_line() {
    let events = events();
    for (sequence, event) in (0..).zip(&events) {
        let line = event.to_line(sequence).unwrap();
        assert!(!line.contains('\n'), "{line}");
        assert_eq!(Event::from_line(sequence, &line).unwrap(), *event, "{line}");
    }
    let mut names: Vec<_> = events.iter().map(Event::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 8, "every kind of event: {names:?}");
}

#[test]
fn the_text_is_in_the_line_as_json_escapes_it() {
    let escaped = serde_json::to_string(AWKWARD).unwrap();
    for (sequence, event) in (0..).zip(&events()).filter(|(_, event)| event.name() != "status_set") {
        let line = event.to_line(sequence).unwrap();
        assert!(line.contains(&escaped), "{line}");
    }
}
