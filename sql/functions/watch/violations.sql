-- The broken invariants of the whole installation: see violations_within.
create or replace function headway.violations(p_since timestamptz default now() - interval '1 day')
returns table (invariant text, entity_type text, entity_id uuid, detail text) language sql stable as $$
  select invariant, entity_type, entity_id, detail from headway.violations_within(p_since, null, null, null)
$$;
