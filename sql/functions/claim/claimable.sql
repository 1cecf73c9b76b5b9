-- Takes up to p_claim.limit due tasks that the worker can run, by turns: `taken` are their ids; their rows are locked,
-- and so are their collections and histories. `is_held` where nothing was taken, and asking again will help: somebody
-- else held all that was due just then, or something has become due this moment. `has_more` where asking again may take
-- more. `unchecked` are jobs of an earlier version whose options nobody of this version has looked at yet, at most 16:
-- [{jobId, pipeline, version, options}]. Once options_check says whether it takes them, they are claimed like others.
--
-- p_claim.serves says what the worker runs: {pipeline: {version, stages: {name: maxAttempts}}}. It is given no task of a
-- later version than its own, none at a stage that it does not have, and none whose options its version refuses.
--
-- Per worker, a job waits for at most one turn of each other ready job of its project and priority, and a project for
-- one turn of each other project; within a project priorities are strict. The worker keeps its places in these rings and
-- sends them as p_claim.turns: {project, jobs: {"project priority": [ring, job]}}, the last that had their turns. `turns`
-- are those that have moved on. Jobs go round by a hash of their ids: were it by age, new ones would always be before
-- those that wait, or always behind the place. Where the worker has no place in a ring, it begins anywhere in it.
--
-- Looks at jobs with something ready and not at tasks. What is paused, served by nobody, at a stage that this worker
-- lacks, due later or about to be cancelled costs nothing, however much of it there is. At most 16 jobs have a turn. Those
-- that can't have theirs are passed over, at most 17 of a project and priority; the next claim goes on behind them.
--
-- p_claim.worker is the worker's id. One that is known to be dead, or has stopped, gets nothing.
--
-- Suspects are taken by whoever asks for them alone (p_claim.suspects: "only"), one at a time; see take_suspect.
--
-- Waits for no lock, but where all was held: then for one collection, at most p_claim.waitMs, or as long as the session
-- may where that is null. To be called first of all in a transaction: while it waits it holds nothing.
create or replace function headway.claimable(
  p_claim jsonb, out taken uuid[], out is_held boolean, out unchecked jsonb, out turns jsonb, out has_more boolean
) language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  c_jobs constant int := 16;
  c_looks constant int := 64;
  c_first constant uuid := '00000000-0000-0000-0000-000000000000';
  v_lanes headway.lane[];
  v_open headway.lane[];
  v_left int := p_claim->>'limit';
  v_jobs int := 0;
  v_looks int := 0;
  v_project uuid := coalesce((p_claim->'turns'->>'project')::uuid, c_first);
  v_began_at uuid;
  v_priority int;
  v_key text;
  v_places jsonb := '{}';
  v_ring headway.job_in_turn[];
  v_got headway.job_in_turn[];
  v_shares int[];
  v_held headway.job_in_turn;
  -- Jobs wait behind those whose turn it is; or may, behind those that were passed over.
  v_behind boolean := false;
  v_further boolean := false;
  j headway.job_in_turn;
begin
  taken := '{}';
  unchecked := '[]';
  turns := '{}';
  has_more := false;
  is_held := false;
  -- Whoever says that this worker's process has died waits for its claims, and gives back what they took: none may come
  -- after. Nobody else ever holds this lock alone.
  perform pg_advisory_xact_lock_shared(
    hashtextextended(p_claim->>'worker', 'headway.worker'::regclass::oid::bigint));
  if exists (select from headway.worker where id = (p_claim->>'worker')::uuid and coalesce(died_at, stopped_at) is not null) then
    return;
  end if;
  -- What it marks is locked to the commit, so nothing else is done in this transaction.
  is_held := headway.mark_due();
  if is_held then return; end if;
  if p_claim->>'suspects' = 'only' then
    select s.taken, s.is_held, s.unchecked into taken, is_held, unchecked from headway.take_suspect(p_claim) s;
    return;
  end if;

  v_lanes := headway.lanes_served(p_claim->'serves');
  <<projects>>
  while v_left > 0 and v_jobs < c_jobs loop
    v_project := headway.next_project(v_lanes, v_project);
    exit when v_project is null or v_project = v_began_at;
    if v_looks >= c_looks then
      v_further := true;
      exit;
    end if;
    v_began_at := coalesce(v_began_at, v_project);
    v_looks := v_looks + 1;
    turns := jsonb_build_object('project', v_project);
    v_open := array(select l from unnest(v_lanes) l where not exists (
      select from headway.pipeline_pause p where p.project_id = v_project and p.pipeline = (l).pipeline));
    v_priority := null;
    loop
      v_priority := headway.next_priority(v_open, v_project, v_priority);
      exit when v_priority is null;
      v_key := v_project || ' ' || v_priority;
      -- One more than can have a turn, so that it is known whether there are any behind them.
      v_ring := headway.jobs_in_turn(v_open, v_project, v_priority,
        coalesce((p_claim->'turns'->'jobs'->v_key->>0)::int, uuid_hash((p_claim->>'change')::uuid), 0),
        coalesce((p_claim->'turns'->'jobs'->v_key->>1)::uuid, c_first), c_jobs + 1);
      v_got := '{}';
      foreach j in array v_ring loop
        v_behind := v_behind or cardinality(v_got) >= least(c_jobs - v_jobs, v_left);
        exit when v_behind;
        v_looks := v_looks + 1;
        if j.unchecked is not null then
          unchecked := unchecked || jsonb_build_object('jobId', j.id, 'pipeline', j.pipeline, 'version', j.version,
            'options', j.unchecked);
          continue;
        end if;
        -- It will be its turn next time, when its options have been looked at.
        continue when unchecked <> '[]';
        v_places := v_places || jsonb_build_object(v_key, jsonb_build_array(j.ring, j.id));
        continue when j.is_refused;
        if pg_try_advisory_xact_lock_shared(
             hashtextextended(j.collection_id::text, 'headway.collection'::regclass::oid::bigint))
           and pg_try_advisory_xact_lock(
             hashtextextended(j.collection_id::text, 'headway.status_change'::regclass::oid::bigint)) then
          v_got := v_got || j;
        else
          v_held := coalesce(v_held, j);
        end if;
      end loop;
      v_behind := v_behind or unchecked <> '[]';
      v_further := v_further or cardinality(v_ring) > c_jobs;
      v_shares := headway.turn_shares(v_left, array(select g.ready from unnest(v_got) g), not v_behind);
      for i in 1 .. cardinality(v_got) loop
        taken := taken || headway.take_due((v_got[i]).id, v_shares[i], (v_got[i]).stages);
      end loop;
      v_jobs := v_jobs + cardinality(v_got);
      v_left := (p_claim->>'limit')::int - cardinality(taken);
      exit projects when v_behind or v_left <= 0 or v_jobs >= c_jobs;
    end loop;
  end loop;
  if v_places <> '{}' then turns := turns || jsonb_build_object('jobs', v_places); end if;
  has_more := v_left > 0 and (v_behind or v_further or v_jobs >= c_jobs or v_held.id is not null);
  if v_jobs = 0 and v_held.id is not null then
    if headway.wait_for_collection(v_held.collection_id, (p_claim->>'waitMs')::int) then
      taken := headway.take_due(v_held.id, v_left, v_held.stages);
    else
      is_held := true;
    end if;
  end if;
end $$;
