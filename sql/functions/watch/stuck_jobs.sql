-- Jobs with an open task whose lease has been past for a sweep, or that is due and untaken for a minute though a
-- worker that can run it is free. What waits for a limit of every such worker does not count: one of these is reached, or a
-- worker that runs the stage has claimed something, there or elsewhere, within the minute, so that it may be reached but for a
-- moment. Which limits there are is what the workers say that run now; each is looked at once. Suspects wait for each other. Due work is looked for job by job: open jobs are few, and the first
-- task of one that is not completed is most often the one that is looked for. Few are stuck, which the planner is told. Workers
-- serve every project: what they are free for does not depend on whose work it is.
create or replace function headway.stuck_jobs(p_project uuid, p_sweep_ms int) returns setof uuid
language sql stable rows 20 as $$
  with able as materialized (
    select distinct w.serves from headway.worker_now w
    where w.status = 'RUNNING' and w.free > 0 and w.takes <> 'SUSPECTS'
  ), reached as materialized (
    select n.pipeline, n.limits
    from (
      select distinct p.pipeline, l.limits
      from able w cross join lateral jsonb_each(w.serves) p(pipeline, served)
      cross join lateral jsonb_array_elements(p.served->'limits') l(limits)
    ) n cross join lateral headway.limit_room(n.pipeline, n.limits->>'stage', n.limits) r
    where r.room <= 0
  ), taking as materialized (
    select distinct w.serves from headway.worker_now w
    where w.stopped_at is null and w.last_claim_at > clock_timestamp() - interval '60 s'
  )
  select job_id from headway.task
  where project_id = p_project and status = 'RUNNING'
    and lease_expires_at < clock_timestamp() - make_interval(secs => p_sweep_ms / 1000.0)
  union
  select j.id from headway.job j
  where j.project_id = p_project and j.status in ('QUEUED', 'PROCESSING', 'CANCELLING')
    and not exists (select from headway.pipeline_pause p where p.project_id = j.project_id and p.pipeline = j.pipeline)
    and exists (
      select from unnest(j.document_stages || j.collection_stages) s(stage)
      where exists (
          select from headway.task t
          where t.job_id = j.id and t.stage = s.stage and t.status = 'QUEUED' and not t.is_suspect
            and t.run_at < clock_timestamp() - interval '60 s')
        and exists (
          select from able w
          where headway.why_not_run(w.serves, j.id, j.pipeline, j.pipeline_version, s.stage) is null
            and not exists (
              select from jsonb_array_elements(w.serves->j.pipeline->'limits') l(limits)
              where l.limits->>'stage' in ('', s.stage) and (
                exists (select from taking t where t.serves->j.pipeline->'stages' ? s.stage)
                or exists (select from reached r where r.pipeline = j.pipeline and r.limits = l.limits)))))
$$;
