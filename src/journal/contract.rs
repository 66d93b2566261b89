//! The promises of [`Journal`] as a test that any store can run.
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

use crate::event::Event;
use crate::journal::{Journal, JournalError};
use crate::run::Run;
use crate::{Counts, EtlContext, RunRecord, dict};

/// A broken promise, or an error of the store.
pub type Broken = Box<dyn StdError + Send + Sync>;

/// Runs every check. `store` makes a new, empty store and returns how to open it; the one opened before is closed by then.
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
    a_wrong_sequence_number_is_refused_and_changes_nothing(store())?;
    a_run_goes_on_where_it_was(store())
}

fn an_empty_store_loads_nothing<J: Journal>(mut open: impl FnMut() -> Result<J, JournalError>) -> Result<(), Broken> {
    hold(open()?.load()?.is_empty(), "an empty store loads no event")?;
    hold(open()?.load()?.is_empty(), "loading an empty store does not change it")
}

fn what_was_appended_is_loaded_in_order<J: Journal>(mut open: impl FnMut() -> Result<J, JournalError>) -> Result<(), Broken> {
    let events = every_event()?;
    let mut journal = open()?;
    for (sequence, event) in (0..).zip(&events) {
        journal.append(sequence, event)?;
        hold(journal.load()? == events[..=usize::try_from(sequence)?], "an appended event is loaded by the same journal")?;
    }
    drop(journal);
    hold(open()?.load()? == events, "what was appended is loaded in order, and unchanged, when the store is opened again")
}

fn a_wrong_sequence_number_is_refused_and_changes_nothing<J: Journal>(
    mut open: impl FnMut() -> Result<J, JournalError>,
) -> Result<(), Broken> {
    let events = every_event()?;
    let mut journal = open()?;
    hold(journal.append(1, &events[0]).is_err(), "a first event with the number 1 is refused")?;
    journal.append(0, &events[0])?;
    hold(journal.append(0, &events[1]).is_err(), "a number that is taken is refused")?;
    hold(journal.append(2, &events[1]).is_err(), "a number that leaves a gap is refused")?;
    journal.append(1, &events[1])?;
    drop(journal);
    hold(open()?.load()? == events[..2], "refused events are not loaded, and the right number is taken afterwards")
}

fn a_run_goes_on_where_it_was<J: Journal + 'static>(mut open: impl FnMut() -> Result<J, JournalError>) -> Result<(), Broken> {
    let mut first = Run::builder("contract").journal(open()?).begin_dynamic()?;
    every_move(&mut first)?;
    let record = first.record().clone();
    drop(first);
    let events = open()?.load()?;
    hold(RunRecord::replay(&events).as_ref() == Some(&record), "the loaded events add up to the record of the live run")?;
    let second = Run::builder("contract").journal(open()?).begin_dynamic()?;
    hold(second.record() == &record, "a run that is opened again is where it was")
}

/// The events of a run that makes every move.
fn every_event() -> Result<Vec<Event>, Broken> {
    let mut journal = crate::MemoryJournal::new();
    every_move(&mut Run::builder("contract").journal(journal.clone()).begin_dynamic()?)?;
    Ok(journal.load()?)
}

fn every_move(run: &mut EtlContext) -> Result<(), Broken> {
    run.start_phase("extract", Counts { conversations: 2, messages: 0 })?;
    run.update_progress(Counts { conversations: 1, messages: u64::MAX })?;
    run.checkpoint(&dict! { "offset": 512, "text": "line\nbreak, \u{1F600} and \"quotes\"" })?;
    run.record_error("extract", &JournalError::new("outer").with_source("inner"))?;
    run.fail_phase(&JournalError::new("failed"))?;
    run.start_phase("extract", None)?;
    run.end_phase(dict! { "numbers": [0.1, -1, 18_446_744_073_709_551_615_u64], "nested": { "null": null } })?;
    run.set_phase_status("load", "completed")?;
    Ok(())
}

fn hold(holds: bool, promise: &str) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(format!("the journal breaks a promise: {promise}").into()) }
}
