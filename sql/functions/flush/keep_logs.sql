-- Keeps lines that stages have written to their logs: [{task, fence, lines: [{seq, age, level, stage, attempt, message, fields,
-- bytes}]}]. They travel with a flush, in the same statement, or alone where none goes. seq counts the lines of a claim from
-- 1, those among them that were dropped on the way; what is sent again is kept once. age: how many ms before this call.
--
-- Of a task the newest 1,000 lines and 256 KB are kept, and up to a quarter more for a while: the oldest are not taken away
-- one by one. Lines of an older claim, and of what has expired, are not.
create or replace function headway.keep_logs(p_logs jsonb) returns void language plpgsql
-- See record_changes.
set plan_cache_mode = force_generic_plan
set enable_seqscan = off
set lock_timeout = '5s'
set search_path = pg_catalog, pg_temp
as $$
declare
  c_lines constant int := 1000;
  c_bytes constant int := 262144;
  v_called_at timestamptz := statement_timestamp();
  v_task uuid;
begin
  with l as (
    select t.id, t.project_id, x.fence, n.*
    from jsonb_to_recordset(p_logs) as x(task uuid, fence bigint, lines jsonb)
    cross join lateral (
      select t.id, t.project_id, t.collection_id from headway.task t where t.id = x.task and t.fence = x.fence offset 0) t
    cross join lateral jsonb_to_recordset(x.lines) as n(seq int, age float8, level int, stage text, attempt int, message text,
      fields jsonb, bytes int)
    where exists (select from headway.collection c where c.id = t.collection_id and c.status <> 'EXPIRED')
  ), kept as (
    insert into headway.task_log (task_id, project_id, fence, seq, at, level, stage, attempt, message, fields, size_bytes)
    select l.id, l.project_id, l.fence, l.seq, v_called_at - l.age * interval '1 ms', l.level, l.stage, l.attempt, l.message,
      l.fields, l.bytes
    from l order by l.id, l.seq
    on conflict do nothing
    returning task_id, project_id, fence, seq, size_bytes
  )
  insert into headway.task_log_count as c (task_id, project_id, fence, last_seq, written, lines, size_bytes)
  select k.task_id, k.project_id, k.fence, max(k.seq), max(k.seq), count(*), sum(k.size_bytes)
  from kept k group by k.task_id, k.project_id, k.fence order by k.task_id
  on conflict (task_id) do update set
    written = c.written + greatest(0, excluded.last_seq - case when c.fence = excluded.fence then c.last_seq else 0 end),
    last_seq = case when c.fence = excluded.fence then greatest(c.last_seq, excluded.last_seq) else excluded.last_seq end,
    fence = excluded.fence, lines = c.lines + excluded.lines, size_bytes = c.size_bytes + excluded.size_bytes;

  for v_task in
    select c.task_id from headway.task_log_count c
    where c.task_id = any (array(select (x->>'task')::uuid from jsonb_array_elements(p_logs) x))
      and (c.lines > 1.25 * c_lines or c.size_bytes > 1.25 * c_bytes)
    order by c.task_id
  loop
    delete from headway.task_log g using (
      select r.fence, r.seq from (
        select o.fence, o.seq, row_number() over w as place, sum(o.size_bytes) over w as bytes
        from headway.task_log o where o.task_id = v_task window w as (order by o.fence desc, o.seq desc)
      ) r where r.place > c_lines or r.bytes > c_bytes
    ) d where g.task_id = v_task and g.fence = d.fence and g.seq = d.seq;
    update headway.task_log_count c set (lines, size_bytes) = (
      select count(*), coalesce(sum(g.size_bytes), 0) from headway.task_log g where g.task_id = v_task)
    where c.task_id = v_task;
  end loop;
end $$;
