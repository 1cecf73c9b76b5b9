import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { MIGRATIONS, migrate } from "../../../src/database/data-source.js";
import type { ApiClient } from "../../../src/cli/client.js";
import { createEmptyDatabase, type TestDatabase } from "../../support/database.js";
import { ROOT, type HeadwayProcess } from "../../support/processes.js";
import { until } from "../../support/until.js";
import { createFaultRig, hasExited, ROLES, type FaultRig } from "../rig.js";

const run = promisify(execFile);
const PART = "src/database/migrations";

let old: string;
let before: string;
let database: TestDatabase;
let rig: FaultRig;
beforeAll(async () => {
  // The last build that did not know the newest migration: the one that runs while the next is rolled out.
  const { stdout } = await run("git", ["log", "-1", "--format=%H", "--", PART], { cwd: ROOT });
  before = (await run("git", ["rev-parse", `${stdout.trim()}^`], { cwd: ROOT })).stdout.trim();
  old = await mkdtemp(path.join(tmpdir(), "headway-f27-"));
  await run("sh", ["-c", `git archive ${before} | tar -x -C "${old}"`], { cwd: ROOT });
  const [ours, theirs] = await Promise.all(
    [ROOT, old].map((root) => readFile(path.join(root, "package-lock.json"), "utf8")),
  );
  if (ours === theirs) await symlink(path.join(ROOT, "node_modules"), path.join(old, "node_modules"));
  await run(process.execPath, [path.join(old, "scripts", "ready.mjs")], { cwd: old });
  database = await createEmptyDatabase();
}, 300_000);
afterAll(async () => {
  await rig.close();
  await database.drop();
  await rm(old, { recursive: true, force: true });
});

async function migrations(): Promise<string[]> {
  const { rows } = await rig.db.query("select name from migration order by id");
  return rows.map(({ name }) => name as string);
}

/** Submits job after job until told to stop. */
function keepSubmitting(api: ApiClient, jobs: string[]): () => Promise<void> {
  let going = true;
  const done = (async () => {
    while (going) jobs.push(await rig.submit(api, 4, { options: { holdMs: 30 } }));
  })();
  return () => {
    going = false;
    return done;
  };
}

test("F27: the database is migrated under load while the build before it runs, and both builds work beside each other", async () => {
  rig = await createFaultRig({ databaseUrl: database.url });
  const olds: HeadwayProcess[] = [await rig.startFrom(old, { HEADWAY_ROLES: "api,reconciler" })];
  olds.push(await rig.startFrom(old, ROLES.worker));
  const atFirst = await migrations();
  expect(atFirst.length).toBeLessThan(MIGRATIONS.length);
  const jobs: string[] = [];
  const stopOld = keepSubmitting(rig.client(olds[0]!), jobs);
  await until("the old build is at work", () => jobs.length > 5);
  const migratedFrom = Date.now();
  await migrate(database.url);
  const tookMs = Date.now() - migratedFrom;
  expect(await migrations()).toEqual(MIGRATIONS.map(({ name }) => name));
  const atMigration = jobs.length;
  await until("the old build goes on after it", () => jobs.length > atMigration + 5);
  const news = [await rig.start({ HEADWAY_ROLES: "api,reconciler" }), await rig.start(ROLES.worker)];
  const stopNew = keepSubmitting(rig.client(news[0]!), jobs);
  const beside = jobs.length;
  await until("both go on beside each other", () => jobs.length > beside + 20);
  await stopOld();
  expect(olds.filter(hasExited)).toHaveLength(0);
  expect(await Promise.all(olds.map((one) => one.stop()))).toEqual([0, 0]);
  const alone = jobs.length;
  await until("the new build goes on alone", () => jobs.length > alone + 5);
  await stopNew();
  await rig.settled(jobs, 60_000);
  const { rows } = await rig.db.query("select max(crashes)::int as crashes from task");
  expect(rows).toEqual([{ crashes: 0 }]);
  expect(news.filter(hasExited)).toHaveLength(0);
  const what = `migrated from ${before.slice(0, 7)} (${atFirst.length} of ${MIGRATIONS.length} migrations) in ${tookMs} ms`;
  await rig.account({ fault: "F27", what, times: 1 });
}, 180_000);
