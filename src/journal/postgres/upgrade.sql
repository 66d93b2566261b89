-- From version 1 of the tables to version 2. How each run stands is filled in by the library.

alter table etl_context.runs add column status text, add column next text;
drop view if exists etl_context.run_list;
update etl_context.format set version = 2;
