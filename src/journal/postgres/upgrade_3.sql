-- From version 3 of the tables to version 4, in which a trigger deletes the events of a run.

alter table etl_context.events drop constraint if exists events_run_id_fkey;
update etl_context.format set version = 4;
