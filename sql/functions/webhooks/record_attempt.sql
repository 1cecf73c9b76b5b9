-- Result of sending a delivery, in one transaction: the attempt, when the next is due (null: none), and how its webhook
-- stands. A webhook that nothing has come through to for three days is disabled, and so is one that says it is gone. False
-- where the claim is no longer the caller's: then another sends it again.
create or replace function headway.record_attempt(
  p_delivery uuid, p_claim uuid, p_at timestamptz, p_duration_ms int, p_status int, p_error text, p_next_ms double precision,
  p_is_gone boolean
) returns boolean language plpgsql
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  v_now timestamptz := clock_timestamp();
  d headway.webhook_delivery;
begin
  update headway.webhook_delivery w set tries = w.tries + 1, claim_id = null, claimed_until = null,
    delivered_at = case when p_error is null then v_now end,
    next_attempt_at = case when p_error is not null then v_now + make_interval(secs => p_next_ms / 1000) end
  where w.id = p_delivery and w.claim_id = p_claim returning * into d;
  if not found then return false; end if;
  insert into headway.webhook_attempt (project_id, delivery_id, at, status_code, error, duration_ms)
  values (d.project_id, d.id, p_at, p_status, p_error, p_duration_ms);
  if p_error is null then
    update headway.webhook set failing_since = null where id = d.webhook_id and failing_since is not null;
    return true;
  end if;
  update headway.webhook set failing_since = v_now where id = d.webhook_id and failing_since is null;
  update headway.webhook set enabled = false, given_up_at = v_now,
    disabled_reason = case when p_is_gone then 'It answered 410 Gone.'
      else format('Nothing has come through since %s; the last attempt failed: %s',
        to_char(failing_since at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), p_error) end
  where id = d.webhook_id and enabled and (p_is_gone or failing_since < v_now - interval '3 days');
  return true;
end $$;
