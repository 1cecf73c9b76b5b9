import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { startHeadway, type HeadwayProcess } from "../support/processes.js";
import { startRedis, type TestRedis } from "../support/redis.js";
import { runMainJob, SETTINGS } from "./main-job.js";

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "headway-shape-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function rowsOf(databaseUrl: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe("the main job", () => {
  test("runs in one embedded process, which Ctrl-C stops in order with nothing left behind", async () => {
    const headway = await startHeadway({ ...SETTINGS, HEADWAY_DATA_DIR: dataDir });
    try {
      await runMainJob(headway);
      expect((await fetch(`${headway.url}/readyz`)).status).toBe(200);
    } finally {
      const code = await headway.stop();
      expect(`${code} ${headway.output()}`).toMatch(/^0 [\s\S]*Stopped\.\n$/);
    }
    expect(await readdir(dataDir)).not.toContain("headway.pid");
    expect(await readdir(path.join(dataDir, "postgres")).catch(() => [])).not.toContain("postmaster.pid");
  });

  describe("over Postgres and Redis", () => {
    let database: TestDatabase;
    let redis: TestRedis;
    const processes: HeadwayProcess[] = [];
    beforeEach(async () => {
      [database, redis] = await Promise.all([createTestDatabase(), startRedis()]);
    });
    afterEach(async () => {
      await Promise.all(processes.splice(0).map((one) => one.stop()));
      await redis.stop();
      await database.drop();
    });

    test("runs as API, two workers and reconciler in four processes, and both workers take part", async () => {
      const shared = {
        ...SETTINGS,
        HEADWAY_DATA_DIR: dataDir,
        DATABASE_URL: database.url,
        REDIS_URL: redis.url,
        HEADWAY_CONCURRENCY: "2",
      };
      processes.push(
        ...(await Promise.all(
          ["api", "worker", "worker", "reconciler"].map((role) => startHeadway({ ...shared, HEADWAY_ROLES: role })),
        )),
      );
      await runMainJob(processes[0]!);
      for (const { url } of processes) expect((await fetch(`${url}/readyz`)).status).toBe(200);
      expect(await rowsOf(database.url, "select * from headway.violations()")).toEqual([]);
      expect(
        await rowsOf(database.url, "select distinct actor from headway.status_change where actor_type = 'WORKER'"),
      ).toHaveLength(2);
    });
  });
});
