import type { ZodType } from "zod";
import { ConfigError } from "../errors.js";
import { faultsOfBackoff, type Backoff } from "../lifecycle/backoff.js";
import { faultsOfLimits, type Limits } from "./limits.js";
import type { CollectionContext, DocumentContext } from "./stage-context.js";
import { faultsOfSettings, type StageSettings } from "./stage-settings.js";

export type * from "./stage-context.js";

interface StageBase extends StageSettings {
  /** Name of the stage: 1 to 63 lower-case letters, digits and hyphens, no hyphen first; unique in the pipeline. */
  readonly name: string;
  /**
   * Skips the stage if it returns false; the next stage then gets the input of this one. Decided at the submit, from the
   * job's options. Default: the stage always runs.
   */
  readonly when?: (options: any) => boolean;
}
/** Document stage of a `definePipeline`. */
export interface DocumentStage extends StageBase {
  /** Runs the stage for one document. Its result is the input of the next stage. */
  run(ctx: DocumentContext): Promise<unknown>;
}
/** Collection stage of a `definePipeline`. */
export interface CollectionStage extends StageBase {
  /** Runs the stage once for the job, after all document tasks have settled. Its result is the input of the next stage. */
  run(ctx: CollectionContext): Promise<unknown>;
}
export type Stage = DocumentStage | CollectionStage;

/** Limits of a pipeline as a whole; its stages may have additional limits. */
export interface PipelineSettings extends Limits {
  /** Delay before the next attempt, for stages without a `backoff`. Default: exponential, from 1 s to 5 min. */
  readonly backoff?: Backoff;
}

/** Argument of `definePipeline`. */
export interface PipelineDefinition extends PipelineSettings {
  /** Name of the pipeline: 1 to 63 lower-case letters, digits and hyphens, no hyphen first; unique in the installation. */
  readonly name: string;
  /** Version, a whole number from 1 to 2,147,483,647. Raise it when results change: INCREMENTAL jobs then process again. */
  readonly version: number;
  /** Sentence shown in `pipelines { description }` and in the console. Default: none. */
  readonly description?: string;
  /** zod schema of the job's options. Without one, a job with options is refused with INVALID_OPTIONS. Default: no options. */
  readonly options?: ZodType;
  /** Stages that run for every document, in order. A pipeline has at least one stage. Default: none. */
  readonly documentStages?: readonly DocumentStage[];
  /** Stages that run once for the job, in order, after all document tasks have settled. Default: none. */
  readonly collectionStages?: readonly CollectionStage[];
}

/** Pipeline that has been checked, as `build` and `definePipeline` return it. */
export interface Pipeline extends PipelineSettings {
  /** Name of the pipeline. */
  readonly name: string;
  /** Version of the pipeline. */
  readonly version: number;
  /** Description; null if there is none. */
  readonly description: string | null;
  /** Schema of the options; null if there is none. */
  readonly options: ZodType | null;
  /** Document stages in order. */
  readonly documentStages: readonly DocumentStage[];
  /** Collection stages in order. */
  readonly collectionStages: readonly CollectionStage[];
}

/** The largest whole number of its column. */
const MAX_VERSION = 2 ** 31 - 1;
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/**
 * Checks a pipeline that is written as one object, and returns it. Its stages are not typed by each other.
 * @throws {ConfigError} CONFIG_INVALID, naming every fault at once
 */
export function definePipeline(definition: PipelineDefinition): Pipeline {
  const faults = faultsOf(definition);
  if (faults.length > 0) {
    throw new ConfigError(`Pipeline "${String(definition?.name)}" is ill-formed: ${faults.join("; ")}.`, { faults });
  }
  return {
    name: definition.name,
    version: definition.version,
    description: definition.description ?? null,
    options: definition.options ?? null,
    documentStages: definition.documentStages ?? [],
    collectionStages: definition.collectionStages ?? [],
    ...settingsOf(definition),
  };
}

function settingsOf({ concurrency, rateLimit, backoff }: PipelineSettings): PipelineSettings {
  return {
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(backoff === undefined ? {} : { backoff }),
  };
}

function faultsOf(definition: PipelineDefinition): string[] {
  const faults: string[] = [];
  if (typeof definition !== "object" || definition === null) return ["it is not an object"];
  if (!NAME.test(definition.name ?? "")) {
    faults.push(`name ${JSON.stringify(definition.name)} must match [a-z0-9-], 1 to 63 characters, no hyphen first`);
  }
  if (!Number.isInteger(definition.version) || definition.version < 1 || definition.version > MAX_VERSION) {
    faults.push(`version ${String(definition.version)} must be a whole number from 1 to ${MAX_VERSION}`);
  }
  if (definition.options !== undefined && typeof definition.options?.safeParse !== "function") {
    faults.push("options must be a zod schema");
  }
  faults.push(...[...faultsOfLimits(definition), ...faultsOfBackoff(definition.backoff)].map((fault) => `it ${fault}`));
  const stages = [...(definition.documentStages ?? []), ...(definition.collectionStages ?? [])];
  if (stages.length === 0) faults.push("it has no stages; give it documentStages or collectionStages");
  const seen = new Set<string>();
  for (const stage of stages) {
    if (!NAME.test(stage.name ?? "")) faults.push(`stage name ${JSON.stringify(stage.name)} must match [a-z0-9-]`);
    if (seen.has(stage.name)) faults.push(`two stages are named "${stage.name}"`);
    seen.add(stage.name);
    if (typeof stage.run !== "function") faults.push(`stage "${stage.name}" has no run function`);
    faults.push(...faultsOfSettings(stage).map((fault) => `stage "${stage.name}" ${fault}`));
  }
  return faults;
}
