export {
  pipeline,
  type CollectionContextOf,
  type CollectionStageOf,
  type DocumentStageOf,
  type PipelineBuilder,
  type PipelineHead,
  type Stored,
} from "./pipelines/builder.js";
export type { ChunkKind } from "./model/chunk-kinds.js";
export { PermanentError, RetryLater } from "./errors.js";
export type { EntityDraft, StagedEntities } from "./pipelines/named-entity.js";
export { z } from "zod";
export {
  definePipeline,
  type ArtifactWriter,
  type ChunkDraft,
  type CollectionContext,
  type CollectionStage,
  type DocumentContext,
  type DocumentStage,
  type Json,
  type Pipeline,
  type PipelineDefinition,
  type FetchedSource,
  type KeptContent,
  type SettledDocument,
  type StagedChunks,
  type StageContext,
  type StageDocument,
  type StageLogger,
  type PipelineSettings,
  type WarningScope,
} from "./pipelines/pipeline.js";
export type { Backoff } from "./lifecycle/backoff.js";
export type { Limits, Rate } from "./pipelines/limits.js";
export type { StagedCounts, StageSettings } from "./pipelines/stage-settings.js";
