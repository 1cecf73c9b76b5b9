-- The project with something due in these lanes that comes behind this one, by their ids; behind the last comes the first.
-- Null where there is none.
create or replace function headway.next_project(p_lanes headway.lane[], p_after uuid) returns uuid language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  c_before_all constant uuid := '00000000-0000-0000-0000-000000000000';
  v_after uuid := p_after;
  v_next uuid;
begin
  loop
    select n.project_id into v_next from unnest(p_lanes) l cross join lateral (
      select r.project_id from headway.ready_stage r
      where r.not_before is null and r.pipeline = l.pipeline and r.pipeline_version = l.pipeline_version
        and r.stage = l.stage and r.project_id > v_after
      order by r.project_id limit 1) n
    order by n.project_id limit 1;
    exit when v_next is not null or v_after = c_before_all;
    v_after := c_before_all;
  end loop;
  return v_next;
end $$;
