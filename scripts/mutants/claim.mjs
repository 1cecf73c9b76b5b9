import { of } from "./of.mjs";

const FENCES = ["engine/flush/fences"];

export default [
  ...of("sql/functions/claim/heartbeat.sql", FENCES, [
    [
      "an older claim renews the lease of the one that came after it",
      "join headway.task t on t.id = p.task and t.fence = p.fence where t.status = 'RUNNING' order by",
      "join headway.task t on t.id = p.task where t.status = 'RUNNING' order by",
    ],
    [
      "a task that has ended gets a lease",
      "where t.status = 'RUNNING' order by t.id for no key update",
      "order by t.id for no key update",
    ],
    ["it waits for a row that is being written", "for no key update of t skip locked", "for no key update of t"],
    [
      "an older claim does not hear that it is lost",
      "left join headway.task t on t.id = p.task and t.fence = p.fence and t.status",
      "left join headway.task t on t.id = p.task and t.status",
    ],
    [
      "who has ended does not hear that it is lost",
      "t.fence = p.fence and t.status = 'RUNNING' where t.id is null",
      "t.fence = p.fence where t.id is null",
    ],
    [
      "an older claim hears of a cancel that is not its own",
      "join headway.task t on t.id = p.task and t.fence = p.fence and t.status = 'RUNNING' where t.cancel_requested_at",
      "join headway.task t on t.id = p.task and t.status = 'RUNNING' where t.cancel_requested_at",
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
      ["what is due later is taken now", "and d.run_at <= v_now", ""],
      [
        "the last comes first",
        "order by d.run_at, d.ordinal limit p_limit",
        "order by d.run_at desc, d.ordinal desc limit p_limit",
      ],
      [
        "what is paused is taken",
        "and not exists ( select from headway.pipeline_pause p where p.project_id = j.project_id and p.pipeline = j.pipeline)",
        "",
        { tests: ["faults/f40", "graphql/operations"] },
      ],
      [
        "more is taken than was asked for",
        ") x order by x.run_at, x.ordinal limit p_limit",
        ") x order by x.run_at, x.ordinal",
        { tests: ["engine/flush/recorder", "engine/versions"] },
      ],
      [
        "work at a stage that the worker lacks is taken",
        "and d.stage = s.stage and d.status = 'QUEUED' and d.run_at",
        "and d.status = 'QUEUED' and d.run_at",
        { tests: ["engine/versions"] },
      ],
    ],
  ),
  ...of(
    "sql/functions/claim/claim_tasks.sql",
    ["engine/flush/leases", "engine/flush/recorder"],
    [
      ["a lease runs while its claim waits", "v_now := clock_timestamp();", "v_now := statement_timestamp();"],
      ["a claim keeps the fence of the one before", "fence = fence + 1, claim_id", "claim_id"],
      [
        "the job does not start",
        "where status = 'QUEUED' and id = any (array(select distinct job_id",
        "where false and id = any (array(select distinct job_id",
      ],
      [
        "progress of the claim before stands",
        "progress = 0, progress_message = null, started_at",
        "started_at",
        { tests: ["engine/flush/fences"] },
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
