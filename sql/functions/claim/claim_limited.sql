-- Takes due tasks at stages with limits: as many as these allow. A transaction of its own, like claim_tasks, which it
-- calls for one of the groups: the first at which something is due and whose limits are open.
--
-- p_groups: [{pipeline, stages, limits: [{stage, concurrency, limit, perMs}], serves, turns}], in the order in
-- which they have their turns: stages of a pipeline that share their limits, of which the pipeline's own has the stage ''.
-- p_claim is as claimable has it, without turns; its `serves` is that of all groups together.
--
-- Returns {group, answer, opensInMs, suspects}: which of p_groups it was, from 0, and the answer of claim_tasks; both null
-- where none was open. opensInMs: when the first opens of those that a rate keeps closed.
create or replace function headway.claim_limited(p_worker uuid, p_actor text, p_claim jsonb, p_groups jsonb) returns json
language plpgsql
-- See record_changes.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  v_index int := -1;
  v_group jsonb;
  v_limit jsonb;
  v_room int;
  v_opens_at timestamptz;
  v_first timestamptz;
  v_answer json;
  v_begun int;
  v_lanes headway.lane[] := headway.lanes_served(p_claim->'serves');
  -- Suspects are not in ready_stage once nothing else is due.
  v_only boolean := p_claim->>'suspects' is not distinct from 'only';
begin
  for v_group in select g from jsonb_array_elements(p_groups) with ordinality x(g, i) order by i loop
    v_index := v_index + 1;
    continue when not v_only and not exists (
      select from unnest(v_lanes) l where l.pipeline = v_group->>'pipeline' and v_group->'stages' ? l.stage);
    continue when v_only and not exists (select from headway.suspects_due(v_group->'serves', 1));
    select min(x.room), max(x.opens_at) filter (where x.room = x.by_rate) into v_room, v_opens_at
    from jsonb_array_elements(v_group->'limits') l
    cross join lateral headway.limit_room(v_group->>'pipeline', l->>'stage', l) x;
    if v_room <= 0 then
      v_first := least(v_first, v_opens_at);
      continue;
    end if;
    if not headway.lock_limits(v_group->>'pipeline', array(select l->>'stage' from jsonb_array_elements(v_group->'limits') l),
        (p_claim->>'waitMs')::int) then
      return json_build_object('group', v_index, 'answer', json_build_object('held', true, 'hasMore', true,
        'unchecked', json_build_array(), 'turns', json_build_object(), 'claimed', null), 'suspects', false);
    end if;
    -- In a statement of its own, which sees what has begun while the lock was waited for.
    select min(x.room) into v_room
    from jsonb_array_elements(v_group->'limits') l
    cross join lateral headway.limit_room(v_group->>'pipeline', l->>'stage', l) x;
    -- Somebody else has had the last of it; a suspect would be taken whatever the number. Asked again, this group is closed.
    if v_room <= 0 then
      return json_build_object('group', v_index, 'answer', json_build_object('held', true, 'hasMore', true,
        'unchecked', json_build_array(), 'turns', json_build_object(), 'claimed', null), 'suspects', false);
    end if;
    v_answer := headway.claim_tasks(p_worker, p_actor, p_claim || jsonb_build_object(
      'limit', least(v_room, (p_claim->>'limit')::int), 'serves', v_group->'serves', 'turns', v_group->'turns'));
    v_begun := coalesce(json_array_length(v_answer->'claimed'->'tasks'), 0);
    if v_begun > 0 then
      for v_limit in select l from jsonb_array_elements(v_group->'limits') l where l->>'perMs' is not null loop
        perform headway.note_begun(v_group->>'pipeline', v_limit->>'stage', (v_limit->>'perMs')::int, v_begun);
      end loop;
    end if;
    exit;
  end loop;
  return json_build_object(
    'group', case when v_answer is not null then v_index end,
    'answer', v_answer,
    'opensInMs', ceil(extract(epoch from v_first - clock_timestamp()) * 1000),
    -- Of those that may begin alone: whoever is told of others would ask for them over and over.
    'suspects', p_claim->>'suspects' is not distinct from 'tell' and exists (
      select from jsonb_array_elements(p_groups) g
      where exists (select from headway.suspects_due(g->'serves', 1)) and (
        select min(x.room) from jsonb_array_elements(g->'limits') l
        cross join lateral headway.limit_room(g->>'pipeline', l->>'stage', l) x) > 0));
end $$;
