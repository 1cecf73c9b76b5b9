-- What tasks have told of their documents, and what their stages have kept.
create or replace function headway.empty_tasks(p_tasks uuid[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  delete from headway.artifact where task_id = any (p_tasks);
  delete from headway.stage_output where task_id = any (p_tasks);
  delete from headway.task_log where task_id = any (p_tasks);
  delete from headway.task_log_count where task_id = any (p_tasks);
  update headway.task set error_message = null, change_message = null, document_name = null, progress_message = null,
    error_stack = null, warnings = '[]'
  where id = any (p_tasks) and (error_message is not null or change_message is not null or document_name is not null
    or progress_message is not null or error_stack is not null or warnings <> '[]');
end $$;
