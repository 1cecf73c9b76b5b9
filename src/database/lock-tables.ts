const TRIES = 600;

/**
 * SQL that locks these tables together, or none of them: each wait is given up after 100 ms and tried again. A statement
 * that waits for long behind one that waits itself would hold up heartbeats until leases pass, and come to deadlocks with
 * running work (both seen). Fails after some minute with what to do. The transaction's `lock_timeout` is then as before.
 */
export function lockTables(tables: readonly string[], mode: "access exclusive" | "share row exclusive"): string {
  return `
do $lock$
declare
  v_before text := current_setting('lock_timeout');
begin
  for v_try in 1..${TRIES} loop
    begin
      perform set_config('lock_timeout', '100ms', true);
      lock table ${tables.join(", ")} in ${mode} mode;
      perform set_config('lock_timeout', v_before, true);
      return;
    exception when lock_not_available then
      perform pg_sleep(0.05 + random() * 0.1);
    end;
  end loop;
  raise exception using errcode = 'lock_not_available',
    message = 'The tables ${tables.join(", ")} could not be locked together; migrate again when less is running.';
end $lock$;
`;
}
