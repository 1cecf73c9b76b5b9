import { loadConfig } from "../config.js";
import { loadRegistry, pipelineSourceOf, type LoadedPipeline } from "../pipelines/load.js";
import { say, sayJson, table } from "./print.js";

/** `headway pipelines`: what a start here would serve, and from where; no server is asked. */
export async function runPipelines({ json }: { readonly json?: boolean }): Promise<void> {
  const { served, embedder } = await loadRegistry(pipelineSourceOf(loadConfig()));
  await embedder.close();
  if (json) return sayJson(served);
  const rows = served.map(({ name, version, file }) => [name, String(version), file ?? "built in"]);
  say(table(["name", "version", "from"], rows));
}

/** The same for the banner: the built-in ones in one line, every file in one of its own. */
export function pipelineLines(served: readonly LoadedPipeline[]): string[] {
  const builtIn = served.filter(({ file }) => file === null).map(({ name, version }) => `${name} ${version}`);
  const own = served.filter(({ file }) => file !== null);
  return [
    `  Pipelines    ${builtIn.join(", ")} (built in)`,
    ...own.map(({ name, version, file }) => `               ${name} ${version} (${file})`),
  ];
}
