-- Makes the places of a job's timeline twice as wide. Of each two that come to lie in one, whoever is at a stage at the end of
-- the first stays there for its old width longer. The caller holds the cursor of the project's statistics.
create or replace function headway.widen_timeline(p_job uuid) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  -- What is inserted is made of all that is deleted, so nothing is inserted before all is gone.
  with gone as (
    delete from headway.job_timeline where job_id = p_job returning *
  ), wide as (
    select g.*, date_bin(make_interval(secs => g.width_ms * 2 / 1000.0), g.at, 'epoch') as bin from gone g
  ), of_stages as (
    select w.bin, e.stage, sum((e.pair->>0)::bigint) as who,
      sum((e.pair->>1)::float8 + case when w.at = w.bin then (e.pair->>0)::bigint * w.width_ms / 1000.0::float8 else 0 end)
        as held_s
    from wide w cross join lateral jsonb_each(w.stages) e(stage, pair) group by 1, 2
  )
  insert into headway.job_timeline (job_id, at, width_ms, stages, completed, failed)
  select p_job, w.bin, max(w.width_ms) * 2, (
      select jsonb_object_agg(s.stage, jsonb_build_array(s.who, s.held_s)) from of_stages s where s.bin = w.bin),
    sum(w.completed), sum(w.failed)
  from wide w group by w.bin;
end $$;
