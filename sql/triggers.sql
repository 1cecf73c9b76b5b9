-- All triggers: dropped and created. A file of its own, because it takes table locks; src/database/migrate.ts runs it only
-- when it has changed, and only once it has the locks of these tables together. Triggers of one table and event run in
-- the order of their names.

drop trigger if exists guard_birth on headway.collection;
create trigger guard_birth before insert on headway.collection
  for each row execute function headway.guard_birth();
drop trigger if exists guard on headway.collection;
create trigger guard before update on headway.collection
  for each row execute function headway.guard_collection();
drop trigger if exists forbid_delete on headway.collection;
create trigger forbid_delete before delete or truncate on headway.collection
  for each statement execute function headway.forbid_delete();
drop trigger if exists record_insert on headway.collection;
create trigger record_insert after insert on headway.collection referencing new table as new_rows
  for each statement execute function headway.record_collections();
drop trigger if exists record_update on headway.collection;
create trigger record_update after update on headway.collection
  referencing new table as new_rows old table as old_rows
  for each statement execute function headway.record_collections();

drop trigger if exists document_gone_releases_upload on headway.document;
create trigger document_gone_releases_upload after delete on headway.document referencing old table as old_rows
  for each statement execute function headway.release_removed();
drop trigger if exists document_changed_releases_upload on headway.document;
create trigger document_changed_releases_upload after update of upload_id on headway.document
  for each row when (old.upload_id is not null and old.upload_id is distinct from new.upload_id)
  execute function headway.release_upload();
drop trigger if exists document_moves_fetched_blob on headway.document;
create trigger document_moves_fetched_blob after update of blob_key on headway.document
  for each row when (old.blob_key is distinct from new.blob_key) execute function headway.move_fetched_blob();

drop trigger if exists artifact_replaces_blob on headway.artifact;
create trigger artifact_replaces_blob after update of blob_key on headway.artifact
  for each row when (old.blob_key is distinct from new.blob_key) execute function headway.replace_artifact_blob();

drop trigger if exists guard_birth on headway.job;
create trigger guard_birth before insert on headway.job
  for each row execute function headway.guard_birth();
drop trigger if exists guard on headway.job;
create trigger guard before update on headway.job
  for each row execute function headway.guard_job();
drop trigger if exists forbid_delete on headway.job;
create trigger forbid_delete before delete or truncate on headway.job
  for each statement execute function headway.forbid_delete();
drop trigger if exists record_insert on headway.job;
create trigger record_insert after insert on headway.job referencing new table as new_rows
  for each statement execute function headway.record_jobs();
drop trigger if exists record_update on headway.job;
create trigger record_update after update on headway.job
  referencing new table as new_rows old table as old_rows
  for each statement execute function headway.record_jobs();

drop trigger if exists guard_birth on headway.task;
create trigger guard_birth before insert on headway.task
  for each row execute function headway.guard_birth();
drop trigger if exists guard on headway.task;
create trigger guard before update on headway.task
  for each row execute function headway.guard_task();
drop trigger if exists forbid_delete on headway.task;
create trigger forbid_delete before delete or truncate on headway.task
  for each statement execute function headway.forbid_delete();
-- By its name it comes before record_insert, which counts what it has let through.
drop trigger if exists check_parents on headway.task;
create trigger check_parents after insert on headway.task referencing new table as new_rows
  for each statement execute function headway.check_task_parents();
drop trigger if exists record_insert on headway.task;
create trigger record_insert after insert on headway.task referencing new table as new_rows
  for each statement execute function headway.task_inserted();
drop trigger if exists record_update on headway.task;
create trigger record_update after update on headway.task
  referencing new table as new_rows old table as old_rows
  for each statement execute function headway.task_updated();
drop trigger if exists task_shows_entities on headway.task;
create trigger task_shows_entities after update on headway.task for each row
  when (new.kind = 'COLLECTION' and new.status = 'COMPLETED' and old.status = 'RUNNING')
  execute function headway.show_entities();

drop trigger if exists check_task on headway.stage_output;
create trigger check_task after insert on headway.stage_output referencing new table as new_rows
  for each statement execute function headway.check_output_task();

drop trigger if exists append_only on headway.status_change;
create trigger append_only before insert or update or delete or truncate on headway.status_change
  for each statement execute function headway.guard_history();
drop trigger if exists append_only_row on headway.status_change;
create trigger append_only_row before update on headway.status_change
  for each row execute function headway.guard_history_row();
