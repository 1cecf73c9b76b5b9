import { of } from "./of.mjs";

const FENCES = ["engine/flush/fences"];
const SUSPECTS = ["engine/flush/suspects", "engine/flush/dead-workers"];
const DUE = ["engine/flush/due"];

export default [
  ...of("sql/functions/claim/heartbeat.sql", FENCES, [
    [
      "an older claim renews the lease of the one that came after it",
      "join headway.task t on t.id = p.task and t.fence = p.fence and t.worker_id = p_worker where t.status = 'RUNNING' order by",
      "join headway.task t on t.id = p.task and t.worker_id = p_worker where t.status = 'RUNNING' order by",
    ],
    [
      "another worker renews the lease",
      "join headway.task t on t.id = p.task and t.fence = p.fence and t.worker_id = p_worker where t.status = 'RUNNING' order by",
      "join headway.task t on t.id = p.task and t.fence = p.fence where t.status = 'RUNNING' order by",
    ],
    [
      "a task that has ended gets a lease",
      "where t.status = 'RUNNING' order by t.id for no key update",
      "order by t.id for no key update",
      { harmless: "what has ended has no worker, and only the worker's own tasks are renewed" },
    ],
    ["it waits for a row that is being written", "for no key update of t skip locked", "for no key update of t"],
    [
      "an older claim does not hear that it is lost",
      "left join headway.task t on t.id = p.task and t.fence = p.fence and t.worker_id",
      "left join headway.task t on t.id = p.task and t.worker_id",
    ],
    [
      "who has ended does not hear that it is lost",
      "t.worker_id = p_worker and t.status = 'RUNNING' where t.id is null",
      "t.worker_id = p_worker where t.id is null",
      { harmless: "what has ended has no worker, and is not found by it" },
    ],
    [
      "an older claim hears of a cancel that is not its own",
      "join headway.task t on t.id = p.task and t.fence = p.fence and t.worker_id = p_worker and t.status = 'RUNNING' where t.cancel_requested_at",
      "join headway.task t on t.id = p.task and t.worker_id = p_worker and t.status = 'RUNNING' where t.cancel_requested_at",
    ],
    ["everybody hears of a cancel", "where t.cancel_requested_at is not null", ""],
    ["progress falls", "greatest(t.progress, coalesce(p.progress, 0))", "coalesce(p.progress, t.progress)"],
    [
      "progress of another stage counts",
      "progress = case when t.stage = p.stage then greatest",
      "progress = case when true then greatest",
    ],
    [
      "a message of another stage counts",
      "progress_message = case when t.stage = p.stage then",
      "progress_message = case when true then",
    ],
    ["what was passed over is not told", "where p.task <> all (v_renewed)", "where false"],
    ["a beat without a message takes the last one away", "coalesce(p.message, t.progress_message)", "p.message"],
  ]),
  ...of(
    "sql/functions/claim/claimed.sql",
    ["worker/worker.test", "engine/flush/recorder"],
    [
      [
        "a stage gets its own output as its input",
        "array_position(s.stages, t.stage) - 1",
        "array_position(s.stages, t.stage)",
      ],
      ["the lowest priority comes first", "order by t.priority desc", "order by t.priority"],
    ],
  ),
  ...of(
    "sql/functions/claim/why_not_run.sql",
    ["engine/versions", "graphql/job/waiting"],
    [
      ["a later version is no reason", "when (p_serves->p_pipeline->>'version')::int < p_version then 'VERSION'", ""],
      ["the same version is a reason", "::int < p_version then", "::int <= p_version then"],
      ["a stage that is missing is no reason", "when not p_serves->p_pipeline->'stages' ? p_stage then 'STAGE'", ""],
      ["options that were accepted are a reason", "and o.refusal is not null", ""],
      ["another version's refusal is a reason", "and o.pipeline_version = (p_serves->p_pipeline->>'version')::int", ""],
    ],
  ),
  ...of(
    "sql/functions/claim/take_due.sql",
    ["engine/flush/flushes", "engine/jobs"],
    [
      ["what is due later is taken now", "and d.run_at <= v_now", "", { tests: DUE }],
      [
        "the last comes first",
        "order by d.run_at, d.ordinal limit p_limit",
        "order by d.run_at desc, d.ordinal desc limit p_limit",
      ],
      [
        "what is paused is taken",
        "and not exists ( select from headway.pipeline_pause p where p.project_id = j.project_id and p.pipeline = j.pipeline)",
        "",
        { tests: DUE },
      ],
      [
        "more is taken than was asked for",
        ") x order by x.run_at, x.ordinal limit p_limit",
        ") x order by x.run_at, x.ordinal",
        { tests: DUE },
      ],
      [
        "work at a stage that the worker lacks is taken",
        "and d.stage = s.stage and d.status = 'QUEUED' and d.run_at",
        "and d.status = 'QUEUED' and d.run_at",
        { tests: DUE },
      ],
      [
        "suspects run beside others",
        "and d.run_at <= v_now and not d.is_suspect",
        "and d.run_at <= v_now",
        { tests: ["engine/flush/suspects"] },
      ],
    ],
  ),
  ...of("sql/functions/claim/take_suspect.sql", SUSPECTS, [
    [
      "a suspect that somebody has taken is taken again",
      "and t.is_suspect and t.status is not distinct from 'QUEUED'",
      "and t.is_suspect",
      { harmless: "suspects_due has found it QUEUED a moment before, and guard_task refuses a second claim" },
    ],
    [
      "a suspect that is cleared is taken",
      "and t.is_suspect and t.status",
      "and t.status",
      {
        harmless:
          "suspects_due has found it one a moment before, and one that runs alone without need is none the worse",
      },
    ],
    [
      "a suspect of a job that is to be cancelled is taken",
      "and j.cancel_requested_at is null and not",
      "and not",
      { harmless: "suspects_due leaves such jobs out; what is cancelled in between ends with its first stage" },
    ],
    ["it waits for a row that is being written", "for no key update of t skip locked);", "for no key update of t);"],
    [
      "it decides beside who holds the collection alone",
      "elsif pg_try_advisory_xact_lock_shared( hashtextextended(s.collection_id::text, 'headway.collection'::regclass::oid::bigint)) and",
      "elsif",
    ],
    ["two take all suspects", "if cardinality(taken) > 0 then return; end if;", ""],
  ]),
  ...of("sql/functions/claim/suspects_due.sql", SUSPECTS, [
    ["a suspect that is due later is taken now", "and t.run_at <= clock_timestamp()", ""],
    ["a suspect of a later version is taken", "and j.pipeline_version <= v.version and", "and"],
    ["a suspect at a stage that the worker lacks is taken", "and p_serves->t.pipeline->'stages' ? t.stage", ""],
    ["a suspect whose options are refused is taken", "and o.refusal is null", ""],
    [
      "a suspect of a paused pipeline is taken",
      "and not exists ( select from headway.pipeline_pause p where p.project_id = t.project_id and p.pipeline = t.pipeline)",
      "",
    ],
  ]),
  ...of("sql/functions/claim/worker_died.sql", SUSPECTS, [
    [
      "a claim under way is not waited for",
      "perform pg_advisory_xact_lock(hashtextextended(p_worker::text, 'headway.worker'::regclass::oid::bigint));",
      "",
    ],
    [
      "what has ended is given back",
      "where worker_id = p_worker and status = 'RUNNING')",
      "where worker_id = p_worker)",
      { harmless: "what has ended has no worker" },
    ],
    [
      "what others hold is given back",
      "where worker_id = p_worker and status = 'RUNNING')",
      "where status = 'RUNNING')",
    ],
    [
      "it still takes work",
      "set died_at = clock_timestamp(), stopped_at = clock_timestamp(), running = 0",
      "set running = 0",
    ],
  ]),
  ...of("sql/functions/claim/renew_leases.sql", SUSPECTS, [
    [
      "leases of others are renewed",
      "where worker_id = p_worker and status = 'RUNNING' order by",
      "where status = 'RUNNING' order by",
    ],
    [
      "no lease is renewed",
      "greatest(lease_expires_at, clock_timestamp()",
      "least(lease_expires_at, clock_timestamp()",
    ],
    [
      "it waits for a row that is being written",
      "order by id for no key update skip locked);",
      "order by id for no key update);",
    ],
  ]),
  ...of(
    "sql/functions/claim/claimable.sql",
    ["engine/flush/fair-turns", "faults/f40"],
    [
      [
        "a dead worker gets something",
        "and coalesce(died_at, stopped_at) is not null",
        "and false",
        { tests: SUSPECTS },
      ],
      [
        "a claim does not hold up who says that its worker is dead",
        "perform pg_advisory_xact_lock_shared( hashtextextended(p_claim->>'worker', 'headway.worker'::regclass::oid::bigint));",
        "",
        { tests: SUSPECTS },
      ],
      [
        "it decides beside who holds the collection alone",
        "if pg_try_advisory_xact_lock_shared( hashtextextended(j.collection_id::text, 'headway.collection'::regclass::oid::bigint)) and",
        "if",
      ],
      [
        "a job whose options are refused gets a turn",
        "continue when j.is_refused;",
        "",
        { tests: ["engine/versions"] },
      ],
      ["pauses are no reason", "where p.project_id = v_project and p.pipeline = (l).pipeline", "where false"],
      [
        "what is due now is not marked",
        "is_held := headway.mark_due();",
        "",
        { tests: ["engine/flush/fair-turns", "engine/jobs"] },
      ],
    ],
  ),
  ...of(
    "sql/functions/claim/jobs_in_turn.sql",
    ["engine/flush/fair-turns"],
    [
      ["jobs before the place have no turn", "and (x.ring, x.job_id) <= (p_ring, p_job)", "and false"],
      ["the turn begins at the first", "and (x.ring, x.job_id) > (p_ring, p_job)", "and true"],
      [
        "jobs of other projects have a turn",
        "and x.stage = l.stage and x.project_id = p_project and x.priority = p_priority and (x.ring, x.job_id) > (p_ring, p_job)",
        "and x.stage = l.stage and x.priority = p_priority and (x.ring, x.job_id) > (p_ring, p_job)",
      ],
    ],
  ),
  ...of(
    "sql/functions/claim/next_project.sql",
    ["engine/flush/fair-turns"],
    [["behind the last project comes none", "v_after := c_before_all;", "exit;"]],
  ),
  ...of(
    "sql/functions/claim/next_priority.sql",
    ["engine/flush/fair-turns"],
    [["the lowest priority comes first", "order by n.priority desc limit 1);", "order by n.priority limit 1);"]],
  ),
  ...of(
    "sql/functions/claim/turn_shares.sql",
    ["engine/flush/fair-turns"],
    [
      ["what small jobs leave is not used", "while p_all loop", "while false loop"],
      ["what can't be divided is left", "+ (x.n > v_each and x.place <= v_spare)::int from", "from"],
    ],
  ),
  ...of(
    "sql/functions/claim/claim_tasks.sql",
    ["engine/flush/leases", "engine/flush/recorder"],
    [
      [
        "a lease runs while its claim waits",
        "v_now := clock_timestamp();",
        "v_now := statement_timestamp();",
        { harmless: "a claim waits for 100 ms at most, and then asks again: a lease is shorter by that" },
      ],
      ["a claim keeps the fence of the one before", "fence = fence + 1, claim_id", "claim_id"],
      [
        "the job does not start",
        "where status = 'QUEUED' and id = any (array(select distinct job_id",
        "where false and id = any (array(select distinct job_id",
        { tests: ["engine/jobs"] },
      ],
      [
        "it forgets when the task was first started",
        "started_at = coalesce(started_at, v_now)",
        "started_at = v_now",
        { tests: ["engine/flush/fences"] },
      ],
    ],
  ),
];
