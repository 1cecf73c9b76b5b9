import { afterEach, expect, test } from "@jest/globals";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import pg from "pg";
import { migrate } from "../../../src/database/migrate.js";
import { startEmbeddedPostgres, type EmbeddedPostgres } from "../../../src/database/embedded.js";
import type { HeadwayProcess } from "../../support/processes.js";
import { until } from "../../support/until.js";
import { createFaultRig, hasExited, LEASE_MS, ROLES, type FaultRig } from "../rig.js";

const run = promisify(execFile);
/** A cluster is some 60 MB with its first segments; what is left over is soon full. */
const DISK_BYTES = 200_000_000;
const COMMIT_MS = 300;

const cleaners: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleaners.splice(0).reverse()) await clean();
});

interface Site {
  readonly dataDir: string;
  postgres: EmbeddedPostgres;
  readonly rig: FaultRig;
  readonly clusterDir: string;
}

/** A Postgres with fsync in that folder, as in production, with an own rig in front. */
async function siteIn(dataDir: string): Promise<Site> {
  const site: { dataDir: string; postgres: EmbeddedPostgres } = {
    dataDir,
    postgres: await startEmbeddedPostgres({ dataDir, flags: { max_wal_size: "64MB" } }),
  };
  cleaners.push(() => site.postgres.stop());
  await migrate(site.postgres.url);
  const rig = await createFaultRig({ databaseUrl: site.postgres.url });
  cleaners.push(() => rig.close());
  return Object.assign(site, { rig, clusterDir: await clusterOf(site.postgres) });
}

/** Where the server keeps its files, which it tells its superuser alone. */
async function clusterOf({ superuserUrl }: EmbeddedPostgres): Promise<string> {
  const superuser = new pg.Client({ connectionString: superuserUrl });
  await superuser.connect();
  const { rows } = await superuser.query("show data_directory");
  await superuser.end();
  return rows[0].data_directory as string;
}

/** strace on every process of the server, and on those it forks later: each commit waits so long before it is durable. */
async function slowCommits(pids: readonly number[], log: string): Promise<ChildProcess> {
  const args = ["-f", "-qq", "-o", log, "-e", "trace=fdatasync,fsync"];
  const inject = ["-e", `inject=fdatasync,fsync:delay_enter=${COMMIT_MS * 1_000}`];
  const tracer = spawn("strace", [...args, ...inject, ...pids.flatMap((pid) => ["-p", String(pid)])], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  tracer.stderr!.on("data", (part: Buffer) => (said += part.toString()));
  await new Promise<void>((resolve, reject) => {
    tracer.once("error", () => reject(new Error("F26 slows the disk down with strace, which is not installed.")));
    tracer.once("spawn", resolve);
  });
  await sleep(500); // It says nothing once it has attached; were it refused, it would have ended by now.
  if (tracer.exitCode !== null) throw new Error(`strace ended with ${tracer.exitCode}: ${said}`);
  return tracer;
}

test(`F26: every commit takes ${COMMIT_MS} ms: all settles, and no lease is lost`, async () => {
  const dataDir = await mkdtemp(path.join(tmpdir(), "headway-f26-"));
  cleaners.push(() => rm(dataDir, { recursive: true, force: true }));
  const { rig, clusterDir } = await siteIn(dataDir);
  const processes = [await rig.start({ HEADWAY_ROLES: "api,reconciler" }), await rig.start(ROLES.worker)];
  const api = rig.client(processes[0]!);
  const postmaster = Number((await readFile(path.join(clusterDir, "postmaster.pid"), "utf8")).split("\n")[0]);
  const { stdout } = await run("ps", ["-o", "pid=", "--ppid", String(postmaster)]);
  const children = stdout.split("\n").map(Number).filter(Boolean);
  const log = path.join(dataDir, "strace.log");
  const tracer = await slowCommits([postmaster, ...children], log);
  cleaners.push(async () => tracer.kill("SIGKILL"));
  const startedAt = Date.now();
  const jobs: string[] = [];
  // Long enough that every lease must be renewed several times while the disk is slow.
  while (Date.now() - startedAt < 6 * LEASE_MS) jobs.push(await rig.submit(api, 4, { options: { holdMs: 2_000 } }));
  await rig.settled(jobs);
  const slowed = (await readFile(log, "utf8")).match(/DELAYED/g)?.length ?? 0;
  expect(slowed).toBeGreaterThan(20);
  tracer.kill("SIGTERM");
  const { rows } = await rig.db.query(
    "select max(crashes)::int as crashes, max(fence)::int as fence from headway.task",
  );
  expect(rows).toEqual([{ crashes: 0, fence: 1 }]);
  expect(processes.filter(hasExited)).toHaveLength(0);
  await rig.account({ fault: "F26", what: `commits of ${COMMIT_MS} ms`, times: slowed });
});

/** Submits a collection of its own, and asks nothing twice. @throws what the server answers instead */
async function submitOnce({ url, key }: HeadwayProcess, documents: number): Promise<void> {
  const ask = async (operation: string, input: object): Promise<unknown> => {
    const response = await fetch(`${url}/graphql`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
      body: JSON.stringify({ query: operation, variables: { input } }),
    });
    const { data, errors } = (await response.json()) as Answer;
    if (errors || !data?.made?.one) throw new Error(JSON.stringify(errors ?? data));
    return data.made.one;
  };
  const { id: collectionId } = (await ask(
    "mutation ($input: CreateCollectionInput!) { made: createCollection(input: $input) { one: collection { id } } }",
    { name: `at a full disk ${Math.random()}` },
  )) as { readonly id: string };
  await ask(`mutation ($input: AddDocumentsInput!) { made: addDocuments(input: $input) { one: documents { id } } }`, {
    collectionId,
    documents: Array.from({ length: documents }, (_, i) => ({ name: `d${i}`, text: `text ${i}` })),
  });
  await ask(`mutation ($input: SubmitJobInput!) { made: submitJob(input: $input) { one: job { id } } }`, {
    collectionId,
    pipeline: "steps",
  });
}

interface Answer {
  readonly data?: { readonly made: { readonly one: unknown } | null } | null;
  readonly errors?: readonly object[];
}

test("F26: the disk of Postgres is full: clean errors, and once there is room everything goes on by itself", async () => {
  const dataDir = await smallDisk();
  const site = await siteIn(dataDir);
  const { rig, clusterDir } = site;
  expect(clusterDir.startsWith(dataDir)).toBe(true);
  const processes = [await rig.start({ HEADWAY_ROLES: "api,reconciler" }), await rig.start(ROLES.worker)];
  const api = rig.client(processes[0]!);
  const jobs: string[] = [];
  for (let i = 0; i < 20; i += 1) jobs.push(await rig.submit(api, 20, { options: { holdMs: 100 } }));
  const filler = path.join(dataDir, "filler");
  await fill(filler);
  const fullAt = Date.now();
  // What is asked of a full database is refused with an error, or was taken and is kept; it never hangs. Asked without our
  // client, which waits for room and asks again.
  const answers: string[] = [];
  while (Date.now() - fullAt < 2 * LEASE_MS) {
    const asked = await Promise.race([
      submitOnce(processes[0]!, 50).then(
        () => "taken",
        () => "refused",
      ),
      sleep(10_000, "hung", { ref: false }),
    ]);
    answers.push(asked);
    await fill(filler); // A checkpoint may have made room.
  }
  expect(answers).not.toContain("hung");
  const log = await readFile(path.join(clusterDir, "server.log"), "utf8");
  const fired = log.match(/No space left on device/g)?.length ?? 0;
  expect(fired).toBeGreaterThan(0);
  await rm(filler);
  const roomAt = Date.now();
  // Without room for its log the server itself may have gone down, and then somebody has to start it again.
  const isUp = await rig.db.query("select 1").then(
    () => true,
    () => false,
  );
  if (!isUp) {
    const port = Number(new URL(site.postgres.url).port);
    await site.postgres.stop().catch(() => undefined); // It is down: this only takes its hands off the folder.
    site.postgres = await startEmbeddedPostgres({ dataDir, port });
  }
  await rig.settled(jobs);
  const recoveryMs = Date.now() - roomAt;
  expect(processes.filter(hasExited)).toHaveLength(0);
  await until("it is ready again", async () => (await fetch(`${processes[1]!.url}/readyz`)).ok);
  const refused = answers.filter((answer) => answer === "refused").length;
  const what = `disk full, ${refused} of ${answers.length} submits refused, ${isUp ? "server stayed up" : "server went down"}`;
  await rig.account({ fault: "F26", what, times: fired, recoveryMs });
});

test("F26: the disk of stored files is full: uploads and stages are refused by name, and with room again they are taken", async () => {
  const dataDir = await smallDisk();
  const rig = await createFaultRig();
  cleaners.push(() => rig.close());
  const headway = await rig.start({ HEADWAY_DATA_DIR: dataDir });
  const api = rig.client(headway);
  const upload = async (): Promise<{ status: number; code: string | undefined }> => {
    const { uploads } = await api.mutate<{ uploads: { url: string }[]; userErrors: [] }>(
      'mutation { createUploads(input: { files: [{ name: "f", sizeBytes: 1000000 }] }) { uploads { url } userErrors { code message } } }',
      {},
    );
    const answer = await fetch(uploads[0]!.url, {
      method: "PUT",
      body: Buffer.alloc(1_000_000),
      headers: { authorization: `Bearer ${headway.key}` },
    });
    return { status: answer.status, code: ((await answer.json()) as { error?: { code: string } }).error?.code };
  };
  expect(await upload()).toEqual({ status: 201, code: undefined });
  const filler = path.join(dataDir, "filler");
  await fill(filler);
  expect(await upload()).toEqual({ status: 507, code: "STORE_FULL" });
  // Its last stage writes an artifact.
  const job = await rig.submit(api, 2);
  await rig.settled([job]);
  const { rows } = await rig.db.query(
    "select error_code as code from headway.task where job_id = $1 and kind = 'COLLECTION'",
    [job],
  );
  expect(rows).toEqual([{ code: "STORE_FULL" }]);
  expect(hasExited(headway)).toBe(false);
  await rm(filler);
  expect(await upload()).toEqual({ status: 201, code: undefined });
  await api.mutate(
    'mutation ($id: ID!) { retryJob(input: { jobId: $id, reason: "there is room again" }) { userErrors { code message } } }',
    { id: job },
  );
  await rig.settled([job]);
  await rig.account({ fault: "F26", what: "disk of stored files full", times: 2 });
}, 180_000);

/** A small file system of its own, taken down at the end. */
async function smallDisk(): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), "headway-f26-"));
  await run("mount", ["-t", "tmpfs", "-o", `size=${DISK_BYTES},mode=755`, "tmpfs", dataDir]).catch((error: Error) => {
    throw new Error(`F26 fills a small file system of its own, which only root may mount: ${error.message}`);
  });
  cleaners.push(async () => {
    await run("umount", ["-l", dataDir]);
    await rm(dataDir, { recursive: true, force: true });
  });
  return dataDir;
}

/** Takes all the room there is. */
async function fill(file: string): Promise<void> {
  const { bavail, bsize } = await statfs(path.dirname(file));
  if (bavail === 0) return;
  const out = createWriteStream(file, { flags: "a" });
  const zeros = Buffer.alloc(1_000_000);
  await new Promise<void>((resolve) => {
    out.once("error", () => resolve()); // Full: as it should be.
    const more = (left: number): void => {
      if (left <= 0) out.end(resolve);
      else out.write(zeros.subarray(0, Math.min(left, zeros.length)), () => more(left - zeros.length));
    };
    more(bavail * bsize + bsize);
  });
}
