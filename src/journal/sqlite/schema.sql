-- The tables of etl-context, version 1, among those of whoever else uses the database. A newer library brings them up to its own
-- version; an older one refuses them.

create table etl_context_format (
    version integer not null
);
insert into etl_context_format values (1);

-- One row for each run that has begun: what a list of runs shows, written with each event.
create table etl_context_runs (
    -- The run's name, unless the program gives it another key.
    key text not null primary key,
    run_id text not null unique,
    name text not null,
    -- How many events the run has; the next one has this number.
    events integer not null,
    -- How the run stands, in the words of its reports, and which phases may come next.
    status text,
    next text,
    -- The phases that are running.
    running text,
    -- The times of its first and of its latest event.
    began text not null,
    latest text not null
);

-- The events of all runs, each as it would stand in a journal file.
create table etl_context_events (
    run_id text not null,
    seq integer not null,
    line text not null,
    primary key (run_id, seq)
);

-- A foreign key would only hold for connections that ask for it.
create trigger etl_context_run_deleted after delete on etl_context_runs begin
    delete from etl_context_events where run_id = old.run_id;
end;
