-- Looks for what needs a person, unless that was done less than p_every_ms ago or somebody does it just now; what has not
-- changed is not written. Returns how many rows it changed. However much work there is, a look costs the same: of settled
-- jobs it looks at those that failed last, of invariants at one job of at most 500 tasks, and again at three that were broken.
--
-- All is read before anything is written or locked as a row: from there on until it commits the streams of projects hand out
-- nothing younger.
create or replace function headway.look_for_attention(p_sweep_ms int, p_every_ms int, p_redis text)
returns int language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  l headway.attention_look;
  v_next record;
  v_checked uuid[];
  v_found headway.attention_item[];
  v_changed int;
begin
  if not pg_try_advisory_xact_lock('headway.attention_look'::regclass::oid::bigint) then return 0; end if;
  select * into l from headway.attention_look
  where looked_at <= v_now - make_interval(secs => p_every_ms / 1000.0) or looked_at > v_now;
  if not found then return 0; end if;

  -- Jobs are checked in the order in which they changed, from a day ago on.
  select id, status_changed_at, total into v_next from headway.job
  where status_changed_at >= greatest(l.checked_to, v_now - interval '1 day')
    and (status_changed_at, id) > (l.checked_to, l.checked_job)
  order by status_changed_at, id limit 1;
  v_checked := array(
    select subject_id from headway.attention_item where kind = 'INVARIANT_BROKEN' order by random() limit 3);
  if v_next.total <= 500 then v_checked := v_checked || v_next.id; end if;

  v_found := array(
    select row(null::uuid, f.project_id, f.kind, f.subject, f.subject_id, f.state, f.since, f.message)::headway.attention_item
    from (
      select * from headway.found_for_attention(p_sweep_ms, p_redis)
      union all
      select j.project_id, 'INVARIANT_BROKEN', j.id::text, j.id, '', v_now,
        format('%s broken invariants in a job, such as %s: %s. doctor tells all; repair mends a status that does not follow from its facts.',
          b.count, b.invariant, b.detail)
      from headway.job j cross join lateral (
        select min(v.invariant) as invariant, min(v.detail) as detail, count(*) as count
        from headway.violations_within(v_now - interval '1 day', j.project_id, j.collection_id, j.id) v) b
      where j.id = any (v_checked) and b.count > 0
      union all
      select i.project_id, i.kind, i.subject, i.subject_id, i.state, i.since, i.message from headway.attention_item i
      where i.kind = 'INVARIANT_BROKEN' and i.subject_id <> all (v_checked)
    ) f);

  -- Failures that need nobody any more are not looked at again.
  update headway.job j set acknowledged_version = j.version from (
    select f.id, f.version from headway.project p cross join lateral (
      select * from headway.job q
      where q.project_id = p.id and q.status in ('FAILED', 'COMPLETED_WITH_ERRORS')
        and q.acknowledged_version is distinct from q.version
      order by q.status_changed_at desc, q.id desc limit 300 for no key update skip locked) f
    where not headway.needs_a_person(f.id, f.collection_id, f.created_at, f.status, f.failed)
  ) d where j.id = d.id and j.version = d.version;

  with found as materialized (
    select * from unnest(v_found)
  ), put as (
    insert into headway.attention_item as i (project_id, kind, subject, subject_id, state, since, message)
    select f.project_id, f.kind, f.subject, f.subject_id, f.state, f.since, f.message from found f
    on conflict (project_id, kind, subject) do update set message = excluded.message,
      id = case when i.state = excluded.state then i.id else excluded.id end,
      since = case when i.state = excluded.state then i.since else excluded.since end, state = excluded.state
    where (i.state, i.message) is distinct from (excluded.state, excluded.message)
    returning 1
  ), gone as (
    delete from headway.attention_item i where not exists (
      select from found f
      where f.kind = i.kind and f.subject = i.subject and f.project_id is not distinct from i.project_id)
    returning 1
  )
  select (select count(*) from put) + (select count(*) from gone) into v_changed;
  delete from headway.acknowledgement a where a.kind <> 'FAILED_JOB'
    and not exists (select from headway.attention_item i where i.id = a.item_id);
  update headway.attention_look set looked_at = v_now,
    checked_to = coalesce(v_next.status_changed_at, least(checked_to, v_now)), checked_job = coalesce(v_next.id, checked_job);
  return v_changed;
end $$;
