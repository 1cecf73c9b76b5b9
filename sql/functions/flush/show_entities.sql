-- Row trigger: the completing change of a collection task moves readers from all of the old entities to all of the
-- new.
create or replace function headway.show_entities() returns trigger language plpgsql as $$
begin
  insert into headway.named_entity_shown (collection_id, project_id, task_id, fence)
  select new.collection_id, new.project_id, s.task_id, s.fence from headway.named_entity_set s where s.task_id = new.id
  on conflict (collection_id) do update set task_id = excluded.task_id, fence = excluded.fence;
  return null;
end $$;
