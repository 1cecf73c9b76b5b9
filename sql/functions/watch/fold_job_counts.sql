-- Adds up what has changed in the counts of jobs, at most 10,000 changes. Returns how many. Passes over those that another
-- adds up just now; the rows of the counts are locked in their order.
create or replace function headway.fold_job_counts() returns int language sql
set search_path = pg_catalog, pg_temp
as $$
  with gone as (
    delete from headway.job_count_change where id = any (array(
      select id from headway.job_count_change order by id limit 10000 for update skip locked))
    returning project_id, pipeline, status, jobs
  ), folded as (
    insert into headway.job_count as c (project_id, pipeline, status, jobs)
    select project_id, pipeline, status, sum(jobs) from gone group by 1, 2, 3 order by 1, 2, 3
    on conflict (project_id, pipeline, status) do update set jobs = c.jobs + excluded.jobs
  )
  select count(*)::int from gone
$$;
