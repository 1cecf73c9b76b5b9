import type { Serves } from "../model/worker.js";
import { hasLimits, type Limits } from "./limits.js";
import type { Pipeline } from "./pipeline.js";
import { servesOf, type Registry } from "./registry.js";

/** A limit as SQL takes it; of a pipeline as a whole the stage is "". */
export interface NamedLimit {
  readonly stage: string;
  readonly concurrency?: number;
  readonly limit?: number;
  readonly perMs?: number;
}

/** Stages of a pipeline that begin only where the same limits allow it. */
export interface LimitGroup {
  readonly pipeline: string;
  readonly stages: readonly string[];
  readonly limits: readonly NamedLimit[];
  readonly serves: Serves;
}

/** What a worker runs, apart by whether it has limits. */
export interface ServedApart {
  readonly free: Serves;
  readonly groups: readonly LimitGroup[];
  /** What the groups hold, together. */
  readonly limited: Serves;
}

/** The limits that a stage of a pipeline begins under: its own and the pipeline's. */
export function limitsOf(pipeline: Pipeline, stage: string): NamedLimit[] {
  const own = [...pipeline.documentStages, ...pipeline.collectionStages].find(({ name }) => name === stage) ?? {};
  return [...(hasLimits(pipeline) ? [named("", pipeline)] : []), ...(hasLimits(own) ? [named(stage, own)] : [])];
}

/** What a worker's row says of what it runs: the limits too, so that others know what may wait for one. */
export function announced(registry: Registry): Serves {
  const all = servesOf(registry);
  const entries = registry.all().map((pipeline) => {
    const stages = [...pipeline.documentStages, ...pipeline.collectionStages].filter(hasLimits);
    const limits = [
      ...(hasLimits(pipeline) ? [named("", pipeline)] : []),
      ...stages.map((one) => named(one.name, one)),
    ];
    const served = all[pipeline.name]!;
    return [pipeline.name, limits.length > 0 ? { ...served, limits } : served] as const;
  });
  return Object.fromEntries(entries);
}

/** A registry never changes, and claims ask often. */
const known = new WeakMap<Registry, ServedApart>();

export function servedApart(registry: Registry): ServedApart {
  let apart = known.get(registry);
  if (!apart) known.set(registry, (apart = takenApart(registry)));
  return apart;
}

function takenApart(registry: Registry): ServedApart {
  const all = servesOf(registry);
  const groups = registry.all().flatMap((pipeline) => groupsOf(pipeline, all));
  if (groups.length === 0) return { free: all, groups, limited: {} };
  const isLimited = (pipeline: string, stage: string): boolean =>
    groups.some((group) => group.pipeline === pipeline && group.stages.includes(stage));
  return {
    free: only(all, (pipeline, stage) => !isLimited(pipeline, stage)),
    groups,
    limited: only(all, isLimited),
  };
}

function groupsOf(pipeline: Pipeline, all: Serves): LimitGroup[] {
  const { name } = pipeline;
  const stages = [...pipeline.documentStages, ...pipeline.collectionStages];
  const own = stages.filter(hasLimits).map((stage) => [stage.name]);
  const others = hasLimits(pipeline) ? [stages.filter((stage) => !hasLimits(stage)).map((stage) => stage.name)] : [];
  return [...own, ...others]
    .filter((names) => names.length > 0)
    .map((names) => ({
      pipeline: name,
      stages: names,
      limits: limitsOf(pipeline, names[0]!),
      serves: only(all, (of, stage) => of === name && names.includes(stage)),
    }));
}

function only(serves: Serves, isWanted: (pipeline: string, stage: string) => boolean): Serves {
  const kept = Object.entries(serves).map(([pipeline, { version, stages }]) => {
    const wanted = Object.entries(stages).filter(([stage]) => isWanted(pipeline, stage));
    return [pipeline, { version, stages: Object.fromEntries(wanted) }] as const;
  });
  return Object.fromEntries(kept.filter(([, { stages }]) => Object.keys(stages).length > 0));
}

function named(stage: string, { concurrency, rateLimit }: Limits): NamedLimit {
  return { stage, ...(concurrency === undefined ? {} : { concurrency }), ...rateLimit };
}
