import { of } from "./of.mjs";

const FENCES = ["engine/flush/fences", "engine/flush/recorder"];
const FLUSHES = ["engine/flush/flushes", "engine/flush/recorder"];
const DUE = ["engine/flush/due"];
const STEPS = ["engine/flush/recorder", "engine/jobs"];

export default of("sql/functions/flush/record_changes.sql", FENCES, [
  ["a write under an older fence is taken", "and t.fence = c.fence and (p_worker", "and (p_worker"],
  ["a worker writes what another has claimed", "and (p_worker is null or t.worker_id = p_worker)", ""],
  [
    "a suspect stays one though it has completed a stage",
    "(t.is_suspect and n.starts = 0)",
    "t.is_suspect",
    { tests: ["engine/flush/suspects"] },
  ],
  [
    "who was lost beside others is no suspect",
    "(n.suspect is true or (t.is_suspect and n.starts = 0))",
    "(t.is_suspect and n.starts = 0)",
    { tests: ["engine/flush/suspects"] },
  ],
  [
    "a lease that was renewed meanwhile is taken for expired",
    "and (c.expired is not true or t.lease_expires_at < v_now)",
    "",
  ],
  [
    "what has ended is changed",
    "where t.id = c.task and t.status is not distinct from 'RUNNING' offset 0",
    "where t.id = c.task offset 0",
    { tests: DUE },
  ],
  [
    "a flush that is sent twice is recorded twice",
    "and case when c.first is null then t.change_id <> c.change else c.first = t.recorded_step + 1 end",
    "",
    { tests: FLUSHES },
  ],
  ["what is held is recorded all the same", "where t.id <> all (v_held) and", "where", { tests: DUE }],
  [
    "rows are locked in no order",
    "order by id for no key update;",
    "order by id desc for no key update;",
    { harmless: "so they are for every flush: any one order keeps two of them apart" },
  ],
  [
    "rows are read before they are locked",
    "perform from headway.task where id = any (v_tasks) and status is not distinct from 'RUNNING' order by id for no key update;",
    "",
    { tests: FLUSHES },
  ],
  ["it does not share its collections", "perform headway.share_collections(v_collections);", "", { tests: DUE }],
  [
    "outputs of earlier claims' files are shown",
    "and a.fence = x.fence and not a.accepted",
    "and not a.accepted",
    { tests: ["worker/late-writes"] },
  ],
  [
    "files of stages that have not ended are shown",
    "and a.stage = any (x.names[x.place : x.place + jsonb_array_length(x.outputs) - 1])",
    "",
    { tests: ["worker/late-writes", "worker/artifacts"] },
  ],
  [
    "a finished result gives way to a cancel",
    "when m.kind = 'complete' then 'COMPLETED' when m.kind = 'skip'",
    "when m.is_cancelled then 'CANCELLED' when m.kind = 'complete' then 'COMPLETED' when m.kind = 'skip'",
    { tests: ["engine/jobs", "engine/random-calls"] },
  ],
  [
    "a failed try after a cancel is tried again",
    "when m.kind = 'deadline' or m.is_cancelled then 'CANCELLED'",
    "when m.kind = 'deadline' then 'CANCELLED'",
    { tests: STEPS },
  ],
  [
    "the last attempt is followed by another",
    "and m.base_attempt < m.base_max_attempts then",
    "and m.base_attempt <= m.base_max_attempts then",
    { tests: ["worker/worker.test"] },
  ],
  [
    "the last crash is followed by another",
    "m.base_crashes + 1 < p_crash_limit",
    "m.base_crashes < p_crash_limit",
    { tests: ["worker/worker.test"] },
  ],
  [
    "a retry does not wait",
    'v_now + make_interval(secs => coalesce(n."delayMs", 0)::float8 / 1000)',
    "v_now",
    { tests: DUE },
  ],
  [
    "a stage begins with a lease that is nearly over",
    "greatest(t.lease_expires_at, v_now + v_lease) end",
    "t.lease_expires_at end",
    { tests: ["engine/flush/leases"] },
  ],
  [
    "facts about documents are lost",
    "perform headway.record_facts(v_applied);",
    "",
    { tests: ["graphql/job/incremental"] },
  ],
  [
    "results are not shown",
    "perform headway.show_results(v_applied);",
    "",
    { tests: ["worker/late-writes", "engine/jobs"] },
  ],
  [
    "the last task does not settle its job",
    "perform headway.converge(v_job); exception",
    "null; exception",
    { tests: ["engine/flush/recorder"] },
  ],
  ["who is refused is not told", "where id not in (select x.id from unnest(v_applied) x)", "where false"],
]);
