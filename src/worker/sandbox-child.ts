import { loadPipelines, type PipelineSource } from "../pipelines/load.js";
import { serveSandbox } from "./sandbox-serve.js";

serveSandbox((source) => loadPipelines(source as PipelineSource));
