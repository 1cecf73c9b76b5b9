import type { PipelineSource } from "../pipelines/load.js";
import { serveSandbox } from "./sandbox-serve.js";

// Loaded when asked, so that the parent is watched from the first moment and is told why a pipeline can't be loaded.
serveSandbox(async (source) => (await import("../pipelines/load.js")).loadPipelines(source as PipelineSource));
