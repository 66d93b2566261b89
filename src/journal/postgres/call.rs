//! How far has a call come? Whoever waits for it and the thread that makes it both have to know, for one of them may be gone.

use std::sync::atomic::{AtomicU8, Ordering};

/// A call, until its outcome is known or nobody waits for it any more.
#[derive(Debug, Default)]
pub(super) struct Call(AtomicU8);

/// Nothing was sent that changes the database, or it is known what became of it.
const SETTLED: u8 = 0;

/// Something was sent, and it is not known whether it has happened.
const IN_DOUBT: u8 = 1;

/// Nobody waits for it any more.
const GIVEN_UP: u8 = 2;

/// Nobody waits for the call any more, so nothing may be sent.
pub(super) struct GivenUp;

impl Call {
    /// Something that changes the database is about to be sent. Says whether the call was in doubt before.
    pub(super) fn send(&self) -> Result<bool, GivenUp> {
        match self.0.compare_exchange(SETTLED, IN_DOUBT, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => Ok(false),
            Err(IN_DOUBT) => Ok(true),
            Err(_) => Err(GivenUp),
        }
    }

    /// What was sent has happened or has not: that is known now.
    pub(super) fn settle(&self) {
        let _ = self.0.compare_exchange(IN_DOUBT, SETTLED, Ordering::AcqRel, Ordering::Acquire);
    }

    pub(super) fn is_in_doubt(&self) -> bool {
        self.0.load(Ordering::Acquire) == IN_DOUBT
    }

    /// Nobody waits any more. Says whether the call is in doubt: if not, nothing of it is sent from now on.
    pub(super) fn give_up(&self) -> bool {
        self.0.swap(GIVEN_UP, Ordering::AcqRel) == IN_DOUBT
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.0.load(Ordering::Acquire) == GIVEN_UP
    }
}
