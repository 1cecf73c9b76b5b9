-- The highest priority below this one, or of all where it is null, of what is due in these lanes of the project. Null where
-- there is none.
create or replace function headway.next_priority(p_lanes headway.lane[], p_project uuid, p_below int) returns int
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_below int := coalesce(p_below, 2147483647);
begin
  return (
    select n.priority from unnest(p_lanes) l cross join lateral (
      select r.priority from headway.ready_stage r
      where r.not_before is null and r.pipeline = l.pipeline and r.pipeline_version = l.pipeline_version
        and r.stage = l.stage and r.project_id = p_project and r.priority < v_below
      order by r.priority desc limit 1) n
    order by n.priority desc limit 1);
end $$;
