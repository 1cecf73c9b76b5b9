-- Takes deliveries that are due, at most two at a time of each host, whoever sends them, and at most p_limit. What is taken
-- is the caller's for p_claim_ms; by then it was sent, or the caller is dead. JOB_SETTLED comes first. Nothing where another
-- takes some just now.
create or replace function headway.claim_deliveries(p_limit int, p_claim_ms int)
returns table (
  id uuid, claim uuid, url text, payload jsonb, tries int, secret bytea, previous_secret bytea
) language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if not exists (select from headway.webhook h where h.enabled) then return; end if;
  perform from headway.webhook_turn for update skip locked;
  if not found then return; end if;
  return query
  with busy as (
    select w.host, count(*) as sending from headway.webhook_delivery d join headway.webhook w on w.id = d.webhook_id
    where d.claim_id is not null and d.claimed_until > clock_timestamp() group by w.host
  ), ranked as materialized (
    -- Webhooks of one host take turns.
    select d.id, w.host, d.event, d.next_attempt_at, row_number() over (
      partition by w.id order by d.event <> 'JOB_SETTLED', d.next_attempt_at, d.id) as turn
    from headway.webhook w cross join (values (true), (false)) s(settled) cross join lateral (
      select * from headway.webhook_delivery x
      where x.webhook_id = w.id and (x.event = 'JOB_SETTLED') = s.settled and x.next_attempt_at <= clock_timestamp()
        and coalesce(x.claimed_until <= clock_timestamp(), true)
      order by x.next_attempt_at limit 2) d
    where w.enabled
  ), due as (
    select r.id, r.host, r.next_attempt_at, row_number() over (
      partition by r.host order by r.turn, r.event <> 'JOB_SETTLED', r.next_attempt_at, r.id) as place
    from ranked r
  ), taken as (
    update headway.webhook_delivery d set claim_id = gen_random_uuid(),
      claimed_until = clock_timestamp() + make_interval(secs => p_claim_ms / 1000.0)
    where d.id in (
      select u.id from due u left join busy b on b.host = u.host
      where u.place + coalesce(b.sending, 0) <= 2 order by u.next_attempt_at limit p_limit)
    returning d.*
  )
  select t.id, t.claim_id, w.url, t.payload, t.tries, w.secret,
    case when w.previous_until > clock_timestamp() then w.previous_secret end
  from taken t join headway.webhook w on w.id = t.webhook_id;
end $$;
