-- For people with psql: each run with its status, and who owns it now. `statement_timestamp` leaves the planner the index on the latest
-- runs, which `clock_timestamp`, different for each row, does not.
create view etl_context.run_list as
select
    runs.run_id,
    runs.key,
    runs.name,
    -- A run whose events could not be read when the tables were brought up to this version has none.
    coalesce(runs.status, 'unfinished') as status,
    runs.next,
    case when moved.event = 'phase_started' then moved.phase end as current_phase,
    began.time as start_time,
    -- The end of the phase that ended last; for a running phase that has an owner now, and else the latest event.
    case
        when moved.event = 'phase_ended' then moved.time
        when runs.expires > pg_catalog.statement_timestamp() then pg_catalog.statement_timestamp()
        else latest.time
    end - began.time as duration,
    case when runs.expires > pg_catalog.statement_timestamp() then runs.owner end as owner,
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
) as moved on true;
