-- Whether a webhook is to be told of this kind of event of a job.
create or replace function headway.wants_job(w headway.webhook, p_event text, p_pipeline text, p_tags text[])
returns boolean language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select w.enabled and p_event = any (w.events) and coalesce(p_pipeline = any (w.pipelines), true)
    and coalesce(w.tags <@ p_tags, true)
$$;
