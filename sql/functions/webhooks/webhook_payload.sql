-- What is sent of an event: its type, when it happened, and what it is about.
create or replace function headway.webhook_payload(p_type text, p_data jsonb) returns jsonb language sql volatile
set search_path = pg_catalog, pg_temp
as $$
  select jsonb_build_object('type', p_type, 'data', p_data,
    'timestamp', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
$$;
