import type { MigrationInterface, QueryRunner } from "typeorm";
import { lockTables } from "./lock-tables.js";

/**
 * Emptying keeps its place. It began each step at the collection's first document, task and change, and walked over all
 * that had been done already: a million tasks in one collection were half a million looked at a step.
 */
export const EMPTYING = `
-- By default a table is vacuumed when a fifth of it is dead: of two million tasks that is 400,000 rows, and between two
-- such vacuums everything that looks for open work walks over them. An append-only table is vacuumed for its visibility.
alter table task set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 1000);
alter table stage_output set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 1000);
alter table chunk set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 1000);
alter table document set (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_limit = 1000);
alter table status_change set (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.02,
  autovacuum_vacuum_cost_limit = 1000);

${lockTables(["collection"], "access exclusive")}
alter table collection
  add column emptied_document uuid,
  add column emptied_job uuid,
  add column emptied_ordinal int,
  add column emptied_position bigint;

-- One bounded step of removing what an EXPIRED collection held; returns how many rows it looked at. 0 when all is gone, or
-- while another call is at this collection. Nothing comes behind the place: an EXPIRED collection has no open job.
create or replace function empty_collection(p_collection uuid, p_limit int) returns int language plpgsql as $$
declare
  c collection;
  v_at_once int := greatest(p_limit / 5, 1);
  v_ids uuid[];
  v_last bigint;
  v_rows int := 0;
  v_next uuid;
begin
  select * into c from collection where id = p_collection and status = 'EXPIRED' and emptied_at is null
  for no key update skip locked;
  if not found then return 0; end if;
  perform set_config('headway.duty', 'expiry', true);

  v_ids := array(
    select id from document
    where collection_id = p_collection and id > coalesce(c.emptied_document, '00000000-0000-0000-0000-000000000000')
    order by id limit v_at_once);
  if cardinality(v_ids) > 0 then
    delete from chunk where id in (select id from chunk where document_id = any (v_ids) limit p_limit);
    get diagnostics v_rows = row_count;
    if v_rows > 0 then return v_rows; end if;
    with gone as (delete from document where id = any (v_ids) returning id, project_id)
    insert into doomed_blob (prefix, project_id) select 'sources/' || id, project_id from gone on conflict do nothing;
    update collection set emptied_document = v_ids[cardinality(v_ids)] where id = p_collection;
    return cardinality(v_ids);
  end if;

  loop
    if c.emptied_job is not null then
      select array_agg(t.id), max(t.ordinal), v_rows + count(*) into v_ids, v_last, v_rows from (
        select id, ordinal from task where job_id = c.emptied_job and ordinal > c.emptied_ordinal
        order by ordinal limit v_at_once - v_rows) t;
      if v_ids is not null then
        perform empty_tasks(v_ids);
        c.emptied_ordinal := v_last;
      end if;
      exit when v_rows >= v_at_once;
    end if;
    select id into v_next from job
    where collection_id = p_collection and (created_at, id) > (
      coalesce((select created_at from job where id = c.emptied_job), '-infinity'),
      coalesce(c.emptied_job, '00000000-0000-0000-0000-000000000000'))
    order by created_at, id limit 1;
    exit when not found;
    update job_summary set output = null where output is not null and job_id = v_next;
    update job set options = '{}', change_message = null
    where id = v_next and (options <> '{}' or change_message is not null);
    c.emptied_job := v_next;
    c.emptied_ordinal := -1;
    v_rows := v_rows + 1;
    exit when v_rows >= v_at_once;
  end loop;
  if v_rows > 0 then
    update collection set emptied_job = c.emptied_job, emptied_ordinal = c.emptied_ordinal where id = p_collection;
    return v_rows;
  end if;

  select array_agg(h.id) filter (where h.message is not null), max(h.position), count(*) into v_ids, v_last, v_rows from (
    select id, position, message from status_change
    where collection_id = p_collection and position > coalesce(c.emptied_position, 0)
    order by position limit p_limit * 4) h;
  if v_rows > 0 then
    if v_ids is not null then update status_change set message = null where id = any (v_ids); end if;
    update collection set emptied_position = v_last where id = p_collection;
    return v_rows;
  end if;

  update collection set emptied_at = clock_timestamp() where id = p_collection;
  return 0;
end $$;

-- What tasks have told of their documents, and what their stages have kept.
create function empty_tasks(p_tasks uuid[]) returns void language plpgsql as $$
begin
  with gone as (delete from artifact where task_id = any (p_tasks) returning job_id, project_id)
  insert into doomed_blob (prefix, project_id) select distinct 'artifacts/' || job_id, project_id from gone
  on conflict (prefix) do update set doomed_at = excluded.doomed_at;
  delete from stage_output where task_id = any (p_tasks);
  update task set error_message = null, change_message = null, document_name = null, progress_message = null, warnings = '[]'
  where id = any (p_tasks) and (error_message is not null or change_message is not null or document_name is not null
    or progress_message is not null or warnings <> '[]');
end $$;
`;

/** What an expired collection held is removed in steps that cost the same from the first to the last. Works beside the build before it. */
export class Emptying1764460000000 implements MigrationInterface {
  readonly name = "Emptying1764460000000";

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(EMPTYING);
  }

  async down(): Promise<void> {
    throw new Error("This migration has no way back: restore a backup from before it instead.");
  }
}
