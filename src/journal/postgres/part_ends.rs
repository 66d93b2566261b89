//! How does a part end, and who has the next one? One statement says both, so that a worker waits for one commit a part.

use postgres::Row;
use postgres::types::ToSql;

use crate::journal::JournalError;
use crate::journal::board::{Claim, Ended, EndedPart};
use crate::journal::postgres::entries::Entries;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::lease::Lease;
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
    end: WrittenEnd,
}

/// Of a part that is still ours.
pub(super) const END: &str = "
    update etl_context.parts
    set state = $5, counts = $6, error = $7, microseconds = $8, carried = $9, news = $10, expires = null
    where run_id = $1::text::uuid and phase = $2 and part = $3 and claim = $4 and state = 'running'
    returning claim";

impl End {
    pub(super) fn new(claim: &Claim, part: &EndedPart) -> Self {
        End { part: claim.part.to_string(), number: claim.number, end: WrittenEnd::new(part) }
    }

    /// The values of `END`.
    pub(super) fn with_values<T>(&self, place: &Place, call: impl FnOnce(&[&(dyn ToSql + Sync)]) -> T) -> T {
        let WrittenEnd { status, counts, carried, error, microseconds, news } = &self.end;
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
        const END_AND_CLAIM: &str = "
            with ended as (
                update etl_context.parts
                set state = $5, counts = $6, error = $7, microseconds = $8, carried = $9, news = $10, expires = null
                where run_id = $1::text::uuid and phase = $2 and part = $3 and claim = $4 and state = 'running'
                returning claim
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
            select claimed.*, exists (select from ended) from (values (1)) as always left join claimed on true";
        if session.is_in_doubt() && self.has_ended(place, session)? {
            return Ok(Ended { was_ours: true, next: None });
        }
        let row = self.with_values(place, |values| {
            let values = [values, &[&place.worker, &place.seconds]].concat();
            session.change(END_AND_CLAIM, &values)
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

/// The claim of a row that may be of none.
fn claimed(row: &Row) -> Result<Option<Claim>, JournalError> {
    row.get::<_, Option<&str>>(0).map(|_| part_rows::claim(row)).transpose()
}

/// Ends of parts that workers of the run's own process have, with their events, and how many of these workers take another part.
#[derive(Debug)]
pub(super) struct EndsHere {
    place: Place,
    entries: Entries,
    parts: Vec<String>,
    numbers: Vec<i64>,
    states: Vec<&'static str>,
    counts: Vec<Option<String>>,
    errors: Vec<Option<String>>,
    microseconds: Vec<i64>,
    carried: Vec<Option<String>>,
    takers: i64,
}

impl EndsHere {
    pub(super) fn new(place: Place, entries: Entries, ends: &[(&Claim, &EndedPart)], takers: usize) -> Self {
        let mut here = EndsHere {
            place,
            entries,
            parts: Vec::new(),
            numbers: Vec::new(),
            states: Vec::new(),
            counts: Vec::new(),
            errors: Vec::new(),
            microseconds: Vec::new(),
            carried: Vec::new(),
            takers: i64::try_from(takers).unwrap_or(i64::MAX),
        };
        for (claim, part) in ends {
            let WrittenEnd { status, counts, carried, error, microseconds, news: _ } = WrittenEnd::new(part);
            here.parts.push(claim.part.to_string());
            here.numbers.push(claim.number);
            here.states.push(status);
            here.counts.push(counts);
            here.errors.push(error);
            here.microseconds.push(microseconds);
            here.carried.push(carried);
        }
        here
    }

    /// Ends the parts, records it, and gives out as many others as are open and somebody takes; all of it, or nothing. `None` if one of the
    /// parts is not ours any more.
    pub(super) fn end(&self, owner: &Lease, session: &mut Session) -> Result<Option<Vec<Claim>>, Fault> {
        const END_HERE: &str = "
            with given as (
                select * from unnest($8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::bigint[],
                        $14::text[], $15::text[], $16::text[])
                    with ordinality as given (part, claim, state, counts, error, microseconds, carried, time, line, number)
            ), ours as (
                select parts.part from given, etl_context.parts as parts
                where parts.run_id = $17::text::uuid and parts.phase = $18 and parts.part = any ($8) and parts.part = given.part
                    and parts.claim = given.claim and parts.state = 'running'
                for no key update of parts
            ), run as (
                update etl_context.runs
                set events = events + $6, expires = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $4),
                    status = $7, next = $21
                where key = $1 and epoch = $2 and owner = $3 and events = $5 and (select count(*) from ours) = $6
                returning run_id
            ), written as (
                insert into etl_context.events (run_id, seq, epoch, time, event, phase, line)
                select run_id, $5 + number - 1, $2, time::timestamptz, 'part_ended', $18, line from run, given
                returning 1
            ), ended as (
                update etl_context.parts as parts
                set state = given.state, counts = given.counts, error = given.error, microseconds = given.microseconds,
                    carried = given.carried, expires = null, recorded = true, news = null, errors = null,
                    rows = case when given.state = 'completed' then null else parts.rows end
                from run, given
                where parts.run_id = run.run_id and parts.phase = $18 and parts.part = any ($8) and parts.part = given.part
            ), next as (
                select part from etl_context.parts
                where run_id = $17::text::uuid and phase = $18 and part <> all ($8)
                    and (state = 'open' or (state = 'running' and expires <= pg_catalog.clock_timestamp()))
                    and exists (select from run)
                order by position
                limit $20
                for no key update skip locked
            ), claimed as (
                update etl_context.parts
                set state = 'running', claim = pg_catalog.nextval('etl_context.claims'), claims = claims + 1, worker = $19,
                    expires = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $22), counts = null
                where run_id = $17::text::uuid and phase = $18 and part = any (array(select part from next))
                returning part, claim, claims, keeps_rows, cursor, cursor_counts, carried, rejected
            )
            select claimed.*, ours, written
            from (select (select count(*) from ours) as ours, (select count(*) from written) as written) as told
            left join claimed on true";
        let EndsHere { place, entries, parts, numbers, states, counts, errors, microseconds, carried, takers } = self;
        let Entries { first, number, times, lines, .. } = entries;
        let (seconds, Lease { key, epoch, owner: name, .. }) = (owner.duration.as_secs_f64(), owner);
        let values: &[&(dyn ToSql + Sync)] = &[
            key,
            epoch,
            name,
            &seconds,
            &first.sequence,
            number,
            &first.run_status,
            parts,
            numbers,
            states,
            counts,
            errors,
            microseconds,
            carried,
            times,
            lines,
            &place.run,
            &place.phase,
            &place.worker,
            takers,
            &first.next,
            &place.seconds,
        ];
        let (mut claims, mut is_one_lost) = (Vec::new(), false);
        let ended = first.append_by(owner, session, |session| {
            let rows = session.change_rows(END_HERE, values)?;
            let told = rows.first().map(|row| (row.get::<_, i64>(8), row.get::<_, i64>(9)));
            is_one_lost = told.is_some_and(|(ours, _)| ours < *number);
            claims = rows.iter().map(claimed).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect();
            Ok(told.is_some_and(|(_, written)| written == *number))
        });
        match ended {
            Ok(()) => Ok(Some(claims)),
            // Somebody else has one of the parts, and the run is ours.
            Err(Fault::Refused(refusal)) if is_one_lost && !refusal.is_ownership_lost() => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}
