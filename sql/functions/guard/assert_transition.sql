-- Refuses a change of status that is not in the transition table.
create or replace function headway.assert_transition(p_level text, p_id uuid, p_from text, p_to text, p_reason text)
returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (
    select from headway.transition
    where level = p_level and from_status is not distinct from p_from and to_status = p_to and reason = p_reason
  ) then
    raise exception '% %: % -> % with reason % is not in the transition table', lower(p_level), p_id,
      coalesce(p_from, '(birth)'), p_to, p_reason
      using hint = 'Status is written by the engine alone; see schema/lifecycle.md for what is allowed.';
  end if;
end $$;
