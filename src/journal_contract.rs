//! Does a store keep the promises of a [`Journal`]? A test that any store can run.
//!
//! ```
//! use etl_context::{MemoryJournal, journal::contract};
//!
//! # fn main() -> Result<(), contract::Broken> {
//! // Each call of the inner closure opens the same store again, as a later process would.
//! contract::check(|| {
//!     let journal = MemoryJournal::new();
//!     move || Ok(journal.clone())
//! })?;
//! # Ok(())
//! # }
//! ```

use std::error::Error as StdError;
use std::fmt::Debug;

use crate::journal::{Journal, JournalError};
use crate::record::event::Event;
use crate::run::{Run, RunBuilder};
use crate::stopper::Stopper;
use crate::{Counts, EtlContext, Extract, MemoryJournal, RunRecord, counters, dict, pipeline};

/// A broken promise, or an error of the store.
pub type Broken = Box<dyn StdError + Send + Sync>;

/// Runs every check. `store` makes a new, empty store and returns how to open it.
///
/// In the last check, a store is opened while it is open already. It may let both in, or refuse the second one as
/// [`JournalError::owned`]; it must not wait until the first one is closed. In all others, the one that was opened before is
/// closed by then.
///
/// # Errors
///
/// The first promise that is broken, in a sentence.
pub fn check<J, Open>(mut store: impl FnMut() -> Open) -> Result<(), Broken>
where
    J: Journal + 'static,
    Open: FnMut() -> Result<J, JournalError>,
{
    an_empty_store_loads_nothing(store())?;
    what_was_appended_is_loaded_in_order(store())?;
    what_was_appended_together_is_there_or_nothing_of_it(store())?;
    a_large_event_is_loaded_whole(store())?;
    a_wrong_sequence_number_is_refused_and_changes_nothing(store())?;
    a_run_goes_on_where_it_was(store())?;
    two_that_are_open_do_not_write_over_each_other(store())
}

fn an_empty_store_loads_nothing<J: Journal>(mut open: impl FnMut() -> Result<J, JournalError>) -> Result<(), Broken> {
    hold(attached(open()?).load()?.is_empty(), "an empty store loads no event")?;
    hold(attached(open()?).load()?.is_empty(), "loading an empty store does not change it")
}

fn what_was_appended_is_loaded_in_order<J: Journal>(mut open: impl FnMut() -> Result<J, JournalError>) -> Result<(), Broken> {
    let events = every_event()?;
    let mut journal = attached(open()?);
    for (sequence, event) in (0..).zip(&events) {
        journal.append(sequence, event)?;
        let so_far = &events[..=usize::try_from(sequence)?];
        hold(same(&journal.load()?[..], so_far), "an appended event is loaded by the same journal, unchanged")?;
        hold(same(&journal.load()?[..], so_far), "events are loaded as often as somebody asks for them")?;
    }
    drop(journal);
    let loaded = attached(open()?).load()?;
    hold(same(&loaded[..], &events[..]), "what was appended is loaded in order, and unchanged, when the store is opened again")
}

fn what_was_appended_together_is_there_or_nothing_of_it<J: Journal>(
    mut open: impl FnMut() -> Result<J, JournalError>,
) -> Result<(), Broken> {
    let events = every_event()?;
    let mut journal = attached(open()?);
    journal.append(0, &events[0])?;
    let Some(appended) = journal.append_all(1, &events[1..]) else {
        return hold(same(&journal.load()?[..], &events[..1]), "a store that takes no events together has none of them");
    };
    appended?;
    hold(same(&journal.load()?[..], &events[..]), "what was appended together is loaded in order, and unchanged")?;
    let taken = journal.append_all(1, &events[1..]);
    hold(taken.is_some_and(|appended| appended.is_err()), "a number that is taken is refused for several events, too")?;
    drop(journal);
    let loaded = attached(open()?).load()?;
    hold(same(&loaded[..], &events[..]), "what was appended together is there once when the store is opened again")
}

fn a_large_event_is_loaded_whole<J: Journal>(mut open: impl FnMut() -> Result<J, JournalError>) -> Result<(), Broken> {
    const SIZE: usize = 1 << 20;
    let mut kept = MemoryJournal::new();
    let mut run = Run::builder("contract").journal(kept.clone()).begin_dynamic()?;
    run.start_phase("extract", None)?;
    run.checkpoint(&"x\u{1F600}".repeat(SIZE / "x\u{1F600}".len()))?;
    let events = kept.load()?;
    let mut journal = attached(open()?);
    for (sequence, event) in (0..).zip(&events) {
        journal.append(sequence, event)?;
    }
    drop(journal);
    hold(attached(open()?).load()? == events, "a checkpoint of a megabyte is loaded whole")
}

fn a_wrong_sequence_number_is_refused_and_changes_nothing<J: Journal>(
    mut open: impl FnMut() -> Result<J, JournalError>,
) -> Result<(), Broken> {
    let events = every_event()?;
    let mut journal = attached(open()?);
    hold(journal.append(1, &events[0]).is_err(), "a first event with the number 1 is refused")?;
    journal.append(0, &events[0])?;
    hold(journal.append(0, &events[1]).is_err(), "a number that is taken is refused")?;
    hold(journal.append(2, &events[1]).is_err(), "a number that leaves a gap is refused")?;
    hold(journal.append(u64::MAX, &events[1]).is_err(), "the largest number is refused")?;
    hold(same(&journal.load()?[..], &events[..1]), "refused events are not loaded by the same journal")?;
    journal.append(1, &events[1])?;
    drop(journal);
    let loaded = attached(open()?).load()?;
    hold(same(&loaded[..], &events[..2]), "refused events are not loaded, and the right number is taken afterwards")
}

fn a_run_goes_on_where_it_was<J: Journal + 'static>(mut open: impl FnMut() -> Result<J, JournalError>) -> Result<(), Broken> {
    let mut first = contract("contract").journal(open()?).begin::<Import>()?.erase();
    every_move(&mut first)?;
    let record = first.record().clone();
    drop(first);
    let events = attached(open()?).load()?;
    hold(RunRecord::replay(&events).as_ref() == Some(&record), "the loaded events add up to the record of the live run")?;
    let second = contract("contract").journal(open()?).begin::<Import>()?;
    hold(same(second.record(), &record), "a run that is opened again is where it was")
}

/// Either the second one is refused, and told that somebody owns the run, or each number is taken once.
fn two_that_are_open_do_not_write_over_each_other<J: Journal>(
    mut open: impl FnMut() -> Result<J, JournalError>,
) -> Result<(), Broken> {
    let mut events = every_event()?;
    let mut first = attached(open()?);
    first.append(0, &events[0])?;
    first.append(1, &events[1])?;
    match open().map(attached).and_then(|mut second| Ok((second.load()?, second))) {
        Err(error) => {
            hold(error.is_owned(), "whoever opens a run that somebody else owns is told so, with `JournalError::owned`")?;
            first.append(2, &events[2])?;
        }
        Ok((loaded, mut second)) => {
            hold(same(&loaded[..], &events[..2]), "a second one that is let in loads what the first one has appended")?;
            let taken = (second.append(2, &events[2]).is_ok(), first.append(2, &events[3]).is_ok());
            hold(taken.0 != taken.1, "of two that append an event with the same number, one is refused and one is not")?;
            if taken.1 {
                events.swap(2, 3);
            }
        }
    }
    drop(first);
    let loaded = attached(open()?).load()?;
    hold(same(&loaded[..], &events[..3]), "what was appended while two were open, and nothing else, is loaded")
}

counters! {
    struct Rows {
        rows: u64,
        bytes: u64,
    }
}

pipeline! {
    Import {
        Extract after Idle;
        LoadRows = "load-rows" counts Rows after Extract;
    }
}

/// Whatever could end a text too early, or look like something else: a zero byte, the ends of lines, quotes, marks that
/// change the direction, a letter and its accent, an emoji of several, the last character that there is.
const TEXT: &str =
    "\0 \u{1} \r\n \u{85} \u{2028} \"'\\ \\u0000 ';-- \u{FEFF} \u{202E} e\u{301} \u{1F469}\u{200D}\u{1F680} \u{10FFFF}";

/// The events of a run that makes every move.
fn every_event() -> Result<Vec<Event>, Broken> {
    let mut journal = MemoryJournal::new();
    every_move(&mut contract(TEXT).journal(journal.clone()).begin::<Import>()?.erase())?;
    Ok(journal.load()?)
}

fn contract(name: &str) -> RunBuilder {
    let parameters = dict! { "day": "2026-11-23", TEXT: TEXT };
    Run::builder(name).metadata("operator", "night shift").metadata(TEXT, TEXT).parameters(&parameters)
}

fn every_move(run: &mut EtlContext) -> Result<(), Broken> {
    run.start_phase("extract", Counts { conversations: 2, messages: 0 })?;
    run.update_progress(Counts { conversations: 1, messages: u64::MAX })?;
    run.checkpoint(&dict! { "offset": 512, "text": TEXT, TEXT: [true, null, [], {}] })?;
    run.record_error("extract", &JournalError::new(TEXT).with_source("inner"))?;
    run.fail_phase(&JournalError::new("failed"))?;
    run.start_phase("extract", None)?;
    run.end_phase(dict! { "nested": { "null": null, TEXT: TEXT } })?;
    run.set_phase_status("extract", "failed")?;
    run.set_phase_status("extract", "completed")?;
    run.start_phase_with("load-rows", Rows { rows: 7, bytes: u64::MAX })?;
    run.update_progress(Rows { rows: 3, bytes: 4_096 })?;
    run.checkpoint(&dict! { "numbers": [0.1, -0.0, 1e300, 5e-324, 9_007_199_254_740_993_i64, u64::MAX, i64::MIN] })?;
    run.end_phase(())?;
    Ok(())
}

/// The journal, told which run it is opened for, as the engine tells it.
fn attached<J: Journal>(mut journal: J) -> J {
    journal.attach("contract", &Stopper::default());
    journal
}

/// Equal, and written in the same way: zero equals minus zero.
fn same<T: PartialEq + Debug + ?Sized>(one: &T, other: &T) -> bool {
    one == other && format!("{one:?}") == format!("{other:?}")
}

fn hold(holds: bool, promise: &str) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(format!("the journal breaks a promise: {promise}").into()) }
}
