-- From version 1 of the tables to version 2. How each run stands is filled in by the library.

alter table etl_context.runs add column status text, add column next text;
create index events_began on etl_context.events (time desc, run_id desc) where seq = 0;
drop view if exists etl_context.run_list;
update etl_context.format set version = 2;
