import { of } from "./of.mjs";

export default [
  ...of(
    "sql/functions/converge/roll_up.sql",
    ["lifecycle/roll-up.test"],
    [
      ["a job with open tasks settles", "if p_open > 0 then return; end if;", ""],
      [
        "a cancelled job's collection task runs",
        "if p_cancel_requested then status := 'CANCELLED'; reason := 'CANCELLED_BY_REQUEST'; elsif",
        "if",
      ],
      [
        "what is SKIPPED counts as nothing to do",
        "elsif p_completed + p_skipped = 0 then status",
        "elsif p_completed = 0 then status",
      ],
      ["an unchanged collection is done again", "and p_same_documents then", "and false then"],
      [
        "a failure counts as unchanged",
        "elsif p_completed + p_failed + p_cancelled = 0",
        "elsif p_completed + p_cancelled = 0",
      ],
      [
        "a job settles while its collection task runs",
        "if p_collection_task in ('QUEUED', 'RUNNING') then return; end if;",
        "",
      ],
      [
        "a job that was cancelled too late is CANCELLED",
        "p_cancel_requested and v_some_cancelled then",
        "p_cancel_requested then",
      ],
      ["a failed collection task is forgotten", "when p_collection_task = 'FAILED' then 'FAILED'", ""],
      ["a cancelled collection task is forgotten", "or p_collection_task is not distinct from 'CANCELLED'", ""],
      [
        "failures beside cancels are forgotten",
        "case when p_failed > 0 then 'FAILED' else 'CANCELLED' end",
        "'CANCELLED'",
      ],
      [
        "failures beside completions are forgotten",
        "when p_failed > 0 or v_some_cancelled then",
        "when v_some_cancelled then",
      ],
    ],
  ),
  ...of(
    "sql/functions/converge/converge.sql",
    ["engine/jobs", "graphql/job/bulk"],
    [
      [
        "a job settles before a retry has come to all of its tasks",
        "if j.operation->>'kind' = 'RETRY' then return v_changes; end if;",
        "",
        { tests: ["engine/operations"] },
      ],
      [
        "two at once both write the summary",
        "perform headway.lock_history(v_collection);",
        "",
        { tests: ["engine/locks"] },
      ],
      [
        "it decides beside whoever holds the collection alone",
        "perform headway.share_collections(v_collection);",
        "",
        { tests: ["engine/locks"] },
      ],
      [
        "a job of an INCREMENTAL mode is not looked at",
        "and j.mode = 'INCREMENTAL'",
        "",
        { tests: ["graphql/job/incremental"] },
      ],
      ["a cancel is not told to the roll-up", "j.cancel_requested_at is not null,", "false,"],
      ["there is no summary", "perform headway.keep_summary(p_job, v_next.status);", ""],
      ["the collection stays PROCESSING", "where id = j.collection_id and status = 'PROCESSING';", "where false;"],
    ],
  ),
  ...of(
    "sql/functions/converge/saw_same_documents.sql",
    ["engine/unchanged-collection", "graphql/job/incremental"],
    [
      ["other stages before count", "and before.document_stages = j.document_stages", ""],
      ["other options before count", "and before.options = j.options", ""],
      ["another version before counts", "and c.pipeline_version = j.pipeline_version", ""],
      ["another pipeline before counts", "and before.pipeline = j.pipeline", ""],
      ["a collection task that failed before counts", "and c.status = 'COMPLETED'", ""],
      ["the oldest before counts", "order by c.finished_at desc", "order by c.finished_at"],
    ],
  ),
  ...of(
    "sql/functions/converge/documents_seen.sql",
    ["graphql/job/incremental"],
    [
      [
        "a document of other content is the same",
        "content_sha256 is not null then content_sha256 else",
        "content_sha256 is not null then '' else",
      ],
      ["what failed is the same", "status in ('COMPLETED', 'SKIPPED') and", ""],
    ],
  ),
  ...of(
    "sql/functions/converge/keep_summary.sql",
    ["engine/jobs", "lifecycle", "graphql/job"],
    [
      ["errors are in no order", "order by g.count desc, g.code, g.stage", "order by g.count, g.code desc, g.stage"],
      ["what has not failed is among the errors", "and status = 'FAILED' group by", "group by"],
      ["the first collection stage's output stands", "order by s.place desc))[1]", "order by s.place))[1]"],
      [
        "a later run keeps the earlier one's summary",
        "do update set run = excluded.run, status = excluded.status, counts = excluded.counts,",
        "do update set",
      ],
    ],
  ),
];
