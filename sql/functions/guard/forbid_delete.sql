-- Statement trigger: collections, jobs and tasks stay on record.
create or replace function headway.forbid_delete() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  raise exception '% of % is refused', tg_op, tg_table_name
    using hint = 'What happened stays on record; contents are removed by expiry.';
end $$;
