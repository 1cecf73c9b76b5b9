-- Whether a collection is due for expiry, whether or not the reconciler has expired it yet.
create or replace function headway.is_expiry_due(c headway.collection) returns boolean language sql as $$
  select c.deletion_requested_at is not null or coalesce(c.expires_at <= clock_timestamp(), false)
$$;
