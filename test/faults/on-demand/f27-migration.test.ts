import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { migrate } from "../../../src/database/migrate.js";
import { functionFiles, numberedFiles } from "../../../src/database/sql-files.js";
import type { ApiClient } from "../../../src/cli/client.js";
import { createEmptyDatabase, type TestDatabase } from "../../support/database.js";
import { ROOT, type HeadwayProcess } from "../../support/processes.js";
import { until } from "../../support/until.js";
import { createFaultRig, hasExited, ROLES, type FaultRig } from "../rig.js";

const run = promisify(execFile);

let old: string;
let before: string;
let database: TestDatabase;
let rig: FaultRig;
beforeAll(async () => {
  before = process.env.HEADWAY_TEST_BEFORE ?? (await buildBefore());
  old = await mkdtemp(path.join(tmpdir(), "headway-f27-"));
  await run("sh", ["-c", `git archive ${before} | tar -x -C "${old}"`], { cwd: ROOT });
  const [ours, theirs] = await Promise.all(
    [ROOT, old].map((root) => readFile(path.join(root, "package-lock.json"), "utf8")),
  );
  if (ours === theirs) await symlink(path.join(ROOT, "node_modules"), path.join(old, "node_modules"));
  await run(process.execPath, [path.join(old, "scripts", "ready.mjs")], { cwd: old });
  database = await createEmptyDatabase();
});
afterAll(async () => {
  await rig.close();
  await database.drop();
  await rm(old, { recursive: true, force: true });
});

/**
 * The last build of the main line whose SQL is not ours and whose numbered files are: the one that runs while the next is
 * rolled out. This very build where there is none, since all functions and triggers are brought in anew in any case.
 * HEADWAY_TEST_BEFORE names another.
 */
async function buildBefore(): Promise<string> {
  const ours = new Map(numberedFiles().map(({ path: file, text }) => [`sql/${file}`, text]));
  const git = async (...args: string[]): Promise<string> =>
    (await run("git", args, { cwd: ROOT, maxBuffer: 50_000_000 })).stdout;
  const changing = (await git("log", "--first-parent", "-m", "--format=%H", "--", "sql")).trim().split("\n");
  for (const commit of changing.map((each) => `${each}^`)) {
    const files = (await git("ls-tree", "-r", "--name-only", commit, "--", "sql/migrations"))
      .split("\n")
      .filter(Boolean);
    // Before the first of them lay another layout, whose databases are not taken over.
    if (files.length === 0) break;
    const texts = await Promise.all(files.map((file) => git("show", `${commit}:${file}`)));
    if (files.every((file, i) => ours.get(file) === texts[i]) && (await isInstallable(git, commit))) return commit;
  }
  return "HEAD";
}

/** Whether its lock file is of its package.json, which in the middle of a merge it may not be. */
async function isInstallable(git: (...args: string[]) => Promise<string>, commit: string): Promise<boolean> {
  interface Needs {
    readonly dependencies: object;
    readonly devDependencies: object;
  }
  const needs = JSON.parse(await git("show", `${commit}:package.json`)) as Needs;
  const lock = JSON.parse(await git("show", `${commit}:package-lock.json`)) as { packages: Record<string, Needs> };
  const wordsOf = ({ dependencies, devDependencies }: Needs): string =>
    JSON.stringify(
      [dependencies, devDependencies].map((list) => Object.entries(list).sort(([a], [b]) => (a < b ? -1 : 1))),
    );
  return wordsOf(needs) === wordsOf(lock.packages[""]!);
}

async function migrations(): Promise<string[]> {
  const { rows } = await rig.db.query("select name from headway.migration order by id");
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
  expect(atFirst.length).toBeLessThanOrEqual(numberedFiles().length);
  const jobs: string[] = [];
  const stopOld = keepSubmitting(rig.client(olds[0]!), jobs);
  await until("the old build is at work", () => jobs.length > 5);
  // Every function, view and trigger is replaced, whether or not its text is another one than before.
  await rig.db.query("update headway.sql_file set sha256 = 'older' where path not like 'migrations/%'");
  const migratedFrom = Date.now();
  const done = await migrate(database.url);
  const tookMs = Date.now() - migratedFrom;
  expect(done.length).toBeGreaterThan(functionFiles().length);
  expect((await migrations()).sort()).toEqual(
    numberedFiles()
      .map(({ name }) => name)
      .sort(),
  );
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
  await rig.settled(jobs);
  const { rows } = await rig.db.query("select max(crashes)::int as crashes from headway.task");
  expect(rows).toEqual([{ crashes: 0 }]);
  expect(news.filter(hasExited)).toHaveLength(0);
  const what = `migrated from ${before.slice(0, 7)} (${done.length} files) in ${tookMs} ms`;
  await rig.account({ fault: "F27", what, times: 1 });
});
