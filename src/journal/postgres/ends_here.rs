//! How do parts end that workers of the run's own process have? With their events, and with the next parts for these workers, in one statement.

use std::sync::LazyLock;

use postgres::types::ToSql;

use crate::journal::board::{Claim, EndedPart};
use crate::journal::postgres::entries::Entries;
use crate::journal::postgres::fault::Fault;
use crate::journal::postgres::lease::Lease;
use crate::journal::postgres::part_ends::{Place, claimed, claimed_along};
use crate::journal::postgres::part_rows::WrittenEnd;
use crate::journal::postgres::session::Session;

/// So many parts end in one statement at most.
pub(crate) const MOST: usize = 8;

/// For how many parts there is a statement.
const SIZES: [usize; 4] = [1, 2, 4, MOST];

/// The statement that has room for so many parts.
fn statement(parts: usize) -> &'static str {
    static STATEMENTS: LazyLock<[String; SIZES.len()]> = LazyLock::new(|| SIZES.map(written_for));
    let place = SIZES.iter().position(|size| *size >= parts);
    &STATEMENTS[place.unwrap_or(SIZES.len() - 1)]
}

/// Each part is looked for by itself, by its whole key. Of a list of parts, the planner would rather go through all parts of the phase, if it
/// does not know yet how many there are.
fn written_for(parts: usize) -> String {
    let each = |written: &dyn Fn(usize) -> String, between: &str| (1..=parts).map(written).collect::<Vec<_>>().join(between);
    let lock = |i| {
        format!(
            "ours_{i} as (
                select part from etl_context.parts
                where run_id = $17::text::uuid and phase = $18 and part = ($8::text[])[{i}]
                    and claim = ($9::bigint[])[{i}] and expires is not null
                for no key update
            )"
        )
    };
    let end = |i| {
        format!(
            "ended_{i} as (
                update etl_context.parts
                set state = ($10::text[])[{i}], counts = ($11::text[])[{i}], error = ($12::text[])[{i}],
                    microseconds = ($13::bigint[])[{i}], carried = ($14::text[])[{i}], expires = null,
                    recorded = true, news = null, errors = null,
                    rows = case when ($10::text[])[{i}] = 'completed' then null else rows end
                where run_id = $17::text::uuid and phase = $18 and part = ($8::text[])[{i}] and exists (select from run)
            )"
        )
    };
    let claim = |i| {
        format!(
            "claimed_{i} as (
                update etl_context.parts
                set state = 'running', claim = pg_catalog.nextval('etl_context.claims'), claims = claims + 1, worker = $19,
                    expires = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $22), counts = null
                where run_id = $17::text::uuid and phase = $18 and part = (select part from next where number = {i})
                returning part, claim, claims, keeps_rows, cursor, cursor_counts, carried, rejected
            )"
        )
    };
    format!(
        "with {locks}, told as (
            select {number_of_ours} as ours
        ), run as (
            update etl_context.runs
            set events = events + $6, expires = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $4),
                status = $7, next = $21
            where key = $1 and epoch = $2 and owner = $3 and events = $5 and (select ours from told) = $6
            returning run_id
        ), written as (
            insert into etl_context.events (run_id, seq, epoch, time, event, phase, line)
            select run_id, $5 + number - 1, $2, time::timestamptz, 'part_ended', $18, line
            from run, unnest($15::text[], $16::text[]) with ordinality as given (time, line, number)
            returning 1
        ), {ends}, open as (
            select part, position from etl_context.parts
            where run_id = $17::text::uuid and phase = $18 and part <> all ($8)
                and (state = 'open' or (state = 'running' and expires <= pg_catalog.clock_timestamp()))
                and exists (select from run)
            order by position
            limit $20
            for no key update skip locked
        ), next as (
            select part, row_number() over (order by position) as number from open
        ), {claims}
        select claimed.*, (select ours from told), (select count(*) from written)
        from (values (1)) as always left join ({claimed}) as claimed on true",
        locks = each(&lock, ", "),
        number_of_ours = each(&|i| format!("(select count(*) from ours_{i})"), " + "),
        ends = each(&end, ", "),
        claims = each(&claim, ", "),
        claimed = each(&|i| format!("select * from claimed_{i}"), " union all "),
    )
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
        let (mut claims, mut is_one_lost) = (None, false);
        let ended = first.append_by(owner, session, |session| {
            let rows = session.change_rows(statement(parts.len()), values)?;
            let told = rows.first().map(|row| (row.get::<_, i64>(8), row.get::<_, i64>(9)));
            is_one_lost = told.is_some_and(|(ours, _)| ours < *number);
            let are_written = told.is_some_and(|(_, written)| written == *number);
            if are_written {
                claims = Some(rows.iter().map(claimed).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect());
            }
            Ok(are_written)
        });
        match ended {
            Ok(()) => match (claims, parts.first(), numbers.first()) {
                (None, Some(part), Some(number)) => claimed_along(place, part, *number, session).map(Some),
                (claims, ..) => Ok(claims.or_else(|| Some(Vec::new()))),
            },
            // Somebody else has one of the parts, and the run is ours.
            Err(Fault::Refused(refusal)) if is_one_lost && !refusal.is_ownership_lost() => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}
