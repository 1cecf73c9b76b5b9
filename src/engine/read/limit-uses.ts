import { limitsOf, type NamedLimit } from "../../pipelines/limit-groups.js";
import type { Pipeline } from "../../pipelines/pipeline.js";
import type { EngineDeps } from "../engine.js";
import { placeOf } from "./waiting-limits.js";

/** The limits of a stage or a pipeline, and how much of them is in use over all workers and projects. */
export interface UsedLimits {
  readonly concurrency: number | null;
  readonly inUse: number | null;
  readonly rateLimit: number | null;
  readonly ratePerMs: number | null;
  readonly rateLeft: number | null;
  readonly opensAt: Date | null;
}

type Row = UsedLimits & { readonly pipeline: string; readonly stage: string };

/**
 * All limits of this process's pipelines, by placeOf; those of a pipeline as a whole are at the stage "". Asks the database
 * only where there are any.
 */
export async function readUsedLimits({
  db,
  registry,
}: Pick<EngineDeps, "db" | "registry">): Promise<ReadonlyMap<string, UsedLimits>> {
  const limits = registry.all().flatMap((pipeline) => allLimitsOf(pipeline));
  if (limits.length === 0) return new Map();
  const rows: Row[] = await db.query(
    `select l.pipeline, l.stage, l.concurrency, l.concurrency - c.room as "inUse", l."limit" as "rateLimit",
       l."perMs" as "ratePerMs", r.by_rate as "rateLeft", r.opens_at as "opensAt"
     from jsonb_to_recordset($1) l(pipeline text, stage text, concurrency int, "limit" int, "perMs" int)
     cross join lateral headway.limit_room(l.pipeline, l.stage, jsonb_build_object('concurrency', l.concurrency)) c
     cross join lateral headway.limit_room(
       l.pipeline, l.stage, jsonb_build_object('limit', l."limit", 'perMs', l."perMs")) r`,
    [JSON.stringify(limits)],
  );
  return new Map(rows.map(({ pipeline, stage, ...limit }) => [placeOf(pipeline, stage), limit]));
}

/** The pipeline's own and those of its stages, each once. */
function allLimitsOf(pipeline: Pipeline): (NamedLimit & { readonly pipeline: string })[] {
  const stages = [...pipeline.documentStages, ...pipeline.collectionStages];
  const limits = stages.flatMap(({ name }) => limitsOf(pipeline, name));
  return [...new Map(limits.map((limit) => [limit.stage, { ...limit, pipeline: pipeline.name }])).values()];
}
