import type { WaitingCode } from "../../lifecycle/waiting.js";
import { DEFAULT_STAGE_TIMEOUT_MS } from "../../pipelines/stage-settings.js";
import type { WaitingReason } from "../../model/waiting.js";
import type { EngineDeps } from "../engine.js";
import { closedLimits, placeOf, type ClosedLimit } from "./waiting-limits.js";
import { REPRESENTATIVES } from "./representatives.js";

/** What the answer follows from, read in one statement. Times are the database's. */
interface Facts {
  readonly id: string;
  readonly status: "WAITING" | "QUEUED" | "RUNNING";
  readonly kind: "DOCUMENT" | "COLLECTION";
  readonly pipeline: string;
  /** That the job was submitted with. */
  readonly version: number;
  readonly stage: string | null;
  readonly attempt: number;
  readonly crashes: number;
  /** Of its last change. */
  readonly reason: string;
  readonly errorMessage: string | null;
  readonly now: Date;
  readonly runAt: Date;
  readonly stageSince: Date;
  readonly cancelRequestedAt: Date | null;
  readonly leaseExpiresAt: Date | null;
  readonly pausedReason: string | null;
  readonly holder: string | null;
  readonly holderStatus: string | null;
  /** Workers that can run it whose loop iterates, those whose loop is stalled, and the free slots of the former. */
  readonly workers: number;
  readonly stalled: number;
  readonly free: number;
  /** Workers of its pipeline that go round but can't run it. */
  readonly unable: readonly Unable[];
  /** Due tasks that may be claimed before this one, counted to 10,000. */
  readonly ahead: number;
  /** Suspects that are due before it; null where it is none. */
  readonly isSuspect: boolean;
  readonly documentsOpen: number;
  readonly documents: number;
}

/** What a worker's version of the pipeline lacks for a task. */
interface Unable {
  readonly version: number;
  readonly why: "VERSION" | "STAGE" | "OPTIONS";
  /** What the version says against the job's options; null where that is not why. */
  readonly refusal: string | null;
}

const MAX_AHEAD = 10_000;
/** A due task is taken within a poll where a slot is free; one that is not after this long is not about to be. */
const STUCK_AFTER_MS = 60_000;
/** Clocks are set by less than this all the time. */
const CLOCK_TOLERANCE_MS = 1_000;

/** For each task why it does not move; absent where it moves or is settled. */
export async function whyTasksWait(
  deps: EngineDeps,
  taskIds: readonly string[],
): Promise<ReadonlyMap<string, WaitingReason>> {
  const rows: Facts[] = await deps.db.query(FACTS, [taskIds]);
  const queued = rows.filter(({ status }) => status === "QUEUED");
  const closed = queued.length > 0 ? await closedLimits(deps, queued) : new Map<string, ClosedLimit>();
  const reasons = rows.map((facts) => {
    const limit = closed.get(placeOf(facts.pipeline, facts.stage)) ?? null;
    return [facts.id, explain(deps, facts, limit)] as const;
  });
  return new Map(reasons.filter((entry): entry is readonly [string, WaitingReason] => entry[1] !== null));
}

/**
 * For each open job why it does not move: null when one of its running tasks does, else the reason of the task that
 * would move first.
 */
export async function whyJobsWait(
  deps: EngineDeps,
  jobIds: readonly string[],
): Promise<ReadonlyMap<string, WaitingReason>> {
  const rows: { jobId: string; taskId: string }[] = await deps.db.query(REPRESENTATIVES, [jobIds]);
  const reasons = await whyTasksWait(
    deps,
    rows.map(({ taskId }) => taskId),
  );
  const result = new Map<string, WaitingReason>();
  for (const jobId of new Set(rows.map((row) => row.jobId))) {
    const own = rows.filter((row) => row.jobId === jobId).map(({ taskId }) => reasons.get(taskId) ?? null);
    if (own[0] && own.every((reason) => reason !== null)) result.set(jobId, own[0]);
  }
  return result;
}

function explain(deps: EngineDeps, facts: Facts, limit: ClosedLimit | null): WaitingReason | null {
  switch (facts.status) {
    case "WAITING":
      return because("DOCUMENTS_OPEN", `${facts.documentsOpen} of ${facts.documents} documents are not settled yet.`);
    case "QUEUED":
      return explainQueued(facts, limit);
    case "RUNNING":
      return explainRunning(deps, facts);
  }
}

function explainQueued(facts: Facts, limit: ClosedLimit | null): WaitingReason | null {
  const { pipeline, now, runAt, workers, stalled, free, ahead } = facts;
  if (facts.pausedReason !== null) {
    return because("PIPELINE_PAUSED", `Pipeline "${pipeline}" is paused: ${facts.pausedReason}`);
  }
  if (runAt > now) {
    // A change that lies in the future was made by a clock that has gone back since.
    if (facts.stageSince.getTime() > now.getTime() + CLOCK_TOLERANCE_MS) {
      return because(
        "SCHEDULED",
        `The database clock was set back to ${now.toISOString()}, before the due time ${runAt.toISOString()}. The next sweep makes such tasks due again.`,
        runAt,
      );
    }
    if (facts.reason === "RETRY_LATER") {
      const why = facts.errorMessage === null ? "" : `: ${facts.errorMessage}`;
      const message = `Stage ${facts.stage} asked to run again at ${runAt.toISOString()}${why}`;
      return because("RETRY_BACKOFF", message, runAt);
    }
    const isRetry = facts.attempt > 1 || facts.crashes > 0;
    return isRetry
      ? because(
          "RETRY_BACKOFF",
          `Try ${facts.attempt} of stage ${facts.stage} is due at ${runAt.toISOString()}.`,
          runAt,
        )
      : because("SCHEDULED", `It was submitted to run at ${runAt.toISOString()}.`, runAt);
  }
  if (workers === 0) {
    if (stalled > 0)
      return because(
        "WORKER_STALLED",
        `All ${stalled} workers of pipeline "${pipeline}" send heartbeats but claim no tasks.`,
      );
    return facts.unable.length > 0
      ? because("NO_WORKER", whyUnable(facts))
      : because("NO_WORKER", `No worker of pipeline "${pipeline}" is running; start one.`);
  }
  if (limit !== null) return because(limit.code, limit.message, limit.until);
  if (facts.isSuspect) {
    return because("BEHIND_OTHERS", "Its worker died while running it. Such tasks now run alone, one at a time.");
  }
  if (ahead < free) {
    if (now.getTime() - runAt.getTime() < STUCK_AFTER_MS) return null;
    return because("WORKER_STALLED", `A worker of pipeline "${pipeline}" is free but has not claimed it for a minute.`);
  }
  const position = ahead + 1;
  const message =
    ahead >= MAX_AHEAD
      ? `${MAX_AHEAD} or more due tasks may be claimed before it.`
      : `At most ${ahead} due tasks are claimed before it.`;
  return { code: "BEHIND_OTHERS", message, until: null, position };
}

/** Which version a task needs, what those have that could take it but for that, and what to do. */
function whyUnable({ pipeline, version, stage, unable }: Facts): string {
  const have = unable.map((one) => {
    switch (one.why) {
      case "VERSION":
        return `${one.version}`;
      case "STAGE":
        return `${one.version}, which ${one.version > version ? "no longer has" : "has no"} stage \`${stage}\``;
      case "OPTIONS":
        return `${one.version}, which does not take its options (${one.refusal})`;
    }
  });
  const what = `It needs version ${version} of pipeline "${pipeline}"; the workers have ${have.join(", and ")}`;
  return unable.every(({ why }) => why === "VERSION")
    ? `${what}: run a worker of version ${version} or later.`
    : `${what}: submit again, or run a worker of version ${version}.`;
}

function explainRunning({ registry, cancelDeadlineMs }: EngineDeps, facts: Facts): WaitingReason | null {
  const { now, stage, stageSince, leaseExpiresAt, holder, cancelRequestedAt } = facts;
  if (leaseExpiresAt !== null && leaseExpiresAt < now) {
    return because(
      "LEASE_LOST",
      `The lease of worker ${holder} expired at ${leaseExpiresAt.toISOString()}; the next sweep returns the task to the queue.`,
    );
  }
  if (cancelRequestedAt !== null) {
    const until = new Date(cancelRequestedAt.getTime() + cancelDeadlineMs);
    return until > now
      ? because("CANCEL_PENDING", `Stage ${stage} was asked to stop.`, until)
      : because(
          "CANCEL_PENDING",
          `Stage ${stage} was asked to stop but did not. It ends when its process is replaced.`,
        );
  }
  if (facts.holderStatus === "STALLED" || facts.holderStatus === "LOST") {
    return because("WORKER_STALLED", `Its worker ${holder} is ${facts.holderStatus}.`, leaseExpiresAt);
  }
  const pipeline = registry.get(facts.pipeline);
  const stages = facts.kind === "DOCUMENT" ? pipeline?.documentStages : pipeline?.collectionStages;
  const timeoutMs = stages?.find(({ name }) => name === stage)?.timeoutMs ?? DEFAULT_STAGE_TIMEOUT_MS;
  const sinceMs = now.getTime() - stageSince.getTime();
  if (sinceMs < timeoutMs / 2) return null;
  const seconds = (ms: number): number => Math.round(ms / 1_000);
  return because(
    "SLOW_STAGE",
    `Stage ${stage} has been running for ${seconds(sinceMs)} s of its timeout of ${seconds(timeoutMs)} s.`,
    new Date(stageSince.getTime() + timeoutMs),
  );
}

function because(code: WaitingCode, message: string, until: Date | null = null): WaitingReason {
  return { code, message, until, position: null };
}

const FACTS = `
  with asked as materialized (
    select t.* from headway.task t where t.id = any ($1) and t.status in ('WAITING', 'QUEUED', 'RUNNING')
  ), able as materialized (
    select n.job_id, n.stage, n.is_suspect,
      count(*) filter (where y.why is null and w.status in ('RUNNING', 'STARTING'))::int as workers,
      count(*) filter (where y.why is null and w.status = 'STALLED')::int as stalled,
      coalesce(sum(w.free) filter (where y.why is null and w.status in ('RUNNING', 'STARTING')), 0)::int as free,
      coalesce(jsonb_agg(distinct jsonb_build_object('version', v.version, 'why', y.why, 'refusal', o.refusal))
        filter (where y.why is not null and w.status in ('RUNNING', 'STARTING')), '[]') as unable
    from (
      select distinct a.job_id, a.stage, a.pipeline, a.is_suspect, j.pipeline_version
      from asked a join headway.job j on j.id = a.job_id where a.status = 'QUEUED'
    ) n
    join headway.worker_now w on w.serves ? n.pipeline and w.status in ('RUNNING', 'STARTING', 'STALLED')
      and (n.is_suspect or w.takes <> 'SUSPECTS')
    cross join lateral (select (w.serves->n.pipeline->>'version')::int as version) v
    cross join lateral (
      select headway.why_not_run(w.serves, n.job_id, n.pipeline, n.pipeline_version, n.stage) as why) y
    left join headway.options_check o
      on y.why = 'OPTIONS' and o.job_id = n.job_id and o.pipeline_version = v.version
    group by n.job_id, n.stage, n.is_suspect
  ), lanes as materialized (
    select l.* from (
      select distinct pipeline, pipeline_version, stage from headway.ready_stage
      where not_before is null and exists (select from able)
    ) l where exists (
      select from headway.worker_now w where w.status in ('RUNNING', 'STARTING') and w.takes <> 'SUSPECTS'
        and (w.serves->l.pipeline->>'version')::int >= l.pipeline_version and w.serves->l.pipeline->'stages' ? l.stage)
  ), rivals as materialized (
    -- Jobs with something due that somebody runs.
    select r.project_id, r.priority, r.job_id, sum(r.ready)::int as due
    from lanes l join headway.ready_stage r
      on r.pipeline = l.pipeline and r.pipeline_version = l.pipeline_version and r.stage = l.stage
    where r.not_before is null and not exists (
      select from headway.pipeline_pause p where p.project_id = r.project_id and p.pipeline = r.pipeline)
    group by r.project_id, r.priority, r.job_id
  ), projects as materialized (
    select project_id, sum(due) as due from rivals group by project_id
  )
  select t.id, t.status, t.kind, t.pipeline, j.pipeline_version as version, t.stage, t.attempt, t.crashes,
    t.change_reason as reason, t.error_message as "errorMessage", clock_timestamp() as now,
    t.run_at as "runAt", t.status_changed_at as "stageSince", t.cancel_requested_at as "cancelRequestedAt",
    t.lease_expires_at as "leaseExpiresAt", p.reason as "pausedReason", t.worker_id as holder, w.status as "holderStatus",
    coalesce(a.workers, 0) as workers, coalesce(a.stalled, 0) as stalled, coalesce(a.free, 0) as free,
    coalesce(a.unable, '[]') as unable,
    case when t.status = 'QUEUED' and t.run_at <= clock_timestamp() then (
      select least(inside.ahead + outside.ahead, ${MAX_AHEAD})::int
      -- Of its own job those before it; of each other job of its priority one for each of these and one more, for they
      -- take turns; all that its project has of a higher priority.
      from (
        select count(*) as n from (
          -- Of each stage in the order of its index: what comes first then costs nothing, however much comes behind it.
          select from unnest(j.document_stages || j.collection_stages) as s(stage) cross join lateral (
            select from headway.task o where o.job_id = t.job_id and o.status = 'QUEUED' and o.stage = s.stage
              and (o.run_at, o.ordinal) < (t.run_at, t.ordinal) order by o.run_at, o.ordinal limit ${MAX_AHEAD}) o
          limit ${MAX_AHEAD}) o
      ) own
      cross join lateral (
        select own.n + coalesce(sum(case when x.priority > t.priority then x.due else least(x.due, own.n + 1) end), 0)
          as ahead
        from rivals x where x.project_id = t.project_id and x.priority >= t.priority and x.job_id <> t.job_id
      ) inside
      -- And projects take turns in the same way.
      cross join lateral (
        select coalesce(sum(least(p.due, inside.ahead + 1)), 0) as ahead
        from projects p where p.project_id <> t.project_id
      ) outside) else 0 end as ahead,
    t.is_suspect as "isSuspect",
    j.queued + j.running as "documentsOpen", j.total as documents
  from asked t join headway.job j on j.id = t.job_id
  left join headway.pipeline_pause p on p.project_id = t.project_id and p.pipeline = t.pipeline
  left join able a on a.job_id = t.job_id and a.stage = t.stage and a.is_suspect = t.is_suspect
  left join headway.worker_now w on w.id = t.worker_id`;
