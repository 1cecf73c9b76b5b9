import { readdir } from "node:fs/promises";
import path from "node:path";
import { fork } from "node:child_process";
import { once } from "node:events";
import { pathToFileURL } from "node:url";
import { ROOT } from "../test/support/processes.js";
import { against, interleave, notRun, type Bench } from "./bench.js";
import { Headway } from "./headway.js";
import { startServers } from "./servers.js";

const ROUNDS = 3;
const TIMES_OVER = 10;
const CHILDREN = 2;
const LOOK_EVERY_MS = 100;

/** The files that everybody has, and those of HEADWAY_BENCH_CORPUS where it is set; without media, which no parser is busy with. */
async function corpus(): Promise<string[]> {
  const folders = [
    path.join(ROOT, "examples", "documents"),
    path.join(ROOT, "test", "fixtures", "documents"),
    ...(process.env.HEADWAY_BENCH_CORPUS ? [path.resolve(process.env.HEADWAY_BENCH_CORPUS)] : []),
  ];
  const files = await Promise.all(
    folders.map(async (folder) =>
      (await readdir(folder, { withFileTypes: true }))
        .filter((one) => one.isFile() && !one.name.endsWith(".wav"))
        .map(({ name }) => path.join(folder, name)),
    ),
  );
  return files.flat().sort();
}

export const b9: Bench = {
  name: "B9",
  about: `documents a second through \`documents\` with the hash embedder, the corpus ${TIMES_OVER} times over, beside a plain script`,
  onDemand: false,
  async run(say) {
    const files = await corpus();
    const servers = await startServers();
    const headway = new Headway(servers, await servers.database(), {
      HEADWAY_EMBEDDER: "hash",
      HEADWAY_FILE_ROOTS: [...new Set(files.map((file) => path.dirname(file)))].join(","),
      HEADWAY_CONCURRENCY: "8",
      HEADWAY_PIPELINES: "",
    });
    try {
      await headway.startApi();
      await headway.startWorker();
      const ours = { name: "Headway", round: () => through(headway, files) };
      const peer = { name: "a script with two children", round: () => script(files) };
      const outcomes = await interleave([ours, peer], ROUNDS, say);
      const settings = `${files.length} files, OCR as by default; the script keeps nothing`;
      return [
        against("B9", "documents a second", outcomes.get(ours.name)!, {
          name: peer.name,
          outcome: outcomes.get(peer.name)!,
          times: 0.8,
          settings,
        }),
      ];
    } catch (error) {
      return [notRun("B9", "documents a second", String(error))];
    } finally {
      await headway.stop();
      await servers.stop();
    }
  },
};

/** From the submission to the settled job. Documents that no parser supports count as done in both. */
async function through(headway: Headway, files: readonly string[]): Promise<number> {
  const documents = Array.from({ length: TIMES_OVER }, (_, n) =>
    files.map((file) => ({ name: `${n} ${path.basename(file)}`, uri: pathToFileURL(file).href })),
  ).flat();
  const collectionId = await headway.collectionWith(documents);
  const startedAt = performance.now();
  const jobId = await headway.submit(collectionId, "documents", { options: { graph: false } });
  await headway.settled(jobId, LOOK_EVERY_MS, ["COMPLETED", "COMPLETED_WITH_ERRORS"]);
  return documents.length / ((performance.now() - startedAt) / 1_000);
}

/** The same parsers on the same files in as many children as a machine of two cores feeds; nothing is kept. */
async function script(files: readonly string[]): Promise<number> {
  const all = Array.from({ length: TIMES_OVER }, () => files).flat();
  const startedAt = performance.now();
  let next = 0;
  await Promise.all(
    Array.from({ length: CHILDREN }, async () => {
      const child = fork(new URL("./peers/parse-child.js", import.meta.url), {
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      });
      try {
        await once(child, "message");
        while (next < all.length) {
          const done = once(child, "message");
          child.send(all[(next += 1) - 1]!);
          await done;
        }
      } finally {
        child.kill("SIGKILL");
      }
    }),
  );
  return all.length / ((performance.now() - startedAt) / 1_000);
}
