-- Takes one suspect that is due and that the worker can run: it is to run nothing beside it. The results and p_claim are
-- those of claimable, which calls it. Waits for no lock, but where all was held and it holds none: then for one
-- collection, at most p_claim.waitMs.
create or replace function headway.take_suspect(
  p_claim jsonb, out taken uuid[], out is_held boolean, out unchecked jsonb
) language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  s record;
  v_held uuid;
  v_holds boolean := false;
begin
  taken := '{}';
  is_held := false;
  unchecked := '[]';
  for s in select * from headway.suspects_due(p_claim->'serves', 16) loop
    if s.unchecked is not null then
      unchecked := unchecked || jsonb_build_object('jobId', s.job_id, 'pipeline', s.pipeline, 'version', s.version,
        'options', s.unchecked);
    elsif pg_try_advisory_xact_lock_shared(
        hashtextextended(s.collection_id::text, 'headway.collection'::regclass::oid::bigint))
      and pg_try_advisory_xact_lock(
        hashtextextended(s.collection_id::text, 'headway.status_change'::regclass::oid::bigint)) then
      v_holds := true;
      -- In a statement of its own, which sees what was decided while the locks were taken.
      taken := array(
        select t.id from headway.task t join headway.job j on j.id = t.job_id
        where t.id = s.task_id and t.is_suspect and t.status is not distinct from 'QUEUED'
          and j.cancel_requested_at is null and not exists (
            select from headway.pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)
        for no key update of t skip locked);
      if cardinality(taken) > 0 then return; end if;
    else
      v_held := coalesce(v_held, s.collection_id);
    end if;
  end loop;
  if v_held is not null then
    if not v_holds then perform headway.wait_for_collection(v_held, (p_claim->>'waitMs')::int); end if;
    is_held := true;
  end if;
end $$;
