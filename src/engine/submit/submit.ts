import { createHash } from "node:crypto";
import type { EntityManager } from "typeorm";
import { z } from "zod";
import { inTransaction, sqlStateOf } from "../../database/transaction.js";
import { UserFault, UserFaults } from "../../errors.js";
import { failpoint } from "../../failpoint.js";
import { traced } from "../../tracing.js";
import { checkOptions } from "../../pipelines/options.js";
import type { Pipeline } from "../../pipelines/pipeline.js";
import type { Registry } from "../../pipelines/registry.js";
import { checkCollection, whyTo } from "../browser-key.js";
import type { Actor, EngineDeps } from "../engine.js";
import { dispatch, type DueTask } from "../flush/hints.js";
import { Faults, idOf, parse, text } from "../input.js";
import { lockCollection } from "./lock.js";
import { insertJob, type SubmitMode } from "./new-job.js";
import { unstorableIn } from "../storable.js";

export interface SubmitInput {
  readonly collectionId: string;
  readonly pipeline: string;
  readonly options?: unknown;
  readonly documentIds?: readonly string[] | null;
  /** FULL when absent. */
  readonly mode?: SubmitMode | null;
  readonly priority?: number | null;
  readonly runAt?: Date | null;
  readonly tags?: readonly string[] | null;
  readonly idempotencyKey?: string | null;
}

export interface Submitted {
  readonly jobId: string;
  /** True when an earlier submit under the same key made the job. */
  readonly deduplicated: boolean;
}

/**
 * Submits a collection to a pipeline: one transaction makes the job, its tasks, their history, and the collection's
 * PROCESSING. Hints go out after the commit.
 * @throws {UserFault} IDEMPOTENCY_CONFLICT, UNKNOWN_PIPELINE, INVALID_OPTIONS, INVALID_INPUT, NOT_FOUND,
 *   COLLECTION_EXPIRED, ACTIVE_JOB_EXISTS, NO_DOCUMENTS
 */
export function submitJob(deps: EngineDeps, actor: Actor, given: SubmitInput): Promise<Submitted> {
  const attributes = { "headway.pipeline": given.pipeline, "headway.collection": given.collectionId };
  return traced("submit", { attributes }, () => submit(deps, actor, given));
}

async function submit(deps: EngineDeps, actor: Actor, given: SubmitInput): Promise<Submitted> {
  const faults = new Faults();
  const idempotencyKey = faults.note(() => parse(IdempotencyKey, given.idempotencyKey, ["idempotencyKey"]));
  const input = withinKey(deps, actor, { ...withIds(given, faults), idempotencyKey }, faults);
  const requestHash = hashOf(input);
  const before = await findByKey(deps, actor, input, requestHash);
  if (before) return before;
  const { pipeline, options } = check(deps, input, faults);
  try {
    const { jobId, due } = await inTransaction(deps.db, (tx) =>
      insert(tx, actor, input, pipeline, options, requestHash),
    );
    await failpoint("submit.after_commit");
    const delayMs = Math.max(0, (input.runAt?.getTime() ?? 0) - Date.now());
    dispatch(
      deps,
      due.map((task) => ({ ...task, delayMs })),
    );
    return { jobId, deduplicated: false };
  } catch (error) {
    // The same key at the same moment: the other was first, and its job is the answer.
    const raced = sqlStateOf(error) === "23505" || (error instanceof UserFault && error.code === "ACTIVE_JOB_EXISTS");
    const winner = raced ? await findByKey(deps, actor, input, requestHash) : null;
    if (winner) return winner;
    throw error;
  }
}

/** The request with its ids in lower case, so that equal requests are alike. */
function withIds(input: SubmitInput, faults: Faults): SubmitInput {
  const collectionId = faults.note(() => idOf(input.collectionId, ["collectionId"]));
  const documentIds = input.documentIds?.map(
    (id, index) => faults.note(() => idOf(id, ["documentIds", String(index)])) ?? id,
  );
  return { ...input, collectionId: collectionId ?? input.collectionId, documentIds: documentIds ?? null };
}

/**
 * The request as a key for a browser may make it: to pipelines that the key names, with its options where they are fixed,
 * and under idempotency keys of the collection, so that it neither takes nor learns those of others.
 * @throws {UserFaults} where there are any
 */
function withinKey({ registry }: EngineDeps, actor: Actor, input: SubmitInput, faults: Faults): SubmitInput {
  const { scope } = actor;
  if (!scope) return input;
  const { pipelines, options } = { pipelines: scope.pipelines ?? [], options: scope.options ?? null };
  checkCollection(actor, input.collectionId, faults);
  if (!pipelines.includes(input.pipeline)) {
    const message = `This key may submit to ${pipelines.join(", ")}, but not to "${input.pipeline}".`;
    faults.add(new UserFault("UNKNOWN_PIPELINE", message, ["pipeline"]));
  } else if (!registry.get(input.pipeline)) {
    // Without the names of those that there are.
    const message = `There is no pipeline "${input.pipeline}" any more; ask for another key.`;
    faults.add(new UserFault("UNKNOWN_PIPELINE", message, ["pipeline"]));
  }
  if ((input.priority ?? 0) > 0) {
    const message = `priority is ${input.priority}; a browser key may use 0 at most.`;
    faults.add(new UserFault("INVALID_INPUT", message, ["priority"]));
  }
  if (options !== null && input.options !== null && input.options !== undefined) {
    const message = "The options of this key's jobs are fixed; leave options out.";
    faults.add(new UserFault("INVALID_OPTIONS", message, ["options"]));
  }
  faults.assertNone();
  const key = input.idempotencyKey ?? null;
  const idempotencyKey = key === null ? null : `browser:${scope.collectionId}:${key}`;
  return { ...input, idempotencyKey, options: options ?? input.options };
}

const Tags = z.array(text(100).min(1, "must have at least one character")).max(50, "must be at most 50").nullish();
const IdempotencyKey = text(200).min(1, "must have at least one character").nullish();

async function findByKey(
  deps: EngineDeps,
  actor: Actor,
  input: SubmitInput,
  requestHash: string,
): Promise<Submitted | null> {
  if (input.idempotencyKey === null || input.idempotencyKey === undefined) return null;
  const rows: { id: string; request_hash: string }[] = await deps.db.query(
    "select id, request_hash from headway.job where project_id = $1 and idempotency_key = $2",
    [actor.projectId, input.idempotencyKey],
  );
  const found = rows[0];
  if (!found) return null;
  if (found.request_hash !== requestHash) {
    const why = `The key "${input.idempotencyKey}" was used with a different request, for job ${found.id}; use a new key for a new request.`;
    const message = whyTo(actor, why, "This key was used with a different request; use a new key for a new request.");
    throw new UserFault("IDEMPOTENCY_CONFLICT", message, ["idempotencyKey"]);
  }
  return { jobId: found.id, deduplicated: true };
}

/** @throws {UserFault} UNKNOWN_PIPELINE */
export function pipelineNamed(registry: Registry, name: string, path: readonly string[] = ["pipeline"]): Pipeline {
  const pipeline = registry.get(name);
  if (pipeline) return pipeline;
  const known = registry.all().map((one) => one.name);
  throw new UserFault("UNKNOWN_PIPELINE", `There is no pipeline "${name}"; available are ${known.join(", ")}.`, path);
}

/** @throws {UserFaults} with those that were found before */
function check(deps: EngineDeps, input: SubmitInput, faults: Faults): { pipeline: Pipeline; options: unknown } {
  const pipeline = faults.note(() => pipelineNamed(deps.registry, input.pipeline));
  const { priority } = input;
  if (priority !== null && priority !== undefined && (priority < -100 || priority > 100)) {
    faults.add(new UserFault("INVALID_INPUT", `priority is ${priority}; it must be -100 to 100.`, ["priority"]));
  }
  faults.note(() => parse(Tags, input.tags, ["tags"]));
  const options = faults.note(() => pipeline && optionsOf(pipeline, input.options ?? {}));
  faults.assertNone();
  return { pipeline: pipeline!, options };
}

/** The options as the pipeline's schema completes them. @throws {UserFault} INVALID_OPTIONS */
export function optionsOf(pipeline: Pipeline, options: unknown): unknown {
  const fault = unstorableIn(JSON.stringify(options));
  if (fault !== null) throw new UserFault("INVALID_OPTIONS", `options contains ${fault}.`, ["options"]);
  const checked = checkOptions(pipeline, options);
  if (checked.refusal !== null) {
    throw new UserFaults(checked.faults.map(({ message, path }) => new UserFault("INVALID_OPTIONS", message, path)));
  }
  return checked.options;
}

async function insert(
  tx: EntityManager,
  actor: Actor,
  input: SubmitInput,
  pipeline: Pipeline,
  options: unknown,
  requestHash: string,
): Promise<{ jobId: string; due: DueTask[] }> {
  await lockCollection(tx, actor, input.collectionId);
  const made = await insertJob(tx, actor, {
    collectionId: input.collectionId,
    pipeline,
    options,
    mode: input.mode ?? "FULL",
    tags: [...new Set(input.tags ?? [])],
    priority: input.priority ?? 0,
    runAt: input.runAt ?? null,
    documentIds: input.documentIds ?? null,
    idempotencyKey: input.idempotencyKey ?? null,
    requestHash,
  });
  await failpoint("submit.before_commit");
  return made;
}

function hashOf(input: SubmitInput): string {
  // FULL is left out: a request that says so is the one that says nothing, as all did before there was a choice.
  const request = { ...input, idempotencyKey: null, mode: input.mode === "FULL" ? null : input.mode };
  return createHash("sha256")
    .update(JSON.stringify(sorted(request)))
    .digest("hex");
}

/** The same value with its keys in order and absent ones left out, so that equal requests hash alike. */
function sorted(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined && inner !== null);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]));
}
