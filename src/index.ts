export type { ChunkKind } from "./model/chunk-kinds.js";
export { PermanentError } from "./errors.js";
export type { EntityDraft, StagedEntities } from "./pipelines/named-entity.js";
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
  type KeptContent,
  type SettledDocument,
  type StageContext,
  type StageDocument,
  type WarningScope,
} from "./pipelines/pipeline.js";
