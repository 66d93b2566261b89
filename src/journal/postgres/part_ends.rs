//! How does a part end, and who has the next one? One statement says both, so that a worker waits for one commit a part.

use std::sync::LazyLock;

use postgres::Row;
use postgres::types::ToSql;

use crate::journal::JournalError;
use crate::journal::board::{Claim, Ended, EndedPart};
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::part_rows::{self, WrittenEnd};
use crate::journal::postgres::session::Session;

/// On which board, and who asks.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) run: String,
    pub(super) phase: String,
    pub(super) worker: String,
    /// How long a part stays with a worker that is not heard of.
    pub(super) seconds: f64,
}

/// The end of a part that is in somebody's hands.
pub(super) struct End {
    part: String,
    number: i64,
    written: WrittenEnd,
}

/// Of a part that is still ours.
pub(super) const END: &str = "
    update etl_context.parts
    set state = $5, counts = $6, error = $7, microseconds = $8, carried = $9, news = $10, expires = null
    where run_id = $1::text::uuid and phase = $2 and part = $3 and claim = $4 and expires is not null
    returning claim";

impl End {
    pub(super) fn new(claim: &Claim, part: &EndedPart) -> Self {
        End { part: claim.part.to_string(), number: claim.number, written: WrittenEnd::new(part) }
    }

    /// The values of `END`.
    pub(super) fn with_values<T>(&self, place: &Place, call: impl FnOnce(&[&(dyn ToSql + Sync)]) -> T) -> T {
        let WrittenEnd { status, counts, carried, error, microseconds, news } = &self.written;
        call(&[&place.run, &place.phase, &self.part, &self.number, status, counts, error, microseconds, carried, news])
    }

    /// Ends the part; false if it is not ours any more.
    pub(super) fn end(&self, place: &Place, session: &mut Session) -> Result<bool, Fault> {
        if session.is_in_doubt() && self.has_ended(place, session)? {
            return Ok(true);
        }
        let ended = self.with_values(place, |values| session.change(END, values))?.is_some();
        Ok(ended || self.has_ended(place, session)?)
    }

    /// The same, and takes the next part at once.
    pub(super) fn end_and_claim(&self, place: &Place, session: &mut Session) -> Result<Ended, Fault> {
        static END_AND_CLAIM: LazyLock<String> = LazyLock::new(|| {
            format!(
                "with ended as ({END}
                ), next as (
                    select part from etl_context.parts
                    where run_id = $1::text::uuid and phase = $2 and part <> $3
                        and (state = 'open' or (state = 'running' and expires <= pg_catalog.clock_timestamp()))
                    order by position
                    limit 1
                    for no key update skip locked
                ), claimed as (
                    update etl_context.parts
                    set state = 'running', claim = pg_catalog.nextval('etl_context.claims'), claims = claims + 1, worker = $11,
                        expires = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $12), counts = null
                    where run_id = $1::text::uuid and phase = $2 and part = (select part from next)
                    returning part, claim, claims, keeps_rows, cursor, cursor_counts, carried, rejected
                )
                select claimed.*, exists (select from ended) from (values (1)) as always left join claimed on true"
            )
        });
        if session.is_in_doubt() && self.has_ended(place, session)? {
            let next = claimed_along(place, &self.part, self.number, session)?.pop();
            return Ok(Ended { was_ours: true, next });
        }
        let row = self.with_values(place, |values| {
            let values = [values, &[&place.worker, &place.seconds]].concat();
            session.change(&END_AND_CLAIM, &values)
        })?;
        let next = row.as_ref().map(claimed).transpose()?.flatten();
        let ended = row.is_some_and(|row| row.get(8));
        Ok(Ended { was_ours: ended || self.has_ended(place, session)?, next })
    }

    /// Of an end that was committed while the answer got lost.
    fn has_ended(&self, place: &Place, session: &mut Session) -> Result<bool, Fault> {
        const ENDED: &str = "
            select 1 from etl_context.parts
            where run_id = $1::text::uuid and phase = $2 and part = $3 and claim = $4 and state = $5";
        Ok(self.with_values(place, |values| session.query_one(ENDED, &values[..5]))?.is_some())
    }
}

/// What was claimed together with the end of this part, of which the answer got lost: nothing else was written by the same transaction.
pub(super) fn claimed_along(place: &Place, part: &str, number: i64, session: &mut Session) -> Result<Vec<Claim>, Fault> {
    const ALONG: &str = "
        select part, claim, claims, keeps_rows, cursor, cursor_counts, carried, rejected from etl_context.parts
        where run_id = $1::text::uuid and phase = $2 and state = 'running' and xmin = (
            select xmin from etl_context.parts
            where run_id = $1::text::uuid and phase = $2 and part = $3 and claim = $4 and state in ('completed', 'failed')
        )
        order by position";
    let rows = session.query(ALONG, &[&place.run, &place.phase, &part, &number])?;
    Ok(rows.iter().map(part_rows::claim).collect::<Result<_, _>>()?)
}

/// The claim of a row that may be of none.
pub(super) fn claimed(row: &Row) -> Result<Option<Claim>, JournalError> {
    row.get::<_, Option<&str>>(0).map(|_| part_rows::claim(row)).transpose()
}
