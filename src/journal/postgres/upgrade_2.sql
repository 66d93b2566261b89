-- From version 2 of the tables to version 3.

alter table etl_context.parts add column cursor text, add column cursor_counts text, add column checkpoint text,
    add column carried text, add column rejected text, add column rows text, add column errors text, add column news text,
    add column keeps_rows boolean not null default false;
update etl_context.format set version = 3;
