-- The tables of etl-context, version 1. A newer library brings them up to its own version; an older one refuses them.

create schema etl_context;

create table etl_context.format (
    version integer not null
);
insert into etl_context.format values (1);

-- One row for each run: who may write to it, and how many events it has.
create table etl_context.runs (
    -- The run's name, unless the program gives it another key.
    key text primary key,
    -- Null until the run begins.
    run_id uuid unique,
    name text,
    -- How many events the run has; the next one has this number.
    events bigint not null default 0,
    -- The lease: whoever has the highest epoch owns the run until the lease expires, by the clock of the database.
    owner text not null,
    epoch bigint not null,
    expires timestamptz not null
);

-- The events of all runs. `line` is the event as it would stand in a journal file; the other columns repeat some of it.
create table etl_context.events (
    run_id uuid not null references etl_context.runs (run_id) on delete cascade,
    seq bigint not null,
    -- The epoch of the owner that wrote the event.
    epoch bigint not null,
    time timestamptz not null,
    event text not null,
    phase text,
    -- The status that the phase has from here on, if the event changes it.
    status text,
    line text not null,
    primary key (run_id, seq)
);

-- The parts of phases that are spread over workers. Each is open, or in the hands of the worker with the claim until that expires,
-- or has ended.
create table etl_context.parts (
    run_id uuid not null references etl_context.runs (run_id) on delete cascade,
    phase text not null,
    part text not null,
    -- In this order they are handed out.
    position bigint not null,
    -- The attempt at the phase since which parts that have completed are done.
    since bigint not null,
    state text not null default 'open' check (state in ('open', 'running', 'completed', 'failed')),
    -- The number of the claim, which no other has, and how often the part was claimed in this attempt at the phase.
    claim bigint,
    claims bigint not null default 0,
    worker text,
    expires timestamptz,
    -- What the worker has counted so far, its error, and how long it had the part, as in the events.
    counts text,
    error text,
    microseconds bigint,
    -- Whether the process that runs the phase knows that the part has ended.
    recorded boolean not null default false,
    primary key (run_id, phase, part)
);
create index parts_open on etl_context.parts (run_id, phase, position) where state in ('open', 'running');
create index parts_unrecorded on etl_context.parts (run_id, phase) where state in ('completed', 'failed') and not recorded;
create sequence etl_context.claims;

-- For people with psql: each run with its status, and who owns it now.
create view etl_context.run_list as
select
    runs.run_id,
    runs.key,
    runs.name,
    case
        when moved.event = 'phase_started' then 'running'
        when stands.failed then 'failed'
        when stands.completed then 'completed'
        else 'pending'
    end as status,
    case when moved.event = 'phase_started' then moved.phase end as current_phase,
    began.time as start_time,
    -- The end of the phase that ended last; for a running phase that has an owner now, and else the latest event.
    case
        when moved.event = 'phase_ended' then moved.time
        when runs.expires > clock_timestamp() then clock_timestamp()
        else latest.time
    end - began.time as duration,
    case when runs.expires > clock_timestamp() then runs.owner end as owner,
    runs.events
from etl_context.runs as runs
join etl_context.events as began on began.run_id = runs.run_id and began.seq = 0
left join etl_context.events as latest on latest.run_id = runs.run_id and latest.seq = runs.events - 1
left join lateral (
    select event, phase, time
    from etl_context.events
    where run_id = runs.run_id and event in ('phase_started', 'phase_ended')
    order by seq desc
    limit 1
) as moved on true
cross join lateral (
    select coalesce(bool_or(status = 'failed'), false) as failed, coalesce(bool_and(status = 'completed'), false) as completed
    from (
        select distinct on (phase) status
        from etl_context.events
        where run_id = runs.run_id and status is not null
        order by phase, seq desc
    ) as phases
) as stands;
