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

/** What is kept of what a stage returns. It is plain JSON, nested as deep as it likes; nothing else is. */
export type Stored<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null | undefined | void
    ? T
    : T extends bigint | symbol | Date | ReadonlyMap<any, any> | ReadonlySet<any> | ((...args: never[]) => unknown)
      ? never
      : { [K in keyof T]: Stored<T[K]> };

/** A document stage of known options, input, output and names of secrets; the builder names it. */
export interface DocumentStageOf<Options, Input, Output, Secret extends string = string> extends StageSettings<Output> {
  readonly secrets?: readonly Secret[];
  readonly run: (ctx: DocumentContext<Options, Input, Secret>) => Promise<Output>;
}

/** What a collection stage gets: as CollectionContext, and the outputs of the document stages have the types of these. */
export interface CollectionContextOf<Options, Input, Outputs, Secret extends string = string> extends Omit<
  CollectionContext<Options, Input, Secret>,
  "documentOutputs"
> {
  /** The kept outputs of this stage, of documents completed or skipped, in document order. */
  documentOutputs<S extends keyof Outputs & string>(
    stage: S,
  ): AsyncIterable<{ readonly document: SettledDocument; readonly output: Outputs[S] }>;
}

/** A collection stage as DocumentStageOf; `Outputs` are those of the document stages, by name. */
export interface CollectionStageOf<
  Options,
  Input,
  Outputs,
  Output,
  Secret extends string = string,
> extends StageSettings<Output> {
  readonly secrets?: readonly Secret[];
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
/** What decides by a job's options whether it has the stage at all. */
export interface LeftOut<Options> {
  /** Skips the stage if it returns false; the next stage then gets the input of this one. */
  readonly when?: (options: Options) => boolean;
}
/** A stage that is written for any input, and does not say what it returns, leaves its successor as free. */
type Known<Output> = unknown extends Output ? any : Output;
type After<Input, Output, Stage> = "when" extends keyof Stage ? Input | Known<Output> : Known<Output>;

/** Builder of a pipeline. Each call returns a new builder and does not change the current one. */
export interface PipelineBuilder<Options, Input, Outputs, CollectionInput, CollectionNames extends string = never> {
  /**
   * Adds a stage that runs for every document. Write `check` after `run`, whose output gives its type; `ctx.secrets` has the
   * names in `secrets` and no others.
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
  /** Adds a stage that runs once, after all document tasks of the job have settled. Its output is in `summary.output`. */
  collection<Name extends string, Output, Stage, Secret extends string = never>(
    name: FreeName<Name, keyof Outputs | CollectionNames>,
    stage: Stage &
      CollectionStageOf<Options, CollectionInput, Outputs, Output, Secret> &
      LeftOut<Options> &
      OnlyJson<Output> &
      OnlySettings<Stage, CollectionStageOf<Options, CollectionInput, Outputs, Output>>,
  ): PipelineBuilder<Options, Input, Outputs, After<CollectionInput, Output, Stage>, CollectionNames | Name>;
  /** The pipeline, checked. @throws {ConfigError} naming every fault at once */
  build(): Pipeline;
}

/** What a pipeline has before its first stage. */
export type PipelineHead<Schema extends ZodType> = Omit<
  PipelineDefinition,
  "options" | "documentStages" | "collectionStages"
> & {
  /** A zod schema of the job's options; without one, only no options are taken. */
  readonly options?: Schema;
};

/**
 * Declares a pipeline stage by stage, each typed by the schema of the options and by the stages before it: `ctx.input`
 * is what the stage before returned (null in the first, and what a stage would have got that `when` may leave out).
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
