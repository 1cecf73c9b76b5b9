-- How each worker does, from what its own loop and heartbeat last wrote: the one definition, for the API, waitingOn
-- and stuck. The table's columns come last: a view can be replaced only by one that begins with the columns it has.
create or replace view headway.worker_now as
select clock_timestamp() as now, greatest(w.concurrency - w.running, 0) as free,
  case
    when w.died_at is not null then 'LOST'
    when w.stopped_at is not null then 'STOPPED'
    when clock_timestamp() - w.heartbeat_at > make_interval(secs => w.lease_ms / 1000.0) then 'LOST'
    when w.draining_at is not null then 'DRAINING'
    when w.loop_iterations = 0 then 'STARTING'
    -- A loop without an iteration for this long stands still, unless its lease allows for more.
    when clock_timestamp() - w.last_loop_at > make_interval(secs => greatest(w.lease_ms / 2000.0, 3)) then 'STALLED'
    else 'RUNNING'
  end as status,
  w.*
from headway.worker w;
