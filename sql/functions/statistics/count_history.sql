-- Counts the next changes of a project's history into its statistics and into the timelines of its jobs, at most p_limit, and
-- moves the cursor in the same transaction: each change is counted once. Returns how many; 0 too where another counts them just
-- now.
--
-- Changes are taken in the order of transactions, below the oldest that is still open: nothing can come late there. In a
-- database that was restored from another one, those of that one are taken first, for its transactions have other numbers.
--
-- All is computed before anything is written or locked as a row: with that the transaction gets its number, and from there
-- until it commits the streams of projects hand out nothing younger. Computing 5,000 changes takes 50 to 300 ms, writing a few.
create or replace function headway.count_history(p_project uuid, p_limit int) returns int language plpgsql
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  c headway.statistic_cursor;
  i headway.database_identity;
  v_now timestamptz := clock_timestamp();
  v_xmin xid8;
  v_rest boolean;
  v_count int;
  v_tx xid8;
  v_position bigint;
  v_as_of timestamptz;
  v_statistics headway.statistic[];
  v_timeline headway.job_timeline[];
  v_jobs uuid[];
  v_job uuid;
begin
  if not pg_try_advisory_xact_lock(
    hashtextextended(p_project::text, 'headway.statistic_cursor'::regclass::oid::bigint)) then return 0; end if;
  select * into c from headway.statistic_cursor where project_id = p_project;
  if not found then return 0; end if;
  -- Once the cursor is held: by an older one than its last holder's, it would go back.
  v_xmin := greatest(c.tx, pg_snapshot_xmin(pg_current_snapshot()));
  select * into i from headway.database_identity;
  v_rest := c.database_id is distinct from i.id;

  select count(*), (array_agg(b.tx order by b.tx desc, b.position desc))[1],
    (array_agg(b.position order by b.tx desc, b.position desc))[1], max(b.at)
  into v_count, v_tx, v_position, v_as_of from (
    select s.tx, s.position, s.at from headway.status_change s
    where s.project_id = p_project and (s.tx, s.position) > (c.tx, c.position)
      and case when v_rest then s.position <= i.first_position else s.tx < v_xmin and s.position > i.first_position end
    order by s.tx, s.position limit p_limit) b;

  if v_count > 0 then
    with changes as materialized (
      select s.job_id, s.from_status, s.to_status, s.from_stage, s.to_stage, s.reason, s.at, j.pipeline, j.run_at,
        b.at as before_at, b.reason as before_reason,
        'WAITING' in (coalesce(s.from_status, ''), s.to_status)
          or coalesce(s.from_stage, s.to_stage) = any (j.collection_stages) is true as is_collection,
        case when s.to_status = 'COMPLETED' then (
          select h.at from headway.status_change h
          where h.entity_id = s.entity_id and h.version < s.version and h.reason = 'CLAIMED'
          order by h.version desc limit 1) end as claimed_at
      from headway.status_change s
      join headway.job j on j.id = s.job_id
      left join headway.status_change b on b.entity_id = s.entity_id and b.version = s.version - 1
      where s.project_id = p_project and s.entity_type = 'TASK'
        and (s.tx, s.position) > (c.tx, c.position) and (s.tx, s.position) <= (v_tx, v_position)
        and case when v_rest then s.position <= i.first_position else s.position > i.first_position end
    ), facts as materialized (
      select h.at, h.pipeline, '' as stage, (h.from_status is null)::int as submitted,
        (h.to_status = 'COMPLETED')::int as completed, (h.to_status = 'FAILED')::int as failed,
        (h.to_status = 'CANCELLED')::int as cancelled, (h.to_status = 'SKIPPED')::int as skipped,
        (h.reason in ('RETRY_SCHEDULED', 'RETRIED_BY_REQUEST'))::int as retried,
        case when h.reason = 'CLAIMED' and h.before_reason in ('SUBMITTED', 'RETRIED_BY_REQUEST')
          then extract(epoch from h.at - greatest(h.before_at, h.run_at)) * 1000 end as wait_ms,
        extract(epoch from h.at - h.claimed_at) * 1000 as run_ms
      from changes h where not h.is_collection
      union all
      select h.at, h.pipeline, h.from_stage, 0, p.passed::int, (h.to_status = 'FAILED')::int, (h.to_status = 'CANCELLED')::int,
        0, (h.reason = 'RETRY_SCHEDULED')::int, null,
        case when p.passed then extract(epoch from h.at - h.before_at) * 1000 end
      from changes h
      cross join lateral (select h.reason in ('STAGE_STARTED', 'HANDED_ON', 'QUEUED_FOR_LIMIT', 'COMPLETED') as passed) p
      where h.from_status = 'RUNNING' and h.from_stage is not null
    ), binned as materialized (
      select m.minutes, f.pipeline, date_bin(make_interval(mins => m.minutes), f.at, 'epoch') as at, f.stage, f.submitted,
        f.completed, f.failed, f.cancelled, f.skipped, f.retried, f.run_ms,
        headway.place_in_histogram(f.wait_ms::float8) as wait_place, headway.place_in_histogram(f.run_ms::float8) as run_place
      from facts f cross join (values (1), (15)) m(minutes)
    ), waits as (
      select w.minutes, w.pipeline, w.at, w.stage, jsonb_object_agg(w.place, w.count) as places from (
        select b.minutes, b.pipeline, b.at, b.stage, b.wait_place as place, count(*) from binned b
        where b.wait_place is not null group by 1, 2, 3, 4, 5) w group by 1, 2, 3, 4
    ), runs as (
      select w.minutes, w.pipeline, w.at, w.stage, jsonb_object_agg(w.place, w.count) as places from (
        select b.minutes, b.pipeline, b.at, b.stage, b.run_place as place, count(*) from binned b
        where b.run_place is not null group by 1, 2, 3, 4, 5) w group by 1, 2, 3, 4
    ), widths as materialized (
      select x.job_id, coalesce((
        select t.width_ms from headway.job_timeline t where t.job_id = x.job_id limit 1), 250) as width_ms
      from (select distinct h.job_id from changes h) x
    ), moments as materialized (
      -- Who is at a stage: one more where a task begins, one less where it ends, whether it goes on at another or not.
      select h.job_id, m.stage, m.who, h.at, w.width_ms,
        (not h.is_collection and h.to_status = 'COMPLETED')::int as completed,
        (not h.is_collection and h.to_status = 'FAILED')::int as failed
      from changes h
      join widths w using (job_id)
      cross join lateral (
        select h.from_stage as stage, -1 as who where h.from_status = 'RUNNING' and h.from_stage is not null
        union all select h.to_stage, 1 where h.to_status = 'RUNNING' and h.to_stage is not null) m
    ), placed as (
      select m.*, b.at as bin, extract(epoch from b.at - m.at)::float8 + m.width_ms / 1000.0::float8 as left_s
      from moments m cross join lateral (
        select date_bin(make_interval(secs => m.width_ms / 1000.0), m.at, 'epoch') as at) b
    ), of_stages as (
      select p.job_id, p.bin, p.width_ms, p.stage, sum(p.who) as who, sum(p.who * p.left_s) as held_s,
        sum(p.completed) as completed, sum(p.failed) as failed
      from placed p group by 1, 2, 3, 4
    )
    select array(
      select row(p_project, n.minutes, n.pipeline, n.at, n.stage, n.submitted, n.completed, n.failed, n.cancelled, n.skipped,
        n.retried, coalesce(w.places, '{}'), coalesce(r.places, '{}'), n.run_ms)::headway.statistic
      from (
        select b.minutes, b.pipeline, b.at, b.stage, sum(b.submitted) as submitted, sum(b.completed) as completed,
          sum(b.failed) as failed, sum(b.cancelled) as cancelled, sum(b.skipped) as skipped, sum(b.retried) as retried,
          coalesce(sum(b.run_ms), 0) as run_ms
        from binned b group by 1, 2, 3, 4
      ) n
      left join waits w using (minutes, pipeline, at, stage)
      left join runs r using (minutes, pipeline, at, stage)
      where n.submitted + n.completed + n.failed + n.cancelled + n.skipped + n.retried > 0 or w.places is not null
    ), array(
      select row(o.job_id, o.bin, o.width_ms, jsonb_object_agg(o.stage, jsonb_build_array(o.who, o.held_s)),
        sum(o.completed), sum(o.failed))::headway.job_timeline
      from of_stages o group by o.job_id, o.bin, o.width_ms
    ) into v_statistics, v_timeline;

    insert into headway.statistic as t select * from unnest(v_statistics)
    on conflict (project_id, minutes, pipeline, at, stage) do update set
      submitted = t.submitted + excluded.submitted, completed = t.completed + excluded.completed,
      failed = t.failed + excluded.failed, cancelled = t.cancelled + excluded.cancelled,
      skipped = t.skipped + excluded.skipped, retried = t.retried + excluded.retried,
      wait = headway.add_histograms(t.wait, excluded.wait), run = headway.add_histograms(t.run, excluded.run),
      run_ms = t.run_ms + excluded.run_ms;
    with drawn as (
      insert into headway.job_timeline as t select * from unnest(v_timeline)
      on conflict (job_id, at) do update set stages = headway.add_stages(t.stages, excluded.stages),
        completed = t.completed + excluded.completed, failed = t.failed + excluded.failed
      returning t.job_id
    )
    select array_agg(distinct d.job_id) into v_jobs from drawn d;
    foreach v_job in array coalesce(v_jobs, '{}') loop
      while (select count(*) from headway.job_timeline t where t.job_id = v_job) > 400 loop
        perform headway.widen_timeline(v_job);
      end loop;
    end loop;
  end if;

  if v_count = p_limit then
    update headway.statistic_cursor u set tx = v_tx, position = v_position, as_of = v_as_of
    where u.project_id = p_project and (u.tx, u.position) = (c.tx, c.position);
  elsif v_rest then
    update headway.statistic_cursor u set database_id = i.id, tx = i.first_tx, position = 0
    where u.project_id = p_project and (u.tx, u.position) = (c.tx, c.position);
  else
    -- What is there already and may not be counted yet is the first that is missing.
    select s.at into v_as_of from headway.status_change s
    where s.project_id = p_project and (s.tx, s.position) >= (v_xmin, 0) order by s.tx, s.position limit 1;
    update headway.statistic_cursor u set tx = v_xmin, position = case when c.tx = v_xmin then c.position else 0 end,
      as_of = least(v_now, v_as_of)
    where u.project_id = p_project and (u.tx, u.position) = (c.tx, c.position);
  end if;
  if not found then
    raise exception using errcode = 'serialization_failure',
      message = format('The statistics of project %s were counted by another at the same time; they are counted again.', p_project);
  end if;
  return v_count;
end $$;
