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
];
