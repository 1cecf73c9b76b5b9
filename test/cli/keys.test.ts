import { execFile } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ApiClient } from "../../src/cli/client.js";
import { createTestDatabase, type TestDatabase } from "../support/database.js";
import { PATIENCE_MS } from "../support/until.js";
import { ROOT, startHeadway, type HeadwayProcess } from "../support/processes.js";

// Each command is a process of its own.
const MAIN = path.join(ROOT, "dist", "src", "cli", "main.js");

let dataDir: string;
let database: TestDatabase;
let server: HeadwayProcess;
beforeAll(async () => {
  dataDir = await mkdtemp(path.join(tmpdir(), "headway-keys-"));
  database = await createTestDatabase();
  server = await startHeadway({ DATABASE_URL: database.url, HEADWAY_ROLES: "api", HEADWAY_DATA_DIR: dataDir });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function headway(
  args: readonly string[],
  settings: Record<string, string> = { DATABASE_URL: database.url },
): Promise<Ran> {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, HEADWAY_DATA_DIR: dataDir, ...settings };
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { env, timeout: PATIENCE_MS }, (error, out, err) =>
      resolve({ code: error ? Number(error.code) : 0, out: out.trim(), err: err.trim() }),
    );
  });
}

async function principalOf(key: string): Promise<unknown> {
  const client = new ApiClient(server.url, key);
  try {
    return (await client.query<{ viewer: unknown }>("{ viewer { name role project } }")).viewer;
  } finally {
    await client.close();
  }
}

/** Whom a link signs in, as the playground's page does it. */
async function signedInBy(link: string): Promise<unknown> {
  const { origin, hash } = new URL(link);
  const body = JSON.stringify({ code: hash.slice("#code=".length) });
  const headers = { "content-type": "application/json", origin };
  const answer = await fetch(`${origin}/playground/session`, { method: "POST", headers, body });
  const { key } = (await answer.json()) as { key: string };
  const client = new ApiClient(origin, key);
  return (await client.query<{ viewer: unknown }>("{ viewer { name role project } }")).viewer;
}

describe("headway keys", () => {
  test("create prints the key as its last line, which is good at once; list shows it without its secret; revoke ends it", async () => {
    const made = await headway(["keys", "create", "--name", "ada", "--role", "OPERATOR", "--expires", "30d"]);
    expect(made).toMatchObject({ code: 0, err: "" });
    const key = made.out.split("\n").at(-1)!;
    expect(key).toMatch(/^hw_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$/);
    expect(await principalOf(key)).toEqual({ name: "ada", role: "OPERATOR", project: "default" });

    const listed = await headway(["keys", "list"]);
    expect(listed.out).toMatch(/ada +OPERATOR +all/);
    expect(listed.out).not.toContain(key.slice(36));

    const revoked = await headway(["keys", "revoke", key]);
    expect(revoked).toMatchObject({ code: 0, err: "" });
    expect((await headway(["keys", "list"])).out).not.toMatch(/ ada /);
    expect((await headway(["keys", "list", "--all"])).out).toMatch(/ada .* revoked/);
    expect(await headway(["keys", "revoke", key])).toMatchObject({ code: 1, err: expect.stringContaining("no key") });
  });

  test("--project makes a project that is new, and says so; --json is one document", async () => {
    const made = await headway(["keys", "create", "--name", "b", "--role", "VIEWER", "--project", "labs"]);
    expect(made.out).toMatch(/^Created the project "labs"\./);
    expect(await principalOf(made.out.split("\n").at(-1)!)).toEqual({ name: "b", role: "VIEWER", project: "labs" });
    const again = await headway(["keys", "create", "--name", "c", "--role", "VIEWER", "--project", "labs", "--json"]);
    expect(JSON.parse(again.out)).toMatchObject({ name: "c", role: "VIEWER", project: "labs", expiresAt: null });
    const listed = JSON.parse((await headway(["keys", "list", "--project", "labs", "--json"])).out);
    expect(listed.map(({ name }: { name: string }) => name)).toEqual(["c", "b"]);
    expect(JSON.stringify(listed)).not.toMatch(/secret/i);
  });

  test.each([
    [["keys", "create", "--name", "x"], 2, /--role/],
    [["keys", "create", "--name", "x", "--role", "KING"], 2, /VIEWER, OPERATOR, ADMIN/],
    [["keys", "create", "--name", " ", "--role", "VIEWER"], 2, /1 to 100/],
    [["keys", "create", "--name", "x", "--role", "VIEWER", "--expires", "soon"], 2, /30d/],
    [["keys", "create", "--name", "x", "--role", "VIEWER", "--project", ""], 2, /1 to 100/],
    [["keys", "list", "--project", "nowhere"], 1, /There is no project "nowhere"; there are: default/],
    [["keys", "revoke", "what"], 1, /not the ID of a key/],
  ])("%j says what is wrong, ends with %d, and makes nothing", async (args, exit, message) => {
    const { code, err } = await headway(args);
    expect(code).toBe(exit);
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
  });

  test("works on the embedded database, whether its server runs or not, whose own key is the same at every start, and whose links sign in, but not in production", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "headway-keys-embedded-"));
    const settings = { HEADWAY_DATA_DIR: folder };
    const before = await headway(["keys", "create", "--name", "early", "--role", "VIEWER"], settings);
    expect(before).toMatchObject({ code: 0, err: "" });
    const embedded = await startHeadway(settings);
    expect((await stat(path.join(folder, "development-key"))).mode & 0o777).toBe(0o600);
    const during = await headway(["keys", "list"], settings);
    expect(during.out).toMatch(/development +ADMIN[\s\S]*early +VIEWER|early +VIEWER[\s\S]*development +ADMIN/);
    const opened = await headway(["open"], { ...settings, HEADWAY_URL: embedded.url });
    for (const link of [/Console +(\S+)/.exec(embedded.output())![1]!, opened.out]) {
      expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#code=[\w-]{43}$/);
      expect(await signedInBy(link)).toEqual({ name: "console", role: "ADMIN", project: "default" });
    }
    await embedded.stop();
    const again = await startHeadway({ ...settings, NODE_ENV: "production" });
    expect(again.key).toBe(embedded.key);
    expect(again.output()).toMatch(/Console +\S+:\d+\/\n +Explore +\S+\/explore\n/);
    expect(await headway(["open"], { ...settings, HEADWAY_URL: again.url })).toMatchObject({
      code: 1,
      err: expect.stringContaining("This server creates no sign-in links"),
    });
    await again.stop();
    await rm(folder, { recursive: true, force: true });
  });
});
