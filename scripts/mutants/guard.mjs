import { of } from "./of.mjs";

const GUARD = ["engine/guard.test", "faults/f15"];
const FLUSHES = ["engine/flush/flushes", "engine/flush/recorder"];
const LOCKS = ["engine/locks"];

export default [
  ...of("sql/functions/guard/guard_task.sql", GUARD, [
    [
      "a task moves to another job",
      "raise exception 'task %: id, job, collection, project and kind never change', old.id;",
      "null;",
    ],
    [
      "lease and progress move while it waits",
      "if old.status <> 'RUNNING' and (new.lease_expires_at",
      "if false and (new.lease_expires_at",
    ],
    ["a stale save is taken", "if new.version <> old.version + v_steps or new.change_id", "if new.change_id"],
    [
      "one change is written twice",
      "if new.version <> old.version + v_steps or new.change_id = old.change_id then",
      "if new.version <> old.version + v_steps then",
    ],
    ["a fence falls", "if new.fence < old.fence or (old.status", "if (old.status"],
    [
      "a claim keeps the fence of the one before",
      "or (old.status = 'QUEUED' and new.status = 'RUNNING' and new.fence <> old.fence + 1)",
      "",
    ],
    [
      "a stage starts that runs already",
      "raise exception 'task %: STAGE_STARTED must name another stage than %', old.id, old.stage;",
      "null;",
    ],
    ["a cancel is recorded twice", "raise exception 'task %: a cancel has been requested already', old.id;", "null;"],
    [
      "times fall when the clock does",
      "new.status_changed_at := greatest(clock_timestamp(), old.status_changed_at);",
      "new.status_changed_at := clock_timestamp();",
    ],
    ["anybody may empty the message of an error", "and current_setting('headway_duty.name', true) = 'expiry'", ""],
  ]),
  ...of("sql/functions/guard/guard_job.sql", GUARD, [
    ["counters are written by hand", "and pg_trigger_depth() < 2 then", "and false then"],
    [
      "a job moves to another collection",
      "raise exception 'job %: id, collection and project never change', old.id;",
      "null;",
    ],
    [
      "a stale save is taken",
      "perform headway.assert_next_change('JOB', old.id, old.version, new.version, old.change_id, new.change_id);",
      "",
    ],
    [
      "any status follows any other",
      "perform headway.assert_transition('JOB', old.id, old.status, new.status, new.change_reason);",
      "",
    ],
    ["times fall when the clock does", "greatest(clock_timestamp(), old.status_changed_at)", "clock_timestamp()"],
  ]),
  ...of("sql/functions/guard/guard_collection.sql", GUARD, [
    [
      "a stale save is taken",
      "perform headway.assert_next_change('COLLECTION', old.id, old.version, new.version, old.change_id, new.change_id);",
      "",
    ],
    [
      "any status follows any other",
      "perform headway.assert_transition('COLLECTION', old.id, old.status, new.status, new.change_reason);",
      "",
    ],
    ["times fall when the clock does", "greatest(clock_timestamp(), old.status_changed_at)", "clock_timestamp()"],
  ]),
  ...of("sql/functions/guard/guard_birth.sql", GUARD, [
    ["a row is born with a version of its own", "if new.version <> 1 then", "if false then"],
    [
      "a row is born in any status",
      "perform headway.assert_transition(v_level, new.id, null, new.status, new.change_reason);",
      "null;",
    ],
  ]),
  ...of("sql/functions/guard/assert_transition.sql", GUARD, [
    ["any reason will do", "and to_status = p_to and reason = p_reason", "and to_status = p_to"],
    ["the way from any status is open", "from_status is not distinct from p_from and", ""],
    ["one level's transitions are another's", "where level = p_level and", "where"],
  ]),
  ...of("sql/functions/guard/guard_history.sql", GUARD, [
    ["anybody writes the history", "if pg_trigger_depth() < 2 then", "if false then"],
    [
      "anybody edits the history",
      "if tg_op = 'UPDATE' and current_setting('headway_duty.name', true) = 'expiry' then",
      "if tg_op = 'UPDATE' then",
    ],
    ["expiry deletes the history", "if tg_op = 'UPDATE' and current_setting", "if current_setting"],
  ]),
  ...of("sql/functions/guard/guard_history_row.sql", GUARD, [
    ["expiry writes messages", "new.message is not null or", ""],
    [
      "expiry edits more than messages",
      "or (to_jsonb(new) - 'message') is distinct from (to_jsonb(old) - 'message')",
      "",
    ],
  ]),
  ...of("sql/functions/guard/forbid_delete.sql", GUARD, [
    [
      "what happened is deleted",
      "raise exception '% of % is refused', tg_op, tg_table_name using hint = 'What happened stays on record; contents are removed by expiry.';",
      "return null;",
    ],
  ]),
  ...of("sql/functions/guard/check_task_parents.sql", FLUSHES, [
    ["a task's job is another collection's", "and j.collection_id = n.collection_id", ""],
    ["a task's job is another project's", "and j.project_id = n.project_id", ""],
  ]),
  ...of("sql/functions/guard/check_output_task.sql", FLUSHES, [
    ["there is an output of no task", "if found then", "if false then"],
  ]),
  ...of("sql/functions/locks/lock_collections.sql", LOCKS, [
    [
      "two decide about a collection at once",
      "perform pg_advisory_xact_lock(v_key);",
      "perform pg_advisory_xact_lock_shared(v_key);",
    ],
    [
      "they are taken in the order in which they are named",
      "where id is not null order by 1",
      "where id is not null order by random()",
    ],
    ["it is decided by what stood before the lock was granted", "perform headway.assert_read_committed();", ""],
  ]),
  ...of("sql/functions/locks/share_collections.sql", LOCKS, [
    ["flushes do not go side by side", "pg_advisory_xact_lock_shared(key)", "pg_advisory_xact_lock(key)"],
    ["a flush is of any isolation", "perform headway.assert_read_committed();", ""],
  ]),
  ...of("sql/functions/locks/lock_history.sql", LOCKS, [
    [
      "two write the history of a collection at once",
      "pg_advisory_xact_lock(key)",
      "pg_advisory_xact_lock_shared(key)",
    ],
    ["history is written in any isolation", "perform headway.assert_read_committed();", ""],
  ]),
  ...of("sql/functions/locks/try_share_collections.sql", LOCKS, [
    ["a flush takes the collection for itself", "pg_try_advisory_xact_lock_shared(", "pg_try_advisory_xact_lock("],
  ]),
  ...of("sql/functions/history/record_collections.sql", LOCKS, [
    [
      "its history is written beside that of another",
      "perform headway.lock_history(array( select n.id from new_rows n join old_rows o on o.id = n.id where n.version <> o.version));",
      "",
    ],
  ]),
  ...of("sql/functions/history/record_jobs.sql", LOCKS, [
    [
      "its history is written beside that of another",
      "perform headway.lock_history(array( select n.collection_id from new_rows n join old_rows o on o.id = n.id where n.version <> o.version));",
      "",
    ],
    [
      "a change without a new version is in the history",
      "where n.version <> o.version order by n.id;",
      "order by n.id;",
      { tests: ["engine/jobs"] },
    ],
  ]),
];
