-- Statement trigger: the history of collections, from exactly the rows that changed.
create or replace function headway.record_collections() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if tg_op = 'INSERT' then
    perform headway.lock_history(array(select id from new_rows));
    insert into headway.status_change (project_id, entity_type, entity_id, collection_id, version, to_status, actor_type,
      actor, reason, message, change_id, at)
    select project_id, 'COLLECTION', id, id, version, status, changed_by_type, changed_by, change_reason,
      change_message, change_id, status_changed_at from new_rows order by id;
  else
    if not exists (select from new_rows n join old_rows o on o.id = n.id where n.version <> o.version) then
      return null;
    end if;
    perform headway.lock_history(array(
      select n.id from new_rows n join old_rows o on o.id = n.id where n.version <> o.version));
    insert into headway.status_change (project_id, entity_type, entity_id, collection_id, version, from_status,
      to_status, actor_type, actor, reason, message, change_id, at)
    select n.project_id, 'COLLECTION', n.id, n.id, n.version, o.status, n.status, n.changed_by_type, n.changed_by,
      n.change_reason, n.change_message, n.change_id, n.status_changed_at
    from new_rows n join old_rows o on o.id = n.id where n.version <> o.version order by n.id;
    if exists (select from headway.webhook where enabled) then
      insert into headway.webhook_delivery (id, project_id, webhook_id, event, entity_id, version, payload, next_attempt_at)
      select gen_random_uuid(), w.project_id, w.id, 'COLLECTION_EXPIRED', n.id, n.version,
        headway.webhook_payload('collection.expired', jsonb_build_object('entityType', 'COLLECTION', 'entityId', n.id,
          'version', n.version, 'collectionId', n.id, 'status', n.status, 'reason', n.change_reason)), clock_timestamp()
      from new_rows n join old_rows o on o.id = n.id
      join headway.webhook w on w.project_id = n.project_id and w.enabled and 'COLLECTION_EXPIRED' = any (w.events)
      where n.status = 'EXPIRED' and o.status <> 'EXPIRED';
    end if;
  end if;
  perform pg_notify(tg_table_schema, '');
  return null;
end $$;
