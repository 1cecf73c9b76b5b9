import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { ROOT } from "../support/processes.js";

const MAIN = path.join(ROOT, "dist", "src", "cli", "main.js");
// Each demo is a server of its own.
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

/**
 * Runs `headway demo` in a process group of its own, on a data folder of its own; nothing of the group may be left.
 * Ctrl-C comes once `until` is true of what it has printed, and `look` has looked.
 */
function demo(
  args: string[],
  until?: (stdout: string) => boolean,
  look: (stdout: string) => Promise<void> = () => Promise.resolve(),
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN, "demo", ...args], {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        HEADWAY_DATA_DIR: path.join(folder, ".headway"),
        HEADWAY_PORT: "0",
        HEADWAY_EMBEDDER: "hash",
      },
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    let isStopped = false; // A second signal would end it at once.
    child.stdout.on("data", (part: Buffer) => {
      stdout += part.toString();
      if (isStopped || !until?.(stdout)) return;
      isStopped = true;
      look(stdout)
        .catch(reject)
        .finally(() => child.kill("SIGINT"));
    });
    child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
    child.once("error", reject);
    child.once("close", (code) => {
      const left = isGroupAlive(child.pid!);
      if (left) reject(new Error(`headway demo ${args.join(" ")} left processes behind`));
      else resolve({ code, stdout, stderr });
    });
  });
}

function isGroupAlive(pid: number): boolean {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
}

const isServing = (stdout: string): boolean => stdout.includes("Still serving");
const lastLine = (stdout: string): unknown => JSON.parse(stdout.trimEnd().split("\n").at(-1)!);

test("the demo processes the files given, names what failed, and ends with one line of JSON", async () => {
  const files = ["retries.md", "empty.txt", "broken.pdf"].map((name) => path.join(folder, name));
  const { code, stdout, stderr } = await demo(["--once", ...files]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/empty\.txt.*validate/);
  expect(stdout).toMatch(/broken\.pdf.*parse/);
  expect(stdout).toMatch(/EMPTY_DOCUMENT at validate: 1/);
  expect(lastLine(stdout)).toEqual({
    jobId: expect.any(String),
    status: "COMPLETED_WITH_ERRORS",
    counts: { total: 3, completed: 1, failed: 2, cancelled: 0, skipped: 0 },
    durationMs: expect.any(Number),
    chunks: 1,
    searchHits: 1,
  });
});

interface Shown {
  readonly pipeline: string;
  readonly status: string;
  readonly counts: { readonly total: number; readonly failed: number };
  readonly artifacts: { readonly nodes: readonly { readonly name: string }[] };
}

/** Signs in with the link that was printed last, as a browser does, and asks what there is to see, by pipeline. */
async function shown(stdout: string): Promise<Record<string, Shown>> {
  const [, origin, code] = [...stdout.matchAll(/^Console +(\S+)\/#code=(\S+)$/gm)].at(-1)!;
  const json = { "content-type": "application/json", origin: origin! };
  const session = await fetch(`${origin}/playground/session`, {
    method: "POST",
    headers: json,
    body: JSON.stringify({ code }),
  });
  const { key } = (await session.json()) as { key: string };
  const answer = await fetch(`${origin}/graphql`, {
    method: "POST",
    headers: { ...json, authorization: `Bearer ${key}` },
    body: JSON.stringify({
      query: "{ jobs { nodes { pipeline status counts { total failed } artifacts { nodes { name } } } } }",
    }),
  });
  const { data } = (await answer.json()) as { data: { jobs: { nodes: readonly Shown[] } } };
  // The newest first, and of earlier demos on this folder too: the newest of each pipeline.
  return Object.fromEntries(data.jobs.nodes.toReversed().map((job) => [job.pipeline, job]));
}

test("the demo prints its link first, runs every pipeline, and leaves work running, which Ctrl-C cancels", async () => {
  const end = await demo(["--limit", "110000"], isServing, async (stdout) => {
    expect(stdout).toMatch(/^Console +http\S+\nAPI +http\S+\n\nProcessing \d+ documents .* with documents/);
    expect(stdout).toMatch(/search "how to retry failed work" over \d+ chunks/);
    expect(stdout).toMatch(/10-cut-off\.pdf +FAILED$/m);
    expect(stdout).toMatch(/Open it: .*report\.xlsx$/m);
    expect(stdout).toMatch(/^Still running: \d+ documents with outside-service, for about \d+ minutes?\.$/m);
    const jobs = await shown(stdout);
    expect(jobs.documents).toMatchObject({ status: "COMPLETED", counts: { failed: 0 } });
    expect(jobs.batch).toMatchObject({ status: "COMPLETED_WITH_ERRORS", counts: { total: 10, failed: 1 } });
    expect(jobs.expenses).toMatchObject({ status: "COMPLETED" });
    expect(jobs.expenses!.artifacts.nodes.map(({ name }) => name)).toContain("report.xlsx");
    expect(jobs["outside-service"]).toMatchObject({ status: "PROCESSING" });
  });
  expect({ code: end.code, stderr: end.stderr }).toEqual({ code: 0, stderr: "" });
  expect(end.stdout).toMatch(/Stopping; press Ctrl-C again to exit at once\.\nStopped\.\n$/);
  await demo(["batch"], isServing, async (stdout) => {
    expect((await shown(stdout))["outside-service"]).toMatchObject({ status: "CANCELLED" });
  });
});

test("the demo of a batch shows one row a file, and of the broken one the stage, the code and what to do", async () => {
  const { code, stdout, stderr } = await demo(["batch", "--once"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toMatch(/01-paper\.txt +COMPLETED +\d+ +HW-1041 +2026-01-05 +1234\.5$/m);
  expect(stdout).toMatch(/05-legal\.pdf +COMPLETED +\d+ +HW-1045 +2026-02-02 +5600$/m);
  expect(stdout).toMatch(/10-cut-off\.pdf +FAILED$/m);
  expect(stdout).toMatch(/10-cut-off\.pdf +parse +MALFORMED_DOCUMENT +10-cut-off\.pdf is .*send an intact copy\.$/m);
  expect(stdout).toContain("The totals of 9 files add up to 9830.40.");
  expect(lastLine(stdout)).toMatchObject({
    status: "COMPLETED_WITH_ERRORS",
    counts: { total: 10, completed: 9, failed: 1 },
    rows: 10,
    total: 9830.4,
  });
  expect(await readFile(path.join(folder, ".headway", "demo", "batch.csv"), "utf8")).toContain("HW-1049");
});

// On the data folder of the others, which go on with it: what is left there would stop them.
test.each([
  [["expenses"], /extract [1-9]/],
  [["batch"], /^Processing/m],
])("Ctrl-C in the middle of demo %j ends it with 130, and nothing of it is left running", async (args, when) => {
  const { code, stdout, stderr } = await demo(args, (output) => when.test(output));
  expect({ code, stderr }).toEqual({ code: 130, stderr: "" });
  expect(stdout).not.toMatch(/COMPLETED/);
  expect(stdout).toMatch(/Stopping; press Ctrl-C again to exit at once\.\nStopped\.\n$/);
});

test("the demo of expenses opens its report: totals, matches, what is unmatched, and flags", async () => {
  const { code, stdout, stderr } = await demo(["expenses", "--once"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const last = lastLine(stdout) as Record<string, number>;
  expect(last).toMatchObject({ status: "COMPLETED", counts: { failed: 0 }, lines: 63, receipts: 47 });
  expect(last.matched! + last.unmatched!).toBe(47);
  expect(last.matched).toBeGreaterThan(30);
  const sums = (part: string): number => {
    const section = stdout.slice(stdout.indexOf(`totals ${part}`)).split("\n\n")[0]!;
    return [...section.matchAll(/(-?\d+\.\d\d) {2}\d+ lines?$/gm)].reduce((sum, [, amount]) => sum + Number(amount), 0);
  };
  expect(sums("by employee")).toBeGreaterThan(0);
  expect(sums("by employee")).toBeCloseTo(sums("in all"), 2);
  expect(sums("by category")).toBeCloseTo(sums("in all"), 2);
  expect(stdout).toMatch(/receipts matched to their lines.*\n +document +date +amount/);
  expect(stdout).toMatch(/receipt-\d+\.\w+ .*unmatched: no line$/m);
  expect(stdout).toMatch(/duplicate line +3$/m);
  expect(stdout).toMatch(/Open it: .*report\.xlsx$/m);
});

test("a demo that there is not is refused with the three that there are", async () => {
  const { code, stdout, stderr } = await demo(["foo"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toBe('There is no demo "foo", nor a file of that name; the demos are documents, expenses, batch.\n');
});

test.each([
  [["--limit", "much"], '--limit is "much"; it must be a whole number of bytes from 1.'],
  [["--once", "no-such-file.txt"], "no-such-file.txt can't be read"],
  [["documents", "--once", "no-such-file"], "no-such-file can't be read"],
  [["--once", "--limit", "1", "examples"], "There is no file to process within --limit 1"],
])("demo %j is refused with what to do", async (args, message) => {
  const { code, stdout, stderr } = await demo(args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain(message);
});
