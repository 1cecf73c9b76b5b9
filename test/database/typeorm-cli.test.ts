import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { createEmptyDatabase, type TestDatabase } from "../support/database.js";
import { ROOT } from "../support/processes.js";

const run = promisify(execFile);
const CLI = path.join(ROOT, "node_modules", "typeorm", "cli.js");

describe("ormconfig.ts", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createEmptyDatabase();
  });
  afterAll(() => database.drop());

  async function typeorm(...args: string[]): Promise<string> {
    const { stdout, stderr } = await run(process.execPath, [CLI, "-d", "dist/ormconfig.js", ...args], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, DATABASE_URL: database.url },
    }).catch((error: { stdout: string; stderr: string }) => error);
    return stdout + stderr;
  }

  test("lets the TypeORM command line show and run the migrations", async () => {
    expect(await typeorm("migration:show")).toMatch(/\[ \] Baseline/);
    expect(await typeorm("migration:run")).toMatch(/Baseline\d+ has been executed successfully/);
    expect(await typeorm("migration:show")).toMatch(/\[X\] \d+ Baseline/);
    expect(await typeorm("migration:run")).toContain("No migrations are pending");
    // Four starts of a process.
  });

  test("says which setting is missing", async () => {
    database = { ...database, url: "" };
    expect(await typeorm("migration:show")).toContain("DATABASE_URL is not set");
  });
});
