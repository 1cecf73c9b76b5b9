import { of } from "./of.mjs";

const LATE = ["worker/late-writes"];

export default [
  ...of("src/worker/staging.ts", LATE, [
    [
      "text is staged whoever has the task",
      "select $1, $2, $3, $4, $5, $6 where ${MINE}",
      "select $1, $2, $3, $4, $5, $6",
    ],
    [
      "chunks are staged whoever has the task",
      "as n(id, ordinal, text, page, start_offset, end_offset, embedding, page_end, headings, context, part, kind) where ${MINE}",
      "as n(id, ordinal, text, page, start_offset, end_offset, embedding, page_end, headings, context, part, kind)",
    ],
    [
      "whoever once had the task may stage",
      "where id = $3 and fence = $4 and status = 'RUNNING')",
      "where id = $3 and status is not null)",
    ],
    [
      "what open tasks have staged is removed",
      "and not exists (select from headway.task t where t.document_id = d.id and t.status in ('QUEUED', 'RUNNING'))",
      "",
    ],
    ["what readers see is removed", "and (x.task_id, x.fence) is distinct from (d.content_task_id, d.${fence})", ""],
    ["chunks of a longer list before stay", "and ordinal >= $4", "and ordinal > $4", { tests: ["worker/staging"] }],
    [
      "chunks are read in no order",
      "and ordinal > $4 order by ordinal limit $5",
      "and ordinal > $4 order by ordinal desc limit $5",
      { tests: ["worker/staging"] },
    ],
  ]),
  ...of("src/worker/staging-entities.ts", LATE, [
    [
      "whoever once had the task may stage",
      "where id = $2 and fence = $3 and status = 'RUNNING')",
      "where id = $2 and status is not null)",
    ],
  ]),
  ...of("src/engine/uploads/artifacts.ts", LATE, [
    [
      "a file is kept whoever has the task",
      "where id = $4 and fence = $5 and status = 'RUNNING')",
      "where id = $4 and status is not null)",
    ],
  ]),
  ...of(
    "src/worker/runs.ts",
    ["worker/worker.test"],
    [
      ["what is given back holds its slot forever", "this.#running.delete(key);", ""],
      ["who waits for room is not told", "this.#onEnd();", "", { tests: ["worker/loop"] }],
      [
        "work is not asked to stop",
        'for (const { stop } of this.#running.values()) stop.abort(new Stopped("shutting down"));',
        "",
      ],
    ],
  ),
  ...of(
    "src/worker/worker.ts",
    ["worker/worker.test", "worker/loop"],
    [
      ["it claims while it stops", "while (!this.#stopping) { const claimed", "while (true) { const claimed"],
      ["it takes more than it has room for", "const limit = this.#free;", "const limit = this.#settings.concurrency;"],
      [
        "a hint does not wake it",
        'await failpoint("hint.before_claim"); this.#wake.raise();',
        'await failpoint("hint.before_claim");',
      ],
      ["it waits for its poll though more is due", 'if (claimed !== "all" || this.#free <= 0)', "if (true)"],
      ["what runs is not waited for", 'await endOf("Ending running tasks", graceMs, all);', ""],
      ["it does not say that it has stopped", "await this.#row.stopped();", ""],
    ],
  ),
  ...of(
    "src/worker/heartbeat.ts",
    ["worker/loop", "engine/flush/leases"],
    [
      ["who has lost its lease is not told", "for (const id of lost) byId.get(id)?.onLost();", ""],
      ["who is to be cancelled is not told", "for (const id of cancelled) byId.get(id)?.onCancelRequested();", ""],
      ["progress within a stage falls", "fraction: Math.max(claim.progress.fraction, bounded),", "fraction: bounded,"],
      [
        "an older claim that ends takes the newer one's heartbeat away",
        "if (this.#running.get(claim.taskId) === claim) this.#running.delete(claim.taskId);",
        "this.#running.delete(claim.taskId);",
      ],
      ["it waits for its worker's row", "for no key update skip locked))", "for no key update))"],
    ],
  ),
  ...of(
    "src/reconciler/expired-leases.ts",
    ["engine/flush/fences", "worker/worker.test"],
    [
      [
        "what is not expired is rescued",
        "and lease_expires_at < clock_timestamp() and id",
        "and id",
        { harmless: "the flush looks once more, at the row that it has locked: only time is lost" },
      ],
      ["the flush does not look once more", "expired: true,", "expired: false,", { tests: ["faults/f17"] }],
    ],
  ),
  ...of(
    "src/reconciler/cancel-deadlines.ts",
    ["engine/jobs", "worker/loop"],
    [
      [
        "work is cancelled before its deadline",
        "and (cancel_requested_at < clock_timestamp() - make_interval(secs => $2::float8 / 1000)",
        "and (($2::float8 is not null and cancel_requested_at is not null)",
      ],
    ],
  ),
];
