import type { z, ZodType } from "zod";
import {
  definePipeline,
  type CollectionContext,
  type CollectionStage,
  type DocumentContext,
  type DocumentStage,
  type Pipeline,
  type PipelineDefinition,
  type SettledDocument,
} from "./pipeline.js";
import type { StageSettings } from "./stage-settings.js";

/**
 * Type of a stage's output: plain JSON, at most 1,000,000 bytes and nested at most 100 deep; write an artifact for more.
 * Undefined is stored as null, and properties that are undefined are left out. Strings must not contain U+0000 or half of a
 * surrogate pair. An output of another type does not compile. An output that cannot be stored fails the task with
 * OUTPUT_UNSTORABLE, without another attempt.
 */
export type Stored<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null | undefined | void
    ? T
    : T extends bigint | symbol | Date | ReadonlyMap<any, any> | ReadonlySet<any> | ((...args: never[]) => unknown)
      ? never
      : { [K in keyof T]: Stored<T[K]> };

/** Document stage with the types of its options, input, output and secrets; for stages that are written apart from the builder. */
export interface DocumentStageOf<Options, Input, Output, Secret extends string = string> extends StageSettings<Output> {
  readonly secrets?: readonly Secret[];
  /** Runs the stage for one document. Its result is the input of the next stage. */
  readonly run: (ctx: DocumentContext<Options, Input, Secret>) => Promise<Output>;
}

/** Argument of a collection stage: a `CollectionContext` in which the outputs of the document stages have their types. */
export interface CollectionContextOf<Options, Input, Outputs, Secret extends string = string> extends Omit<
  CollectionContext<Options, Input, Secret>,
  "documentOutputs"
> {
  /** Yields the outputs of this document stage for completed and skipped documents, in document order. */
  documentOutputs<S extends keyof Outputs & string>(
    stage: S,
  ): AsyncIterable<{ readonly document: SettledDocument; readonly output: Outputs[S] }>;
}

/** Collection stage, typed as `DocumentStageOf`; `Outputs` are those of the document stages, by name. */
export interface CollectionStageOf<
  Options,
  Input,
  Outputs,
  Output,
  Secret extends string = string,
> extends StageSettings<Output> {
  readonly secrets?: readonly Secret[];
  /** Runs the stage once for the job. Its result is the input of the next stage. */
  readonly run: (ctx: CollectionContextOf<Options, Input, Outputs, Secret>) => Promise<Output>;
}

/*
 * What a compile error shows is written out in types: each holds one sentence that no stage can fulfil. The check for JSON
 * stands beside `run` and not in it, where it would make the compiler infer 1 for a number.
 */
type FreeName<Name extends string, Taken> = Name extends Taken ? `Two stages are named "${Name}".` : Name;
type OnlyJson<Output> = [Output] extends [Stored<Output>] ? unknown : { readonly "A stage returns plain JSON.": never };
type OnlySettings<Given, Known> = {
  readonly [K in Exclude<keyof Given, keyof Known | "name" | "when">]: "No setting of a stage has this name.";
};
/** Condition of a stage, decided by the job's options. */
export interface LeftOut<Options> {
  /**
   * Skips the stage if it returns false; the next stage then gets the input of this one. Decided at the submit, from the
   * job's options. Default: the stage always runs.
   */
  readonly when?: (options: Options) => boolean;
}
/** A stage that is written for any input, and does not say what it returns, leaves its successor as free. */
type Known<Output> = unknown extends Output ? any : Output;
type After<Input, Output, Stage> = "when" extends keyof Stage ? Input | Known<Output> : Known<Output>;

/** Builder of a pipeline. Each call returns a new builder and does not change the current one. */
export interface PipelineBuilder<Options, Input, Outputs, CollectionInput, CollectionNames extends string = never> {
  /**
   * Adds a stage that runs for every document. `name` has 1 to 63 lower-case letters, digits and hyphens, no hyphen first, and
   * is unique in the pipeline. Write `check` after `run`, whose output gives its type; `ctx.secrets` has the names in `secrets`
   * and no others.
   */
  document<Name extends string, Output, Stage, Secret extends string = never>(
    name: FreeName<Name, keyof Outputs | CollectionNames>,
    stage: Stage &
      DocumentStageOf<Options, Input, Output, Secret> &
      LeftOut<Options> &
      OnlyJson<Output> &
      OnlySettings<Stage, DocumentStageOf<Options, Input, Output>>,
  ): PipelineBuilder<
    Options,
    After<Input, Output, Stage>,
    Outputs & { readonly [K in Name]: Known<Output> },
    CollectionInput,
    CollectionNames
  >;
  /**
   * Adds a stage that runs once, after all document tasks of the job have settled. It is skipped if none of them has completed
   * and none was skipped as unchanged. Objects that collection stages return are merged into `summary.output`; if one returns
   * another type, the last output is there.
   */
  collection<Name extends string, Output, Stage, Secret extends string = never>(
    name: FreeName<Name, keyof Outputs | CollectionNames>,
    stage: Stage &
      CollectionStageOf<Options, CollectionInput, Outputs, Output, Secret> &
      LeftOut<Options> &
      OnlyJson<Output> &
      OnlySettings<Stage, CollectionStageOf<Options, CollectionInput, Outputs, Output>>,
  ): PipelineBuilder<Options, Input, Outputs, After<CollectionInput, Output, Stage>, CollectionNames | Name>;
  /** Checks the pipeline and returns it. @throws {ConfigError} CONFIG_INVALID, naming every fault at once */
  build(): Pipeline;
}

/** Argument of `pipeline`: what a pipeline has before its first stage. */
export type PipelineHead<Schema extends ZodType> = Omit<
  PipelineDefinition,
  "options" | "documentStages" | "collectionStages"
> & {
  /** zod schema of the job's options. Without one, a job with options is refused with INVALID_OPTIONS. Default: no options. */
  readonly options?: Schema;
};

/**
 * Declares a pipeline stage by stage, each typed by the schema of the options and by the stages before it. `ctx.input` has
 * the type of the previous stage's output: null in the first stage, and also the type of its input if `when` may skip it.
 */
export function pipeline<Schema extends ZodType = ZodType<Record<string, never>>>(
  head: PipelineHead<Schema>,
): PipelineBuilder<z.output<Schema>, null, {}, null> {
  return builderOf(head, [], []) as PipelineBuilder<z.output<Schema>, null, {}, null>;
}

function builderOf(
  head: PipelineHead<ZodType>,
  documentStages: readonly DocumentStage[],
  collectionStages: readonly CollectionStage[],
): unknown {
  return {
    document: (name: string, stage: DocumentStage) =>
      builderOf(head, [...documentStages, { ...stage, name }], collectionStages),
    collection: (name: string, stage: CollectionStage) =>
      builderOf(head, documentStages, [...collectionStages, { ...stage, name }]),
    build: () => definePipeline({ ...head, documentStages, collectionStages }),
  };
}
