export type { AttemptLimits, StageAttempt, StageFailure } from "./testing/attempt.js";
export type {
  BenchFile,
  LeftBehind,
  RecordedArtifact,
  RecordedLine,
  RecordedProgress,
  RecordedWarning,
} from "./testing/recorded.js";
export {
  runPipeline,
  type DocumentResult,
  type PipelineResult,
  type PipelineSurroundings,
  type TaskResult,
} from "./testing/run-pipeline.js";
export { runStage, type BenchSettledFile, type StageResult, type StageSurroundings } from "./testing/run-stage.js";
