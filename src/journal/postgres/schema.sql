-- The tables of etl-context, version 4. A newer library brings them up to its own version; an older one refuses them.

create schema etl_context;

create table etl_context.format (
    version integer not null
);
insert into etl_context.format values (4);

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
    expires timestamptz not null,
    -- How the run stands, in the words of its reports, and which phases may come next.
    status text,
    next text
);

-- The events of all runs. `line` is the event as it would stand in a journal file; the other columns repeat some of it.
create table etl_context.events (
    -- That of a run: the statement that appends changes its row.
    run_id uuid not null,
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

-- The latest runs first.
create index events_began on etl_context.events (time desc, run_id desc) where seq = 0;

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
    -- The last checkpoint, from which the next worker goes on: its cursor, what was counted until then, and its own name.
    cursor text,
    cursor_counts text,
    checkpoint text,
    -- What of the counts was done before this attempt at the phase.
    carried text,
    -- What was noted until the checkpoint: the rejected rows by reason, and one by one, and the errors, a line for each. What was
    -- noted behind it stands in `news` once the part has ended.
    rejected text,
    rows text,
    errors text,
    news text,
    -- Whether the rejected rows are to be kept one by one.
    keeps_rows boolean not null default false,
    -- Whether the process that runs the phase knows that the part has ended.
    recorded boolean not null default false,
    primary key (run_id, phase, part)
);
create index parts_open on etl_context.parts (run_id, phase, position) where state in ('open', 'running');
create index parts_unrecorded on etl_context.parts (run_id, phase) where state in ('completed', 'failed') and not recorded;
create sequence etl_context.claims;
