import type { Config } from "../config.js";
import { ConfigError } from "../errors.js";
import { batchPipeline } from "./batch/batch.js";
import { documentsPipeline } from "./documents/documents.js";
import { createEmbedder, type EmbedderKind } from "./embedding/create-embedder.js";
import type { Embedder } from "./embedding/embedder.js";
import { expensesPipeline } from "./expenses/expenses.js";
import { loadFile, pipelineFiles } from "./files.js";
import type { OpenAiServer } from "./openai-client.js";
import { Registry } from "./registry.js";

/** Where pipelines come from; plain data, so that a child process can load the same ones. */
export interface PipelineSource {
  /** Files (.js, .mjs, .ts, .mts) and folders of such, absolute. Folders are read one level deep. */
  readonly files: readonly string[];
  readonly embedder: EmbedderKind;
  /** What the embedder "openai" asks. */
  readonly openai: OpenAiServer | null;
  /** What writes down what is said in sound and film; null where nobody does. */
  readonly transcriber: OpenAiServer | null;
  readonly maxDocumentBytes: number;
}

export function pipelineSourceOf({
  pipelineFiles: files,
  embedder,
  openai,
  transcriber,
  maxDocumentBytes,
}: Config): PipelineSource {
  return { files, embedder, openai, transcriber, maxDocumentBytes };
}

/** A pipeline as it is served. `file` is null of a built-in one. */
export interface LoadedPipeline {
  readonly name: string;
  readonly version: number;
  readonly file: string | null;
}

export interface LoadedPipelines {
  readonly registry: Registry;
  /** The built-in ones first, then those of the files, in their order. */
  readonly served: readonly LoadedPipeline[];
  readonly embedder: Embedder;
}

/** The built-in pipelines and the user's own. @throws {ConfigError} naming the file and its fault */
export async function loadRegistry(source: PipelineSource): Promise<LoadedPipelines> {
  const { maxDocumentBytes, transcriber } = source;
  const embedder = createEmbedder(source.embedder, source.openai);
  const builtIn = [
    documentsPipeline({ embedder, maxDocumentBytes, transcriber }),
    expensesPipeline({ maxDocumentBytes }),
    batchPipeline({ maxDocumentBytes }),
  ];
  const pipelines = new Map(builtIn.map((pipeline) => [pipeline.name, { pipeline, file: null as string | null }]));
  for (const file of await pipelineFiles(source.files)) {
    const pipeline = await loadFile(file);
    const other = pipelines.get(pipeline.name);
    if (other) {
      const from = other.file === null ? "a built-in one" : `that of ${other.file}`;
      throw new ConfigError(`${file}: the name "${pipeline.name}" is taken by ${from}; rename one.`, { file });
    }
    pipelines.set(pipeline.name, { pipeline, file });
  }
  const all = [...pipelines.values()];
  const served = all.map(({ pipeline: { name, version }, file }) => ({ name, version, file }));
  return { registry: new Registry(all.map(({ pipeline }) => pipeline)), served, embedder };
}

/** What a child process may know of it: stages that ask other servers don't run there, so that keys stay here. */
export function withoutKeys(source: PipelineSource): PipelineSource {
  const bare = (server: OpenAiServer | null): OpenAiServer | null => server && { ...server, key: null };
  return { ...source, openai: bare(source.openai), transcriber: bare(source.transcriber) };
}

/** As loadRegistry, for a child process, which needs no embedder of its own: a local one starts only on first use. */
export async function loadPipelines(source: PipelineSource): Promise<Registry> {
  return (await loadRegistry(source)).registry;
}
