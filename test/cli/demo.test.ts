import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ROOT } from "../support/processes.js";

const MAIN = path.join(ROOT, "dist", "src", "cli", "main.js");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "headway-demo-"));
  await writeFile(path.join(folder, "retries.md"), "# Retries\n\nFailed work is tried again after a pause.\n");
  await writeFile(path.join(folder, "empty.txt"), "");
  await writeFile(path.join(folder, "broken.pdf"), "%PDF-1.7\nthis is no pdf");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `headway demo` in a process of its own, on a data folder of its own. */
function demo(args: string[], until?: (stdout: string) => boolean): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, "demo", ...args], {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        HEADWAY_DATA_DIR: path.join(folder, ".headway"),
        HEADWAY_PORT: "0",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (part: Buffer) => {
      stdout += part.toString();
      if (until?.(stdout)) child.kill("SIGINT");
    });
    child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

test("the demo processes the files given, names what failed, and ends with one line of JSON", async () => {
  const files = ["retries.md", "empty.txt", "broken.pdf"].map((name) => path.join(folder, name));
  const { code, stdout, stderr } = await demo(["--once", ...files]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/empty\.txt.*validate/);
  expect(stdout).toMatch(/broken\.pdf.*parse/);
  expect(stdout).toMatch(/EMPTY_DOCUMENT at validate: 1/);
  const last: unknown = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  expect(last).toEqual({
    jobId: expect.any(String),
    status: "COMPLETED_WITH_ERRORS",
    counts: { total: 3, completed: 1, failed: 2, cancelled: 0, skipped: 0 },
    durationMs: expect.any(Number),
    chunks: 1,
    searchHits: 1,
  });
});

test("Ctrl-C in the middle of the demo ends it with 130 and leaves no Postgres behind", async () => {
  const { code, stderr } = await demo([path.join(folder, "retries.md")], (stdout) => stdout.includes("Processing"));
  expect({ code, stderr }).toEqual({ code: 130, stderr: "" });
  const again = await demo(["--once", path.join(folder, "retries.md")]);
  expect(again.code).toBe(0);
});

test.each([
  [["--limit", "much"], '--limit is "much"; it must be a whole number of bytes from 1.'],
  [["--once", "no-such-file.txt"], "no-such-file.txt can't be read"],
  [["--once", "--limit", "1", "examples"], "There is no file to process within --limit 1"],
])("demo %j is refused with what to do", async (args, message) => {
  const { code, stdout, stderr } = await demo(args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(message);
});
