import { readdir, stat } from "node:fs/promises";
import { register } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError, messageOf } from "../errors.js";
import { definePipeline, type Pipeline, type PipelineDefinition } from "./pipeline.js";

/** Takes the types out of TypeScript, as Node does it by itself from 22.18 on. */
const STRIPPER = "@swc/wasm-typescript";
const MODULE = /\.m?[jt]s$/;
const TYPESCRIPT = /\.m?ts$/;
/** Declarations, and tests that stand beside what they test. */
const NO_PIPELINE = /\.d\.m?ts$|\.(test|spec)\.m?[jt]s$/;

/**
 * The modules that HEADWAY_PIPELINES names, those of a folder by name; a folder is read one level deep.
 * @throws {ConfigError} on what is not there, and on a folder without any
 */
export async function pipelineFiles(entries: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const entry of entries) {
    const facts = await stat(entry).catch(() => null);
    if (facts === null) throw new ConfigError(`HEADWAY_PIPELINES names ${entry}, which does not exist.`);
    if (!facts.isDirectory()) {
      files.push(entry);
      continue;
    }
    const names = (await readdir(entry)).filter((name) => MODULE.test(name) && !NO_PIPELINE.test(name)).sort();
    if (names.length === 0) {
      throw new ConfigError(
        `HEADWAY_PIPELINES names ${entry}, a folder in which there is no pipeline: no file .js, .mjs, .ts or .mts. Put one there, or name the file.`,
      );
    }
    files.push(...names.map((name) => path.join(entry, name)));
  }
  return files;
}

/** The pipeline that a module exports. @throws {ConfigError} naming the file and its fault */
export async function loadFile(file: string): Promise<Pipeline> {
  const stripper = resolveForPipelines();
  if (TYPESCRIPT.test(file) && stripper === null && !stripsTypes()) {
    throw new ConfigError(
      `${file} is TypeScript, which Node ${process.versions.node} does not load by itself. "npm install ${STRIPPER}" beside headway-api lets Headway load it; or compile it to JavaScript, or use Node 22.18 or newer.`,
      { file },
    );
  }
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  } catch (error) {
    throw new ConfigError(`${file} can't be loaded as a pipeline: ${messageOf(error)}`, { file });
  }
  if (module.default === undefined) {
    throw new ConfigError(
      `${file} has no default export; end it with "export default pipeline({ … }) … .build()", or with definePipeline.`,
      { file },
    );
  }
  if (typeof (module.default as { build?: unknown } | null)?.build === "function") {
    throw new ConfigError(`${file} exports an unfinished pipeline; end it with ".build()".`, { file });
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

function stripsTypes(): boolean {
  return Boolean((process.features as { typescript?: unknown }).typescript);
}

let resolved: { readonly stripper: string | null } | null = null;

/**
 * Lets a pipeline in whatever folder import "headway-api", "zod" where its folder has none of its own, and TypeScript.
 * Returns where that is taken from; null where there is nothing to take it from.
 */
function resolveForPipelines(): string | null {
  if (resolved !== null) return resolved.stripper;
  let stripper: string | null = null;
  try {
    stripper = import.meta.resolve(STRIPPER);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND") throw error;
  }
  resolved = { stripper };
  register(new URL("./resolve-hook.js", import.meta.url).href, {
    data: {
      headway: new URL("../index.js", import.meta.url).href,
      zod: import.meta.resolve("zod"),
      // What Node does by itself it does without us.
      stripper: stripsTypes() ? null : stripper,
    },
  });
  return stripper;
}
