//! Who counts? The owner of the running attempt, by `&mut`.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use crate::counting::cells::Attempt;
use crate::counting::counters::{CounterValues, Counters, Counts, Tally};

/// The running attempt's counters as their owner has them.
pub(crate) struct Meter {
    pub(super) attempt: Arc<Attempt>,
    /// The counts that were found to belong to the running attempt, so that this need not be found out for each of them.
    accepted: Accepted,
}

/// Counts of which type a meter takes without a further look.
enum Accepted {
    Nothing,
    /// [`Counts`]; apart from the others because these are the most frequent, and one byte tells.
    Documented,
    Own(TypeId),
}

impl Meter {
    /// The meter of no attempt: it counts nothing and has ended. The time is never shown.
    pub(crate) fn idle(time: Instant) -> Self {
        let attempt = Attempt::new(&[], &CounterValues::default(), time);
        attempt.end();
        Meter { attempt: Arc::new(attempt), accepted: Accepted::Nothing }
    }

    /// Starts to count a new attempt. Whoever still holds a handle to the last one keeps seeing the last one.
    pub(crate) fn start(&mut self, names: &'static [&'static str], totals: &CounterValues, started: Instant) {
        match Arc::get_mut(&mut self.attempt) {
            Some(unwatched) => unwatched.restart(names, totals, started),
            None => self.attempt = Arc::new(Attempt::new(names, totals, started)),
        }
        self.accepted = Accepted::Nothing;
    }

    /// Whether an attempt is running of which it is known that it counts `C`.
    #[inline]
    pub(crate) fn accepts<C: Counters>(&self) -> bool {
        let counters = TypeId::of::<C>();
        if counters == TypeId::of::<Counts>() {
            return matches!(self.accepted, Accepted::Documented);
        }
        matches!(self.accepted, Accepted::Own(accepted) if accepted == counters)
    }

    /// Remembers that the running attempt counts `C`, which the caller has found out.
    pub(crate) fn accept<C: Counters>(&mut self) {
        let counters = TypeId::of::<C>();
        self.accepted = if counters == TypeId::of::<Counts>() { Accepted::Documented } else { Accepted::Own(counters) };
    }

    /// The caller has checked that the attempt counts `C`; with other counters, values would land under other names.
    #[inline]
    pub(crate) fn add<C: Counters>(&mut self, counts: C) {
        self.attempt.own.add_alone(C::NAMES.len(), &counts.to_values());
    }

    pub(crate) fn set_totals<C: Counters>(&mut self, totals: C) {
        self.attempt.totals.set(&totals.to_values());
    }

    pub(crate) fn names(&self) -> &'static [&'static str] {
        self.attempt.names
    }

    pub(crate) fn counts(&self) -> Tally {
        Tally::new(self.attempt.names, self.attempt.counts())
    }

    /// Goes on from what earlier attempts did, counter by counter. Said twice, by a checkpoint and by parts, it is the same work.
    pub(crate) fn carry(&self, counts: &Tally) {
        self.attempt.carried.raise(&self.attempt.values(counts));
    }

    /// Goes on from these counts, of which so much was done before this attempt.
    pub(crate) fn go_on_from(&mut self, counts: &Tally, carried: Option<&Tally>) {
        self.attempt.go_on_from(counts, carried);
    }

    /// What earlier attempts did of the counts, if they did anything.
    pub(crate) fn carried(&self) -> Option<Tally> {
        self.attempt.carried()
    }

    pub(crate) fn totals(&self) -> Tally {
        Tally::new(self.attempt.names, self.attempt.totals.read())
    }

    /// From now on workers are refused: what they would count now would be missing in the report that is being made.
    pub(crate) fn close(&self) {
        self.attempt.end();
    }

    /// The attempt goes on, because its end was not recorded.
    pub(crate) fn reopen(&self) {
        self.attempt.reopen();
    }

    /// Tells everybody that nothing counts any more.
    pub(crate) fn end(&mut self) {
        self.attempt.end();
        self.accepted = Accepted::Nothing;
    }
}

impl fmt::Debug for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counts().fmt(f)
    }
}
