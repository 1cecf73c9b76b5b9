import { lockTables } from "../lock-tables.js";

/** Entities are staged under the (task, fence) of a collection task; readers see the set that entity_shown points to. */
export const ENTITY_TABLES = `
${lockTables(["task", "document", "collection", "project"], "share row exclusive")}
create table named_entity (
  id uuid primary key,
  project_id uuid not null references project,
  collection_id uuid not null references collection,
  task_id uuid not null references task,
  fence bigint not null,
  ordinal int not null,
  name text not null,
  type text not null check (type in ('PERSON', 'PLACE', 'ORGANIZATION')),
  mentions int not null,
  document_count int not null,
  unique (task_id, fence, ordinal)
);
create index named_entity_of_collection on named_entity (collection_id, id);

create table named_entity_document (
  entity_id uuid not null references named_entity on delete cascade,
  document_id uuid not null references document on delete cascade,
  project_id uuid not null references project,
  mentions int not null,
  primary key (entity_id, document_id)
);
create index named_entity_document_back on named_entity_document (document_id);

-- Both ways round, so that either end leads to the other.
create table named_entity_pair (
  entity_id uuid not null references named_entity on delete cascade,
  other_id uuid not null references named_entity on delete cascade,
  project_id uuid not null references project,
  together int not null,
  primary key (entity_id, other_id)
);
create index named_entity_pair_back on named_entity_pair (other_id);

-- The set that a collection task has staged whole.
create table named_entity_set (
  task_id uuid primary key references task,
  project_id uuid not null references project,
  fence bigint not null
);

-- The set that readers of a collection see.
create table named_entity_shown (
  collection_id uuid primary key references collection,
  project_id uuid not null references project,
  task_id uuid not null references task,
  fence bigint not null
);
`;

/** The completing change of a collection task moves its readers from all of the old entities to all of the new. */
export const SHOW_ENTITIES = `
create function show_entities() returns trigger language plpgsql as $$
begin
  insert into named_entity_shown (collection_id, project_id, task_id, fence)
  select new.collection_id, new.project_id, s.task_id, s.fence from named_entity_set s where s.task_id = new.id
  on conflict (collection_id) do update set task_id = excluded.task_id, fence = excluded.fence;
  return null;
end $$;
create trigger task_shows_entities after update on task for each row
  when (new.kind = 'COLLECTION' and new.status = 'COMPLETED' and old.status = 'RUNNING')
  execute function show_entities();
`;

/** A bounded step of removing the entities of an EXPIRED collection; returns how many rows it touched. */
export const EMPTY_ENTITIES = `
create function empty_entities(p_collection uuid, p_limit int) returns int language plpgsql as $$
declare
  v_rows int;
begin
  if not exists (select from collection where id = p_collection and status = 'EXPIRED' and emptied_at is null) then
    return 0;
  end if;
  delete from named_entity_shown where collection_id = p_collection;
  delete from named_entity where id in (
    select id from named_entity where collection_id = p_collection order by id limit p_limit);
  get diagnostics v_rows = row_count;
  return v_rows;
end $$;
`;
