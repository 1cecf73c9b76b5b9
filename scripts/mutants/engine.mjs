import { of } from "./of.mjs";

export default [
  ...of(
    "src/engine/cancel/cancel.ts",
    ["engine/jobs", "engine/operations"],
    [
      [
        "a job of another project is cancelled",
        '"select status from headway.job where id = $1 and project_id = $2"',
        '"select status from headway.job where id = $1 and $2::uuid is not null"',
        { tests: ["graphql/access/projects"] },
      ],
      [
        "a task of another project is cancelled",
        "from headway.task where id = $1 and project_id = $2",
        "from headway.task where id = $1 and $2::uuid is not null",
        { tests: ["graphql/access/projects"] },
      ],
      ["asking again is another request", 'if (job.status === "CANCELLING") return null;', ""],
      [
        "a settled job is cancelled",
        'if (why !== null) throw new UserFault("NOT_CANCELLABLE", whyTo(actor, why, NOT_NOW), ["jobId"]);',
        "",
      ],
      [
        "a settled task is cancelled",
        'if (why !== null) throw new UserFault("NOT_CANCELLABLE", whyTo(actor, why, NOT_NOW), ["taskId"]);',
        "",
      ],
      [
        "the job does not settle with its last task",
        `await tx.query("select headway.converge($1, 'system:converge')", [task.jobId]);`,
        "",
      ],
      [
        "what a request leaves waits for the sweep",
        "if (step?.more === true) await finishOperation(deps, jobId);",
        "",
        { tests: ["engine/operations"] },
      ],
    ],
  ),
  ...of(
    "src/engine/retry/retry.ts",
    ["engine/operations"],
    [
      ["what can't be retried is retried", 'refuseIf(actor, target, whyNotRetryJob(target), "jobId");', ""],
      ["a retry of nothing opens the job", "if (count.documents + count.collections === 0) {", "if (false) {"],
      ["retried work waits for its poll", "dispatch(deps, step.due); if (step.more)", "if (step.more)"],
      [
        "a retry of a task keeps the job settled",
        "if (isSettled) await reopenJob(tx, target, retry, null);",
        "if (false) await reopenJob(tx, target, retry, null);",
      ],
      ["what a request leaves waits for the sweep", "if (step.more) await finishOperation(deps, jobId);", ""],
    ],
  ),
  ...of(
    "src/engine/submit/submit.ts",
    ["graphql/job/idempotency", "engine/jobs"],
    [
      ["another body under the key is the same request", "if (found.request_hash !== requestHash) {", "if (false) {"],
      [
        "the key of another project is this one's",
        '"select id, request_hash from headway.job where project_id = $1 and idempotency_key = $2"',
        '"select id, request_hash from headway.job where $1::uuid is not null and idempotency_key = $2"',
        { tests: ["graphql/access/projects", "graphql/job/idempotency"] },
      ],
      [
        "whoever comes second at the same moment is refused",
        "if (winner) return winner;",
        "",
        { tests: ["faults/f05"] },
      ],
      ["equal requests hash unlike", "([a], [b]) => (a < b ? -1 : 1)", "() => 0"],
    ],
  ),
  ...of(
    "src/engine/uploads/uploads.ts",
    ["engine/uploads"],
    [
      [
        "bytes count although the sweep may have removed them",
        "where prefix = $4 and delete_after > clock_timestamp() and exists",
        "where prefix = $4 and exists",
      ],
      [
        "an upload that has expired is completed",
        "where id = $1 and completed_at is null and expires_at > clock_timestamp() for update",
        "where id = $1 and completed_at is null for update",
      ],
      [
        "the second to complete it wins",
        "where id = $1 and completed_at is null and expires_at",
        "where id = $1 and expires_at",
      ],
      [
        "bytes of an upload stay booked for deletion",
        "delete from headway.blob_deletion where prefix = $4 and delete_after > clock_timestamp() and exists (select from open)",
        "update headway.blob_deletion set delete_after = delete_after where prefix = $4 and delete_after > clock_timestamp() and exists (select from open)",
      ],
    ],
  ),
];
