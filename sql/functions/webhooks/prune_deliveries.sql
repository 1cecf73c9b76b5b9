-- Forgets deliveries that are over, at most p_limit rows: their payloads after a week, the rest after a month, and all of
-- webhooks that were deleted. Returns how many rows it changed.
create or replace function headway.prune_deliveries(p_limit int) returns int language plpgsql
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  v_emptied int;
  v_removed int;
begin
  update headway.webhook_delivery set payload = null where id = any (array(
    select id from headway.webhook_delivery
    where next_attempt_at is null and payload is not null and created_at < clock_timestamp() - interval '7 days'
    order by created_at limit p_limit for update skip locked));
  get diagnostics v_emptied = row_count;
  delete from headway.webhook_delivery where id = any (array(
    (select id from headway.webhook_delivery
     where next_attempt_at is null and created_at < clock_timestamp() - interval '30 days'
     order by created_at limit p_limit)
    union
    (select d.id from headway.webhook w join headway.webhook_delivery d on d.webhook_id = w.id
     where w.deleted_at is not null limit p_limit)));
  get diagnostics v_removed = row_count;
  delete from headway.webhook w where w.deleted_at < clock_timestamp() - interval '10 minutes'
    and not exists (select from headway.webhook_delivery d where d.webhook_id = w.id);
  return v_emptied + v_removed;
end $$;
