-- Refuses to go on in a transaction of another isolation than read committed. What is decided under a lock must be read
-- after the lock has been granted; elsewhere a statement reads what stood when its transaction began. Behind a pooler
-- the isolation may be one that another client has left to the session.
create or replace function headway.assert_read_committed() returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  v_isolation text := current_setting('transaction_isolation');
begin
  if v_isolation <> 'read committed' then
    raise exception using errcode = 'invalid_transaction_state',
      message = format('Statuses are decided in transactions of the isolation read committed; this one is %s.', v_isolation),
      hint = 'Begin it so, or set default_transaction_isolation = ''read committed'' for the role.';
  end if;
end $$;
