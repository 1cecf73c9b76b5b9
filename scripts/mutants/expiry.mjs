import { of } from "./of.mjs";

const EXPIRY = ["graphql/collection/expiry"];

export default [
  ...of("sql/functions/expiry/expire_collection.sql", EXPIRY, [
    [
      "it expires while a job is open",
      "and not exists (select from headway.job j where j.collection_id = c.id and j.finished_at is null)",
      "",
    ],
    ["it expires before its time", "and (expires_at <= clock_timestamp() or deletion_requested_at is not null)", ""],
    ["who asked for it is forgotten", "changed_by = coalesce(deletion_requested_by, p_actor)", "changed_by = p_actor"],
    [
      "its name is taken forever",
      "name = id::text, description = null, metadata = '{}'",
      "description = null, metadata = '{}'",
    ],
    ["what it was about can still be read", "name = id::text, description = null, metadata = '{}'", "name = id::text"],
    [
      "it decides beside a submit",
      "perform headway.lock_collections(array[p_collection]);",
      "",
      { tests: ["engine/locks"] },
    ],
  ]),
  ...of("sql/functions/expiry/empty_collection.sql", EXPIRY, [
    [
      "what is not EXPIRED is emptied",
      "and status = 'EXPIRED' and emptied_at is null for",
      "and emptied_at is null for",
    ],
    [
      "files stay",
      "insert into headway.blob_deletion (prefix, project_id) select 'sources/' || id, project_id from gone on conflict do nothing;",
      "select 1 into v_rows from gone limit 1;",
    ],
    [
      "chunks stay",
      "delete from headway.chunk where id in (select id from headway.chunk where document_id = any (v_ids) limit p_limit);",
      "perform 1 where false;",
    ],
    [
      "options can still be read",
      "update headway.job set options = '{}', change_message = null",
      "update headway.job set change_message = null",
    ],
    ["refusals can still be read", "delete from headway.options_check where job_id = v_next;", ""],
    [
      "the output of a summary can still be read",
      "update headway.job_summary set output = null where output is not null and job_id = v_next;",
      "",
    ],
    [
      "messages of the history can still be read",
      "if v_positions is not null then update headway.status_change set message = null where collection_id = p_collection and position = any (v_positions); end if;",
      "",
    ],
  ]),
  ...of("sql/functions/expiry/empty_tasks.sql", EXPIRY, [
    ["artifacts stay", "delete from headway.artifact where task_id = any (p_tasks);", ""],
    ["outputs of stages can still be read", "delete from headway.stage_output where task_id = any (p_tasks);", ""],
    ["names of documents can still be read", "document_name = null, progress_message", "progress_message"],
    ["stacks can still be read", "error_stack = null, warnings", "warnings"],
    ["warnings can still be read", "error_stack = null, warnings = '[]'", "error_stack = null"],
  ]),
  ...of("sql/functions/expiry/empty_entities.sql", EXPIRY, [
    ["what is not EXPIRED loses its entities", "and status = 'EXPIRED' and emptied_at is null", ""],
    [
      "they are shown although they go",
      "delete from headway.named_entity_shown where collection_id = p_collection;",
      "",
    ],
  ]),
  ...of(
    "sql/functions/uploads/release_uploads.sql",
    ["server/uploads"],
    [
      [
        "the bytes go with the first of its documents",
        "and not exists (select from headway.document d where d.upload_id = u.id)",
        "",
      ],
    ],
  ),
  ...of(
    "sql/functions/uploads/remove_uploads.sql",
    ["server/uploads"],
    [
      [
        "an upload goes although documents hold it",
        "and exists (select from headway.document d where d.upload_id = u.id)",
        "and false",
      ],
      [
        "its file stays",
        "select 'uploads/' || id, project_id from gone",
        "select 'uploads/' || id, project_id from gone where false",
      ],
    ],
  ),
  ...of(
    "sql/functions/uploads/move_fetched_blob.sql",
    ["sources/http-source"],
    [
      [
        "what is fetched is removed after a day",
        "delete from headway.blob_deletion where prefix = left(new.blob_key, -6);",
        "null;",
      ],
      ["what was fetched before stays forever", "if old.blob_key like 'sources/%/bytes' then", "if false then"],
    ],
  ),
];
