import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { DemoEnd } from "./demo-job.js";

/** Saves the artifacts of the job in the demo's folder, by their names; returns their paths in the same order, from here. */
export async function saveArtifacts(
  { client, jobId, folder }: DemoEnd,
  names: readonly string[],
): Promise<readonly string[]> {
  const { job } = await client.query<{ job: { artifacts: { nodes: { name: string; url: string }[] } } }>(
    `query ($id: ID!) { job(id: $id) { artifacts { nodes { name url } } } }`,
    { id: jobId },
  );
  await mkdir(folder, { recursive: true });
  const saved: string[] = [];
  for (const { name, url } of job.artifacts.nodes) {
    if (!names.includes(name)) continue;
    const file = path.join(folder, name);
    await writeFile(file, await client.download(url));
    const fromHere = path.relative("", file);
    saved.push(fromHere.startsWith("..") ? file : fromHere);
  }
  return saved.sort((one, other) => names.indexOf(path.basename(one)) - names.indexOf(path.basename(other)));
}
