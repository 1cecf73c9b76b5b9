-- One bounded step of removing what an EXPIRED collection held; returns how many rows it looked at. 0 when all is
-- gone, or while another call is at this collection. Nothing comes behind the place: an EXPIRED collection has no open
-- job.
create or replace function headway.empty_collection(p_collection uuid, p_limit int) returns int language plpgsql
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  c headway.collection;
  v_at_once int := greatest(p_limit / 5, 1);
  v_ids uuid[];
  v_positions bigint[];
  v_last bigint;
  v_rows int := 0;
  v_next uuid;
begin
  select * into c from headway.collection where id = p_collection and status = 'EXPIRED' and emptied_at is null
  for no key update skip locked;
  if not found then return 0; end if;
  perform set_config('headway_duty.name', 'expiry', true);

  v_ids := array(
    select id from headway.document
    where collection_id = p_collection and id > coalesce(c.emptied_document, '00000000-0000-0000-0000-000000000000')
    order by id limit v_at_once);
  if cardinality(v_ids) > 0 then
    delete from headway.chunk where id in (select id from headway.chunk where document_id = any (v_ids) limit p_limit);
    get diagnostics v_rows = row_count;
    if v_rows > 0 then return v_rows; end if;
    with gone as (delete from headway.document where id = any (v_ids) returning id, project_id)
    insert into headway.blob_deletion (prefix, project_id)
    select 'sources/' || id, project_id from gone on conflict do nothing;
    update headway.collection set emptied_document = v_ids[cardinality(v_ids)] where id = p_collection;
    return cardinality(v_ids);
  end if;

  loop
    if c.emptied_job is not null then
      select array_agg(t.id), max(t.ordinal), v_rows + count(*) into v_ids, v_last, v_rows from (
        select id, ordinal from headway.task where job_id = c.emptied_job and ordinal > c.emptied_ordinal
        order by ordinal limit v_at_once - v_rows) t;
      if v_ids is not null then
        perform headway.empty_tasks(v_ids);
        c.emptied_ordinal := v_last;
      end if;
      exit when v_rows >= v_at_once;
    end if;
    select id into v_next from headway.job
    where collection_id = p_collection and (created_at, id) > (
      coalesce((select created_at from headway.job where id = c.emptied_job), '-infinity'),
      coalesce(c.emptied_job, '00000000-0000-0000-0000-000000000000'))
    order by created_at, id limit 1;
    exit when not found;
    -- Refusals quote the options.
    delete from headway.options_check where job_id = v_next;
    -- Whether or not there are rows for them: a worker may have died before it made one.
    insert into headway.blob_deletion (prefix, project_id) values ('artifacts/' || v_next, c.project_id)
    on conflict (prefix) do update set delete_after = excluded.delete_after;
    update headway.job_summary set output = null where output is not null and job_id = v_next;
    update headway.job set options = '{}', change_message = null
    where id = v_next and (options <> '{}' or change_message is not null);
    c.emptied_job := v_next;
    c.emptied_ordinal := -1;
    v_rows := v_rows + 1;
    exit when v_rows >= v_at_once;
  end loop;
  if v_rows > 0 then
    update headway.collection set emptied_job = c.emptied_job, emptied_ordinal = c.emptied_ordinal
    where id = p_collection;
    return v_rows;
  end if;

  select array_agg(h.position) filter (where h.message is not null), max(h.position), count(*) into v_positions, v_last, v_rows
  from (
    select position, message from headway.status_change
    where collection_id = p_collection and position > coalesce(c.emptied_position, 0)
    order by position limit p_limit * 4) h;
  if v_rows > 0 then
    if v_positions is not null then
      update headway.status_change set message = null
      where collection_id = p_collection and position = any (v_positions);
    end if;
    update headway.collection set emptied_position = v_last where id = p_collection;
    return v_rows;
  end if;

  update headway.collection set emptied_at = clock_timestamp() where id = p_collection;
  return 0;
end $$;
