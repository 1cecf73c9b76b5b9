import { spawn, spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ApiClient } from "../../src/cli/client.js";
import { ROOT } from "../support/root.js";
import { until } from "../support/until.js";
import { Stranger, tarballIn } from "./stranger.js";

let packed: string;
let tarball: string;
let stranger: Stranger;
beforeAll(async () => {
  packed = await mkdtemp(path.join(tmpdir(), "headway-packed-"));
  tarball = await tarballIn(packed);
});
afterAll(() => rm(packed, { recursive: true, force: true }));
beforeEach(async () => (stranger = await Stranger.arrives()));
afterEach(() => stranger.leaves());

const SERVER = { HEADWAY_PORT: "0", HEADWAY_EMBEDDER: "hash", HEADWAY_PIPELINES: "pipelines" };

interface Example {
  readonly url: string;
  readonly api: ApiClient;
  readonly workerPid: number;
}

/** Copies an example, installs the tarball into it, and starts it. */
async function startExample(name: string): Promise<Example> {
  await cp(path.join(ROOT, "examples", name), stranger.folder, { recursive: true });
  await stranger.runs("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", tarball);
  const said = await stranger.starts(SERVER, "npx", "headway", "start");
  const url = /(http:\/\/[^/\s]+)\/graphql/.exec(said)![1]!;
  const [, key] = /Key +(hw_[\w-]+)/.exec(said)!;
  const [, pid] = /Workers +1 process \((\d+)\)/.exec(said)!;
  return { url, api: new ApiClient(url, key!), workerPid: Number(pid) };
}

/** The job that a submit of these files made, once it is settled. */
async function jobOf({ url, api }: Example, what: string, pipeline: string, options: object): Promise<any> {
  const given = ["--pipeline", pipeline, "--options", JSON.stringify(options), "--collection", what, "--url", url];
  await stranger.runs("npx", "headway", "submit", what, ...given);
  const query = `{ jobs(first: 1) { nodes { id status finishedAt summary { output }
    artifacts { nodes { name signedUrl { url } } } tasks { nodes { error { code } crashes } } } } }`;
  let job: any = null;
  await until("the job is settled", async () => {
    const { jobs } = await api.query<{ jobs: { nodes: any[] } }>(query);
    job = jobs.nodes[0];
    return job.finishedAt !== null;
  });
  return job;
}

/** The processes that have been started with these words. */
function processesWith(words: string): number[] {
  const { stdout } = spawnSync("pgrep", ["-f", `^${words}$`], { encoding: "utf8" });
  return stdout.split("\n").filter(Boolean).map(Number);
}

test("the example of a rate-limited API gets all its documents done, and is hardly ever refused", async () => {
  const example = await startExample("rate-limited");
  const outside = spawn(process.execPath, ["api.mjs"], { cwd: stranger.folder, env: { PORT: "0" } });
  try {
    let said = "";
    outside.stdout.on("data", (part: Buffer) => (said += part.toString()));
    await until("the API listens", () => said.includes("Listening"));
    await mkdir(stranger.at("letters"));
    await stranger.writes(
      Object.fromEntries(Array.from({ length: 50 }, (_, place) => [`letters/${place}.txt`, `letter ${place}`])),
    );
    const job = await jobOf(example, "letters", "translate", { api: /http:\S+/.exec(said)![0] });
    expect(job).toMatchObject({ status: "COMPLETED", summary: { output: { documents: 50 } } });
    // Requests come a moment after they were allowed, so that one in a hundred may come too close to another.
    expect(job.summary.output.refused).toBeLessThanOrEqual(5);
  } finally {
    outside.kill();
    await example.api.close();
  }
});

test("the web app among the examples is installed from its lock file in a clone, and its types and its build are whole", async () => {
  await stranger.runs("tar", "-xzf", tarball, "--strip-components=1");
  const folder = stranger.at("examples", "web");
  await cp(path.join(ROOT, "examples", "web"), folder, { recursive: true });
  const npm = ["--prefix", folder, "--no-audit", "--no-fund"];
  await stranger.runs("npm", "ci", "--prefer-offline", ...npm);
  expect(await stranger.runs("npm", "run", "build", ...npm)).toContain("dist/index.html");
  const asked = stranger.runs(
    "node",
    path.join(folder, "make-key.mjs"),
    "--url",
    "http://127.0.0.1:1",
    "--key",
    "hw_a",
  );
  await expect(asked).rejects.toThrow("No Headway server answers at http://127.0.0.1:1");
});

test("the example of an outside tool makes an artifact of what it prints; a time-out and the death of its worker leave nothing of it", async () => {
  const example = await startExample("outside-tool");
  try {
    await stranger.writes({ "a.txt": "The cat and the dog and the bird" });
    const done = await jobOf(example, "a.txt", "words", {});
    expect(done).toMatchObject({ status: "COMPLETED", artifacts: { nodes: [{ name: "a.txt.csv" }] } });
    const csv = await fetch(done.artifacts.nodes[0].signedUrl.url);
    expect(await csv.text()).toBe("word,count\nthe,3\nand,2\nbird,1\ncat,1\ndog,1\n");

    // A number of seconds that nobody else waits for.
    const seconds = 70_000 + (process.pid % 10_000);
    const settled = jobOf(example, "a.txt", "words", { waitSeconds: seconds });
    let tools: number[] = [];
    await until("the tool runs", () => (tools = processesWith(`sleep ${seconds}`)).length > 0);
    process.kill(example.workerPid, "SIGKILL");
    await until("that tool is gone", () => !processesWith(`sleep ${seconds}`).some((pid) => tools.includes(pid)));
    // Another worker tries again, to the stage's time-out.
    expect(await settled).toMatchObject({
      status: "FAILED",
      tasks: { nodes: [{ error: { code: "RESOURCE_LIMIT" } }] },
    });
    expect(processesWith(`sleep ${seconds}`)).toEqual([]);
  } finally {
    await example.api.close();
  }
});
