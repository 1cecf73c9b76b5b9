import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ROOT } from "../test/support/processes.js";
import { atMost, median, type Bench } from "./bench.js";
import { groupMembers } from "./proc.js";

const ROUNDS = 3;
const DEADLINE_MS = 60_000;

export const b6: Bench = {
  name: "B6",
  about: "npm start, embedded, on an empty data folder, to ready",
  onDemand: false,
  async run(say) {
    const times: number[] = [];
    for (let round = 1; round <= ROUNDS; round += 1) {
      times.push(await startOnce());
      say(`round ${round}: ${times.at(-1)!.toFixed(2)} s`);
    }
    return [
      atMost("B6", "npm start, embedded, to ready", median(times), 5, "s", "after installation; median of three"),
    ];
  },
};

/** Seconds from the command to the line that says ready. */
async function startOnce(): Promise<number> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "headway-bench-start-"));
  const startedAt = performance.now();
  const child = spawn("npm", ["start", "--silent"], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, HEADWAY_DATA_DIR: dataDir, HEADWAY_PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  try {
    return await new Promise<number>((resolve, reject) => {
      child.stdout.on("data", (part: Buffer) => {
        if (part.includes("ready")) resolve((performance.now() - startedAt) / 1_000);
      });
      child.once("exit", (code) => reject(new Error(`npm start ended with code ${code} before it was ready`)));
      setTimeout(() => reject(new Error(`npm start was not ready within ${DEADLINE_MS} ms`)), DEADLINE_MS).unref();
    });
  } finally {
    const gone = child.exitCode === null ? once(child, "exit") : Promise.resolve();
    // npm hands no signal on to the shell's children: Headway itself, which the script becomes, is told, and those above it end with it.
    for (const pid of groupMembers(child.pid!, "node\0scripts/run.mjs")) process.kill(pid, "SIGINT");
    await gone;
    await rm(dataDir, { recursive: true, force: true });
  }
}
