import { readdir, stat } from "node:fs/promises";
import { register } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Config } from "../config.js";
import { ConfigError, messageOf } from "../errors.js";
import { batchPipeline } from "./batch/batch.js";
import { documentsPipeline } from "./documents/documents.js";
import { createEmbedder, type EmbedderKind } from "./embedding/create-embedder.js";
import type { Embedder } from "./embedding/embedder.js";
import { expensesPipeline } from "./expenses/expenses.js";
import { definePipeline, type Pipeline, type PipelineDefinition } from "./pipeline.js";
import type { OpenAiServer } from "./openai-client.js";
import { Registry } from "./registry.js";

/** Where pipelines come from; plain data, so that a child process can load the same ones. */
export interface PipelineSource {
  /** Files (.js, .mjs) and folders of such, absolute. Folders are read one level deep. */
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

export interface LoadedPipelines {
  readonly registry: Registry;
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
  const pipelines = new Map(builtIn.map((pipeline) => [pipeline.name, { pipeline, from: "a built-in one" }]));
  if (source.files.length > 0) resolveHeadwayForPipelines();
  for (const file of await moduleFiles(source.files)) {
    const pipeline = await loadFile(file);
    const other = pipelines.get(pipeline.name);
    if (other)
      throw new ConfigError(`${file}: the name "${pipeline.name}" is taken by ${other.from}; rename one.`, { file });
    pipelines.set(pipeline.name, { pipeline, from: `that of ${file}` });
  }
  return { registry: new Registry([...pipelines.values()].map(({ pipeline }) => pipeline)), embedder };
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

async function moduleFiles(entries: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const entry of entries) {
    const facts = await stat(entry).catch(() => null);
    if (facts === null) throw new ConfigError(`HEADWAY_PIPELINES names ${entry}, which does not exist.`);
    if (!facts.isDirectory()) {
      files.push(entry);
      continue;
    }
    const names = (await readdir(entry)).filter((name) => /\.m?js$/.test(name)).sort();
    files.push(...names.map((name) => path.join(entry, name)));
  }
  return files;
}

async function loadFile(file: string): Promise<Pipeline> {
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  } catch (error) {
    throw new ConfigError(`${file} can't be loaded as a pipeline: ${messageOf(error)}`, { file });
  }
  if (module.default === undefined) {
    throw new ConfigError(
      `${file} has no default export; end it with "export default pipeline({ … }) … .build()", or with definePipeline.`,
      {
        file,
      },
    );
  }
  if (typeof (module.default as { build?: unknown } | null)?.build === "function") {
    throw new ConfigError(`${file} exports a pipeline in the making; end it with ".build()".`, { file });
  }
  try {
    return definePipeline(withoutNulls(module.default as PipelineDefinition));
  } catch (error) {
    throw new ConfigError(`${file}: ${messageOf(error)}`, { file });
  }
}

/** A pipeline that `definePipeline` has checked already is checked again, its nulls meaning "absent". */
function withoutNulls(definition: PipelineDefinition): PipelineDefinition {
  if (typeof definition !== "object" || definition === null) return definition;
  return Object.fromEntries(
    Object.entries(definition).filter(([, value]) => value !== null),
  ) as unknown as PipelineDefinition;
}

let registered = false;

/** Lets a pipeline in whatever folder import "headway-api", and "zod" where its folder has none of its own. */
function resolveHeadwayForPipelines(): void {
  if (registered) return;
  registered = true;
  register(new URL("./resolve-hook.js", import.meta.url).href, {
    data: { headway: new URL("../index.js", import.meta.url).href, zod: import.meta.resolve("zod") },
  });
}
