//! Which parts do workers of this process have? They are renewed together, and each is lost on its own.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postgres::types::ToSql;

use crate::counting::counters::Tally;
use crate::counting::reader::ProgressReader;
use crate::journal::board::Claim;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::keeper::Held;
use crate::journal::postgres::session::Session;

/// The parts that workers of this process have.
pub(super) struct Holding {
    run: String,
    phase: String,
    lease: Duration,
    parts: Mutex<Vec<HeldPart>>,
}

struct HeldPart {
    claim: Claim,
    counts: ProgressReader,
    /// When it was claimed, or seen to be ours last.
    since: Instant,
}

impl Holding {
    pub(super) fn new(run: String, phase: String, lease: Duration) -> Self {
        Holding { run, phase, lease, parts: Mutex::default() }
    }

    pub(super) fn hold(&self, claim: &Claim, counts: ProgressReader) {
        self.parts().push(HeldPart { claim: claim.clone(), counts, since: Instant::now() });
    }

    pub(super) fn let_go(&self, claim: &Claim) {
        self.parts().retain(|held| held.claim.number != claim.number);
    }

    fn parts(&self) -> MutexGuard<'_, Vec<HeldPart>> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_ours(&self, claim: &Claim, since: Instant) {
        let mut parts = self.parts();
        let held = parts.iter_mut().find(|held| held.claim.number == claim.number);
        if let Some(held) = held {
            held.since = since;
        }
    }
}

/// Keeps the parts, and tells what their workers have counted so far.
impl Held for Holding {
    fn renew(&self, session: &mut Session) -> Result<(), Fault> {
        // While a transaction of the worker's ends a part, its row is locked, and nobody can take it. The others need not wait for that.
        const RENEW: &str = "
            update etl_context.parts set expires = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $5), counts = $6
            where (run_id, phase, part) = (
                select run_id, phase, part from etl_context.parts
                where run_id = $1::text::uuid and phase = $2 and part = $3 and claim = $4 and expires is not null
                for no key update skip locked
            )
            returning claim";
        const IS_OURS: &str = "
            select 1 from etl_context.parts
            where run_id = $1::text::uuid and phase = $2 and part = $3 and claim = $4 and expires is not null";
        let claims: Vec<_> = self.parts().iter().map(|held| (held.claim.clone(), counted(&held.counts.counts()))).collect();
        for (claim, counts) in claims {
            let begun = Instant::now();
            let (part, seconds) = (&*claim.part, self.lease.as_secs_f64());
            let values: &[&(dyn ToSql + Sync)] = &[&self.run, &self.phase, &part, &claim.number, &seconds, &counts];
            if session.query_one(RENEW, values)?.is_some() || session.query_one(IS_OURS, &values[..4])?.is_some() {
                self.is_ours(&claim, begun);
            } else {
                claim.lost.store(true, Ordering::Release);
            }
        }
        Ok(())
    }

    fn give_up(&self) {
        for held in self.parts().iter().filter(|held| held.since.elapsed() >= self.lease) {
            held.claim.lost.store(true, Ordering::Release);
        }
    }
}

pub(super) fn counted(counts: &Tally) -> Option<String> {
    serde_json::to_string(counts).ok()
}
