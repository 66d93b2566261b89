-- A run is deleted with its events. A foreign key would see to that as well, and look at the row of the run again for each event.

create function etl_context.forget_events() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
    if tg_op = 'TRUNCATE' then
        truncate etl_context.events;
    else
        delete from etl_context.events where run_id = old.run_id;
    end if;
    return null;
end
$$;
create trigger forget_events after delete on etl_context.runs for each row execute function etl_context.forget_events();
create trigger forget_all_events after truncate on etl_context.runs
    for each statement execute function etl_context.forget_events();
