import { of } from "./of.mjs";

const OPERATIONS = ["engine/operations"];

export default [
  ...of(
    "sql/functions/operation/cancel_tasks.sql",
    ["engine/operations", "engine/jobs"],
    [
      [
        "what runs is cancelled at once",
        "status = case when status = 'RUNNING' then 'RUNNING' else 'CANCELLED' end",
        "status = 'CANCELLED'",
      ],
      [
        "it is asked for twice",
        "or (status is not distinct from 'RUNNING' and cancel_requested_at is null)",
        "or status is not distinct from 'RUNNING'",
      ],
      ["what runs is not asked", "or (status is not distinct from 'RUNNING' and cancel_requested_at is null)", ""],
      ["what waits goes on waiting", "status is not distinct from 'WAITING' or status", "status"],
      ["workers hear of it at their next heartbeat only", "':cancel', '')", "':never', '')"],
      [
        "the reason is lost",
        "change_message = p_by->>'reason', cancel_requested_at",
        "change_message = null, cancel_requested_at",
      ],
    ],
  ),
  ...of("sql/functions/operation/retry_tasks.sql", OPERATIONS, [
    [
      "what runs again by now is put back once more",
      "and (t.status is not distinct from 'FAILED' or t.status is not distinct from 'CANCELLED')",
      "",
    ],
    [
      "a retry from the first stage begins at the failed one",
      "case when p_by->>'from' = 'FIRST_STAGE' or stage is null then",
      "case when stage is null then",
    ],
    [
      "a retry from the failed stage begins at the first",
      "case when p_by->>'from' = 'FIRST_STAGE' or stage is null then",
      "case when true then",
    ],
    ["attempts go on where they were", "attempt = 1, crashes = 0, has_crashed = false,", "has_crashed = false,"],
    ["a cancel of before still holds", "cancel_requested_at = null, error_code", "error_code"],
    ["the task stays in the run of before", "run = p_job.run,", ""],
    ["the delay of before still holds", "run_at = clock_timestamp(), started_at", "started_at"],
  ]),
  ...of("sql/functions/operation/is_retryable.sql", OPERATIONS, [
    ["other error codes are taken too", "and p_codes ? p_task.error_code", ""],
    ["what was cancelled is left", "p_task.status in ('FAILED', 'CANCELLED')", "p_task.status in ('FAILED')"],
  ]),
  ...of("sql/functions/operation/tasks_of_operation.sql", OPERATIONS, [
    ["the same tasks come again and again", "and t.ordinal > p_after", ""],
    ["what failed again in this run is retried twice", "and t.run < p_job.run", ""],
    ["the collection task is retried as a document's", "else t.kind = 'DOCUMENT' and", "else"],
    ["what has been asked to stop is asked again", "and t.cancel_requested_at is null", ""],
    [
      "a collection task that waits is cancelled before its documents",
      "(t.status = 'WAITING' and t.kind = 'DOCUMENT')",
      "t.status = 'WAITING'",
    ],
    ["they come in no order", "order by t.ordinal limit", "order by t.ordinal desc limit"],
  ]),
  ...of("sql/functions/operation/advance_operation.sql", OPERATIONS, [
    [
      "it goes on beside others who decide",
      "perform headway.lock_collections(array(select collection_id from headway.job where id = p_job));",
      "",
      { tests: ["engine/locks"] },
    ],
    ["its end settles nothing", "if not v_more then perform headway.converge(p_job, 'system:converge'); end if;", ""],
    [
      "it is never over",
      "operation = case when v_more then operation || jsonb_build_object('after', v_after) end",
      "operation = operation || jsonb_build_object('after', v_after)",
    ],
    [
      "it is over after the first step",
      "operation = case when v_more then operation || jsonb_build_object('after', v_after) end",
      "operation = null",
    ],
    [
      "a step is as long as the job",
      "exit when not v_more or v_done >= c_rows_a_step or clock_timestamp() - v_began > c_time_a_step;",
      "exit when not v_more;",
    ],
    ["no hint goes out for what was retried", "v_retried := v_retried || v_tasks;", ""],
    [
      "progress of a retry begins at what was settled before",
      "when j.operation->>'kind' = 'RETRY' then completed + failed + cancelled + skipped",
      "when false then 0",
    ],
  ]),
];
