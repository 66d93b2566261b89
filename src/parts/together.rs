//! How do threads end parts together? One of them records, with the end of its own part, those of all that wait meanwhile: they share a
//! commit, or a write and a sync.

#[cfg(feature = "postgres")]
use std::any::Any;
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

#[cfg(feature = "postgres")]
use crate::counting::counters::Counters;
#[cfg(feature = "postgres")]
use crate::engine::Engine;
#[cfg(feature = "postgres")]
use crate::error::Error;
#[cfg(feature = "postgres")]
use crate::journal::board::PhaseBoard;
use crate::journal::board::{Claim, Ended, EndedPart};
#[cfg(feature = "postgres")]
use crate::journal::postgres::{PostgresJournal, parts::Board};

/// The threads that end parts at present.
#[derive(Default)]
pub(super) struct Waiting {
    state: Mutex<State>,
    /// Told when the one that leads has done so.
    is_free: Condvar,
}

#[derive(Default)]
struct State {
    endings: Vec<Arc<Ending>>,
    /// Whether one of them ends parts for others.
    is_led: bool,
}

/// The end of a part, for which a thread waits.
#[cfg_attr(not(feature = "postgres"), allow(dead_code, reason = "a board of this process knows what has ended"))]
pub(super) struct Ending {
    pub(super) claim: Claim,
    pub(super) part: EndedPart,
    takes_next: bool,
    /// Once somebody has ended it.
    outcome: Mutex<Option<Ended>>,
}

/// What a thread has to do that ends a part.
pub(super) enum Turn<'a> {
    /// Nothing: another one has ended it.
    Over(Ended),
    /// It ends its own part, and those of others.
    Leads(Lead<'a>),
}

/// A group of endings; that of the thread that leads comes first. What it has not ended when this is dropped waits on.
pub(super) struct Lead<'a> {
    waiting: &'a Waiting,
    pub(super) group: Vec<Arc<Ending>>,
}

impl Waiting {
    /// Waits until somebody has ended the part, or nobody leads. A group has so many of them at most.
    pub(super) fn turn(&self, claim: &Claim, part: EndedPart, takes_next: bool, most: usize) -> Turn<'_> {
        let own = Arc::new(Ending { claim: claim.clone(), part, takes_next, outcome: Mutex::default() });
        let mut state = self.state();
        state.endings.push(Arc::clone(&own));
        loop {
            if let Some(ended) = own.outcome().take() {
                return Turn::Over(ended);
            }
            if !state.is_led {
                state.is_led = true;
                let mut group = mem::take(&mut state.endings);
                let place = group.iter().position(|ending| Arc::ptr_eq(ending, &own));
                group.swap(0, place.unwrap_or_default());
                state.endings = group.split_off(group.len().min(most));
                return Turn::Leads(Lead { waiting: self, group });
            }
            state = self.is_free.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lead<'_> {
    pub(super) fn own(&self) -> &Ending {
        &self.group[0]
    }

    /// Each has ended, and those who take another part get one of these. What becomes of the own part is returned.
    pub(super) fn deliver(&self, claims: Vec<Claim>) -> Ended {
        let mut claims = claims.into_iter();
        for ending in &self.group {
            let next = if ending.takes_next { claims.next() } else { None };
            *ending.outcome() = Some(Ended { was_ours: true, next });
        }
        self.own().outcome().take().unwrap_or_default()
    }

    /// Ends the parts with their events; returns other parts for those who take one. `None` if one of them is not ours any more, and nothing
    /// has happened.
    #[cfg(feature = "postgres")]
    pub(super) fn end<C: Counters>(&self, engine: &mut Engine, board: &dyn PhaseBoard) -> Result<Option<Vec<Claim>>, Error> {
        let board: &dyn Any = board;
        let Some(board) = board.downcast_ref::<Board>() else { return Ok(None) };
        let parts = self.group.iter().map(|ending| ending.part.clone()).collect();
        let ends: Vec<_> = self.group.iter().map(|ending| (&ending.claim, &ending.part)).collect();
        let takers = self.group.iter().filter(|ending| ending.takes_next).count();
        let mut claims = None;
        engine.end_parts_by::<C>(parts, |journal, sequence, events| {
            let journal: &mut dyn Any = journal;
            if let Some(journal) = journal.downcast_mut::<PostgresJournal>() {
                claims = journal.append_ends(sequence, events, board, &ends, takers)?;
            }
            Ok(claims.is_some())
        })?;
        Ok(claims)
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        let mut state = self.waiting.state();
        let others = self.group.drain(..).skip(1);
        state.endings.extend(others.filter(|ending| ending.outcome().is_none()));
        state.is_led = false;
        drop(state);
        self.waiting.is_free.notify_all();
    }
}

impl Ending {
    fn outcome(&self) -> MutexGuard<'_, Option<Ended>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
