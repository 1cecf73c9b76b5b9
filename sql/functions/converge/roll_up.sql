-- What a job's tasks say about its status: the roll-up of docs/lifecycle.md. A test compares it with the same rules in
-- TypeScript over every combination.
create or replace function headway.roll_up(
  p_open int, p_completed int, p_failed int, p_cancelled int, p_skipped int, p_collection_task text,
  p_cancel_requested boolean, p_same_documents boolean, out target text, out status text, out reason text
) language plpgsql immutable
set search_path = pg_catalog, pg_temp
as $$
declare
  v_some_cancelled boolean := p_cancelled > 0 or p_collection_task is not distinct from 'CANCELLED';
begin
  target := 'JOB'; status := 'OPEN';
  if p_open > 0 then return; end if;
  if p_collection_task = 'WAITING' then
    target := 'COLLECTION_TASK';
    if p_cancel_requested then status := 'CANCELLED'; reason := 'CANCELLED_BY_REQUEST';
    elsif p_completed + p_skipped = 0 then status := 'SKIPPED'; reason := 'NOTHING_TO_DO';
    elsif p_completed + p_failed + p_cancelled = 0 and p_same_documents then status := 'SKIPPED'; reason := 'UNCHANGED';
    else status := 'QUEUED'; reason := 'DOCUMENTS_SETTLED';
    end if;
    return;
  end if;
  if p_collection_task in ('QUEUED', 'RUNNING') then return; end if;
  reason := 'ALL_TASKS_SETTLED';
  status := case
    when p_cancel_requested and v_some_cancelled then 'CANCELLED'
    when p_collection_task = 'FAILED' then 'FAILED'
    when p_completed + p_skipped = 0 then case when p_failed > 0 then 'FAILED' else 'CANCELLED' end
    when p_failed > 0 or v_some_cancelled then 'COMPLETED_WITH_ERRORS'
    else 'COMPLETED'
  end;
end $$;
