-- Refuses a change whose version is not the next one, or whose change id is the one before.
create or replace function headway.assert_next_change(
  p_level text, p_id uuid, p_old_version int, p_new_version int, p_old_change uuid, p_new_change uuid
) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if p_new_version <> p_old_version + 1 then
    raise exception '% %: version must become %, not %', lower(p_level), p_id, p_old_version + 1, p_new_version
      using hint =
        'A guarded column was written without the next version: a stale save or a hand-written UPDATE. Use the API.';
  end if;
  if p_new_change = p_old_change then
    raise exception '% %: change_id % is not new', lower(p_level), p_id, p_new_change
      using hint = 'Every change of a row has a change_id of its own.';
  end if;
end $$;
