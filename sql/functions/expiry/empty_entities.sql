-- A bounded step of removing the entities of an EXPIRED collection; returns how many rows it touched.
create or replace function headway.empty_entities(p_collection uuid, p_limit int) returns int language plpgsql
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  v_rows int;
begin
  if not exists (
    select from headway.collection where id = p_collection and status = 'EXPIRED' and emptied_at is null
  ) then
    return 0;
  end if;
  delete from headway.named_entity_shown where collection_id = p_collection;
  delete from headway.named_entity where id in (
    select id from headway.named_entity where collection_id = p_collection order by id limit p_limit);
  get diagnostics v_rows = row_count;
  return v_rows;
end $$;
